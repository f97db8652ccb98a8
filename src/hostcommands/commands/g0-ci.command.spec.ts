import { runCommand } from '../../../test/support/host-commands.js';
import { hex } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { tdes } from '../../crypto/des.js';
import { tdesWorkingKey } from '../../crypto/dukpt/tdes.js';
import { decryptPinBlock, encryptPinBlock } from '../../crypto/pin-block.js';
import { CI, G0 } from './g0-ci.command.js';

const run = (text: string) => runCommand([G0, CI], text);

/** The example of ANSI X9.24, whose PIN is 1234. */
const BDK = 'U8E3D3E2FD5919657F05A1AA90D32A014';
const CLEAR_BDK = hex('0123456789ABCDEFFEDCBA9876543210');
const KSN = 'FFFF9876543210E00001';
const BLOCK = '1B9C1845EB993A7A';
const ACCOUNT = '401234567890';
const PAN = `${ACCOUNT}9`;
const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const CLEAR_ZPK = hex('C7152C20BC2C830EA7EC9E8334ABE3FE');

const pinOf = (key: Buffer, reply: string, format: 0 | 1 | 3 = 0) => {
  using cipher = tdes(key);
  return decryptPinBlock(cipher, format, { block: hex(reply.slice(6, 22)), pan: PAN });
};

test('CI matches the example of ANSI X9.24', async () => {
  const request = 'CIU8E3D3E2FD5919657F05A1AA90D32A014U9D961F6AF1D24B38AB37B320022FF57D605FFFF9876543210E00001';
  expect(await run(`${request}1B9C1845EB993A7A01401234567890`)).toBe('CJ00047D26134E85E7DADF01');
});

test('G0 translates to a ZPK', async () => {
  for (const [code, format] of [
    ['01', 0],
    ['47', 3],
  ] as const) {
    const reply = await run(`G0${BDK}${ZPK}A05${KSN}${BLOCK}01${code}${ACCOUNT}`);
    expect(reply).toMatch(new RegExp(`^G10004[0-9A-F]{16}${code}$`));
    expect(pinOf(CLEAR_ZPK, reply, format)).toBe('1234');
  }
  expect(await run(`G0*${BDK}${ZPK}A05${KSN}${BLOCK}0101${ACCOUNT};${ACCOUNT}`)).toMatch(/^G10004/);
});

test('G0 translates to another transaction', async () => {
  const other = KSN.replace(/1$/, '2');
  const reply = await run(`G0${BDK}*${BDK}A05${KSN}A05${other}${BLOCK}0101${ACCOUNT}`);
  expect(pinOf(tdesWorkingKey({ bdk: CLEAR_BDK, ksn: hex(other), usage: 'PIN' }), reply)).toBe('1234');
});

test('a KSN of 16 digits may have FFFF on its left', async () => {
  const expected = await run(`G0${BDK}${ZPK}605${KSN.slice(4)}${BLOCK}0101${ACCOUNT}`);
  expect(expected).toMatch(/^G10004/);
  expect(await run(`G0${BDK}${ZPK}605${KSN}${BLOCK}0101${ACCOUNT}`)).toBe(expected);
});

describe('refuses', () => {
  test('another account for the destination, unless the source has none', async () => {
    const other = '401234567891';
    expect(await run(`G0${BDK}${ZPK}A05${KSN}${BLOCK}0101${ACCOUNT};${other}`)).toBe('G120');
    using cipher = tdes(tdesWorkingKey({ bdk: CLEAR_BDK, ksn: hex(KSN), usage: 'PIN' }));
    const block = toHex(encryptPinBlock(cipher, 1, { pin: '1234' }));
    expect(await run(`G0${BDK}${ZPK}A05${KSN}${block}0501${ACCOUNT};${other}`)).toMatch(/^G10004/);
  });

  test('formats that remove the account', async () => {
    for (const to of ['05', '03']) {
      expect(await run(`G0${BDK}${ZPK}A05${KSN}${BLOCK}01${to}${ACCOUNT}`)).toBe('G123');
      expect(await run(`CI${BDK}${ZPK}A05${KSN}${BLOCK}${to}${ACCOUNT}`)).toBe('CJ23');
    }
  });

  test('another KSN, account or BDK', async () => {
    expect(await run(`G0${BDK}${ZPK}A05${KSN.replace(/1$/, '2')}${BLOCK}0101${ACCOUNT}`)).toBe('G120');
    expect(await run(`G0${BDK}${ZPK}A05${KSN}${BLOCK}0101${ACCOUNT.replace('4', '9')}`)).toBe('G120');
    expect(await run(`G0${ZPK}${ZPK}A05${KSN}${BLOCK}0101${ACCOUNT}`)).toBe('G110');
    expect(await run(`G0~${BDK}${ZPK}A05${KSN}${BLOCK}0101${ACCOUNT}`)).toBe('G110');
  });

  test('a BDK as a ZPK and a ZPK as a BDK', async () => {
    expect(await run(`G0${BDK}${BDK}A05${KSN}${BLOCK}0101${ACCOUNT}`)).toBe('G111');
    expect(await run(`G0${BDK}*${ZPK}A05${KSN}A05${KSN}${BLOCK}0101${ACCOUNT}`)).toBe('G111');
  });

  test.each(['FFF', 'B05', 'A0G', 'A0'])('the KSN descriptor %s', async (descriptor) => {
    expect(await run(`G0${BDK}${ZPK}${descriptor}${KSN}${BLOCK}0101${ACCOUNT}`)).toMatch(/^G1(15|23)$/);
  });

  test('a request that is too short or too long', async () => {
    const request = `G0${BDK}${ZPK}A05${KSN}${BLOCK}0101${ACCOUNT}`;
    for (let length = 2; length < request.length; length++)
      expect(await run(request.slice(0, length))).toMatch(/^G1(15|23)$/);
    expect(await run(`${request}1`)).toBe('G115');
  });
});
