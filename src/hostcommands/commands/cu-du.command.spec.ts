import { runCommand, testServices } from '../../../test/support/host-commands.js';
import { hex } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { tdes } from '../../crypto/des.js';
import { encryptPinBlock } from '../../crypto/pin-block.js';
import type { HostKeys } from '../command.js';
import { CU, DU } from './cu-du.command.js';

const run = (text: string) => runCommand([CU, DU], text);

const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const CLEAR_ZPK = hex('C7152C20BC2C830EA7EC9E8334ABE3FE');
const PAIR = 'X367930344805B1FAD6146EF4ED7502B3';
const BLOCK = '91DDDA0A7C12CFAA';
const NEW_BLOCK = '262D1CC277EF0BB4';
const ACCOUNT = '550000025321';
const cu = ({ type = '001', old = '4402', block = BLOCK, newBlock = NEW_BLOCK, account = ACCOUNT } = {}) =>
  run(`CU${type}${ZPK}${PAIR}${block}01${account}1${old}${newBlock}`);

const TPK = 'TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D151';
const CLEAR_TPK = hex('8A62CEFD4F3E296E31EFD38A680E6B7532BF0BAD1A898A51');
const PVK = '9B395FB9FE5F07DA';
const TABLE = '3456789012345678';
const du = ({ length = '06', table = TABLE, old = '328064FFFFFF', newBlock = 'EEC12744E8F13E16' } = {}) =>
  run(`DU002${TPK}${PVK}51D392627E88EB1801${length}923000000431${table}9230000N0431${old}${newBlock}`);
const tpkBlock = (pin: string) => {
  using cipher = tdes(CLEAR_TPK);
  return toHex(encryptPinBlock(cipher, 0, { pin, pan: '9230000004310' }));
};

test('a change needs the permission to verify PINs on both keys, and to generate values on the PVK', async () => {
  const { keys } = testServices();
  const asked: string[] = [];
  const find: HostKeys['find'] = (host, field, needs) => {
    asked.push(`${host.call.operation} ${field.name}`);
    return keys.find(host, field, needs);
  };
  const text = `CU001${ZPK}${PAIR}${BLOCK}01${ACCOUNT}14402${NEW_BLOCK}`;
  expect(await runCommand([CU, DU], text, {}, { keys: { find } })).toBe('CV009614');
  expect(asked).toEqual(['VerifyPinData PIN key', 'VerifyPinData PVK', 'GeneratePinData PVK']);
});

test('CU matches a recorded change', async () => {
  expect(
    await run(
      'CU001U1EF828AA8F6B80EB83E19FBC373F3A85X367930344805B1FAD6146EF4ED7502B391DDDA0A7C12CFAA0155000002532114402262D1CC277EF0BB4',
    ),
  ).toBe('CV009614');
});

test('DU matches a recorded change', async () => {
  expect(
    await run(
      'DU002TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D1519B395FB9FE5F07DA51D392627E88EB18010692300000043134567890123456789230000N0431328064FFFFFFEEC12744E8F13E16',
    ),
  ).toBe('DV00330309FFFFFF');
});

test('DU gives an offset of as many digits as the check length', async () => {
  expect(await du({ length: '04' })).toBe('DV003303FFFFFFFF');
  expect(await du({ length: '04', old: '3280FFFFFFFF', newBlock: tpkBlock('1234') })).toBe('DV003303FFFFFFFF');
});

describe('refuses', () => {
  test('a wrong old PIN, and returns nothing about the new one', async () => {
    for (const old of ['4403', '0000', '9614']) expect(await cu({ old })).toBe('CV01');
    expect(await cu({ block: NEW_BLOCK })).toBe('CV01');
    for (const old of ['328065FFFFFF', '32806FFFFFFF', '3280640FFFFF', '330309FFFFFF']) {
      const reply = await du({ length: '04', old });
      expect(reply).toBe(old === '32806FFFFFFF' ? 'DV003303FFFFFFFF' : 'DV01');
    }
  });

  test('blocks without a PIN, also the new one', async () => {
    for (const block of ['0123456789ABCDEF', 'FFFFFFFFFFFFFFFF']) {
      expect(await cu({ block })).toBe('CV20');
      expect(await cu({ newBlock: block })).toBe('CV20');
      expect(await du({ newBlock: block })).toBe('DV20');
    }
  });

  test('a new block of another account', async () => {
    using cipher = tdes(CLEAR_ZPK);
    const newBlock = toHex(encryptPinBlock(cipher, 0, { pin: '1234', pan: '5500000253990' }));
    expect(await cu({ newBlock })).toBe('CV20');
    expect(await cu({ account: '550000025399' })).toBe('CV20');
  });

  test('a new PIN that is shorter than the check length', async () => {
    expect(await du({ newBlock: tpkBlock('1234') })).toBe('DV24');
  });

  test('another key type, weak tables and short check lengths', async () => {
    expect(await cu({ type: '002' })).toBe('CV10');
    expect(await cu({ type: '402' })).toBe('CV28');
    expect(await du({ table: '0000000000000000' })).toBe('DV25');
    expect(await du({ length: '03' })).toBe('DV15');
  });
});
