import { runCommand } from '../../../test/support/host-commands.js';
import { BK, FW } from './bk-fw.command.js';

const run = (text: string, settings = {}) => runCommand([BK, FW], text, settings);

const TPK = 'TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D151';
const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const PVK = '9B395FB9FE5F07DA';
const PAIR = 'X367930344805B1FAD6146EF4ED7502B3';
const TABLE = '3456789012345678';

const bk = ({ type = '002', key = TPK, block = '51D392627E88EB18', length = '06', table = TABLE } = {}) =>
  run(`BK${type}${key}${PVK}${block}01${length}923000000431${table}9230000N0431`);
const fw = ({ type = '001', key = ZPK, block = '91DDDA0A7C12CFAA', account = '550000025321', pvki = '1' } = {}) =>
  run(`FW${type}${key}${PAIR}${block}01${account}${pvki}`);

test('BK matches a recorded offset', async () => {
  expect(
    await run(
      'BK002TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D1519B395FB9FE5F07DA51D392627E88EB18010692300000043134567890123456789230000N0431',
    ),
  ).toBe('BL00328064FFFFFF');
});

test('FW gives the PVV that EC verifies', async () => {
  expect(await fw()).toBe('FX004402');
});

test('BK gives as many digits as the check length', async () => {
  expect(await bk({ length: '04' })).toBe('BL003280FFFFFFFF');
  expect(await bk({ length: '07' })).toBe('BL24');
});

describe('refuses', () => {
  test.each(['000', '009', '402', '00A', '00B'])('the key type %s', async (type) => {
    expect(await bk({ type })).toBe('BL28');
    expect(await fw({ type })).toBe('FX28');
  });

  test('the key type FFF before a key that is not in a key block', async () => {
    expect(await bk({ type: 'FFF' })).toBe('BL28');
  });

  test('a key of a type other than the stated one', async () => {
    expect(await bk({ type: '001' })).toBe('BL10');
    expect(await fw({ type: '002' })).toBe('FX10');
  });

  test('blocks without a PIN, weak tables, short check lengths and another index', async () => {
    expect(await bk({ block: '0123456789ABCDEF' })).toBe('BL20');
    expect(await bk({ table: '0123012301230123' })).toBe('BL25');
    expect(await bk({ length: '03' })).toBe('BL15');
    expect(await fw({ account: '550000025322' })).toBe('FX20');
    expect(await fw({ pvki: '7' })).toBe('FX15');
  });
});
