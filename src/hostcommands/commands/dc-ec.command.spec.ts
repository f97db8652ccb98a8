import fc from 'fast-check';
import { runCommand, TEST_LMKS } from '../../../test/support/host-commands.js';
import { hex } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { generateTdesKey, tdes } from '../../crypto/des.js';
import { encryptPinBlock } from '../../crypto/pin-block.js';
import { pvv } from '../../crypto/pvv.js';
import { DC, EC } from './dc-ec.command.js';

const run = (text: string) => runCommand([DC, EC], text);

const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const PVK = 'X367930344805B1FAD6146EF4ED7502B3';
const CLEAR_PVK = hex('C8199237EA5857BC40EF9DA2B5E96BBF');
const BLOCK = '91DDDA0A7C12CFAA';
const ACCOUNT = '550000025321';
const ec = ({ block = BLOCK, format = '01', rest = `${ACCOUNT}14402` } = {}) =>
  run(`EC${ZPK}${PVK}${block}${format}${rest}`);

test.each([
  ['DC0406FBB23A5214DFX367930344805B1FAD6146EF4ED7502B3AE7A708F877571A90155000002532114402', 'DD00'],
  ['DCU8463435FC4B4DAA0C49025272C29B12CX367930344805B1FAD6146EF4ED7502B3028DCC093FB0471F0355000002532114402', 'DD00'],
  ['ECU1EF828AA8F6B80EB83E19FBC373F3A85X367930344805B1FAD6146EF4ED7502B391DDDA0A7C12CFAA0155000002532114402', 'ED00'],
])('%s is answered %s', async (request, reply) => {
  expect(await run(request)).toBe(reply);
  expect(await run(`${request.slice(0, -1)}${(Number(request.at(-1)) + 1) % 10}`)).toBe(`${reply.slice(0, 2)}01`);
});

test('EC takes another account number for the PVV', async () => {
  const other = '400000123456';
  const value = pvv(CLEAR_PVK, { pan: `${other}0`, pvki: 1, pin: '1234' });
  expect(await ec({ rest: `${ACCOUNT};${other}1${value}` })).toBe('ED00');
  expect(await ec({ rest: `${ACCOUNT};4${other}71${value}` })).toBe('ED00');
  expect(await ec({ rest: `${ACCOUNT};${ACCOUNT}14402` })).toBe('ED00');
  expect(await ec({ rest: `${ACCOUNT};${other}14402` })).toBe('ED01');
  for (const account of ['', '40000012345', '40000012345678901234'])
    expect(await ec({ rest: `${ACCOUNT};${account}1${value}` })).toBe('ED15');
  expect(await run(`DC${ZPK}${PVK}${BLOCK}01${ACCOUNT};${ACCOUNT}14402`)).toBe('DD15');
});

test('agrees with VerifyPinData for any keys, PIN, account, format and claimed PVV', async () => {
  const lmk = TEST_LMKS.get('00');
  if (lmk?.scheme !== 'variant') throw new Error('LMK 00 is not a variant LMK');
  const digits = (least: number, most = least) => fc.stringMatching(new RegExp(`^[0-9]{${least},${most}}$`));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(['DC', '002'] as const, ['EC', '001'] as const),
      fc.constantFrom<[string, 0 | 1 | 3 | 'DIEBOLD']>(['01', 0], ['03', 'DIEBOLD'], ['05', 1], ['47', 3]),
      fc.record({ pin: digits(4, 12), account: digits(12), pvki: fc.nat(6) }),
      fc.option(digits(4)),
      async ([code, type], [formatCode, format], { pin, account, pvki }, other) => {
        const [pek, pvk] = [generateTdesKey(24), generateTdesKey(16)];
        using cipher = tdes(pek);
        const pan = `${account}0`;
        const block = toHex(encryptPinBlock(cipher, format, { pin, pan }));
        const right = pvv(pvk, { pan, pvki, pin });
        const keys = `T${toHex(lmk.lmk.wrap(type, 'T', pek))}${toHex(lmk.lmk.wrap('002', 'plain', pvk))}`;
        const reply = await run(`${code}${keys}${block}${formatCode}${account}${pvki}${other ?? right}`);
        expect(reply.slice(2)).toBe(other === null || other === right ? '00' : '01');
      },
    ),
  );
});

describe('refuses', () => {
  test.each(['7', '8', '9', 'A'])('the PVKI %s', async (pvki) => {
    expect(await ec({ rest: `${ACCOUNT}${pvki}4402` })).toBe('ED15');
  });

  test('another account, block or format', async () => {
    expect(await ec({ rest: '55000002532214402' })).toBe('ED20');
    expect(await ec({ block: '91DDDA0A7C12CFAB' })).toBe('ED20');
    expect(await ec({ format: '47' })).toBe('ED20');
    expect(await ec({ format: '34' })).toBe('ED23');
  });

  test('a ZPK as a PVK, and a PVK as a ZPK', async () => {
    expect(await run(`EC${ZPK}${ZPK}${BLOCK}01${ACCOUNT}14402`)).toBe('ED11');
    expect(await run(`EC${PVK}${PVK}${BLOCK}01${ACCOUNT}14402`)).toBe('ED10');
  });

  test('a PVK of single length', async () => {
    // The key pair is 32 digits: those that follow are the rest of it.
    expect(await run(`EC${ZPK}9B395FB9FE5F07DA${BLOCK}01${ACCOUNT}14402`)).toBe('ED23');
    expect(await run(`EC${ZPK}Z9B395FB9FE5F07DA${BLOCK}01${ACCOUNT}14402`)).toBe('ED27');
  });

  test('a request that is too short or too long', async () => {
    const whole = `EC${ZPK}${PVK}${BLOCK}01${ACCOUNT}14402`;
    for (let length = 2; length < whole.length; length++)
      expect(await run(whole.slice(0, length))).toMatch(/^ED(15|23)$/);
    expect(await run(`${whole}0`)).toBe('ED15');
  });
});
