import { runCommand, TEST_LMKS } from '../../../test/support/host-commands.js';
import { toHex } from '../../crypto/bytes.js';
import type { HostServices, ListenerSettings } from '../command.js';
import { KeyIssuer } from '../key-issuer.js';
import { decryptKey, encryptKey, type VariantScheme } from '../lmk/key-scheme.js';
import { VariantKeys } from '../lmk/variant-keys.js';
import { cipherWithVariant, VariantLmk } from '../lmk/variant-lmk.js';
import { KEY_COMMANDS } from './key-commands.js';

const services: Partial<HostServices> = { keys: new VariantKeys(TEST_LMKS), issuer: new KeyIssuer(TEST_LMKS) };
const run = (text: string, settings: Partial<ListenerSettings> = {}) =>
  runCommand(KEY_COMMANDS, text, settings, services);
const lmk = VariantLmk.test();

const ZMK = 'U1457FF6ADF6250C66C368416B4C9D383';
const CLEAR_ZMK = Buffer.from('851A0D9D0B2A1602622AD0B0E9E6B070', 'hex');
const SINGLE_ZMK = '4ED06495741C280C';
const TPK = 'U8463435FC4B4DAA0C49025272C29B12C';
const SINGLE_TPK = '0406FBB23A5214DF';
const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const CVK = 'U9B4934384B19946B040CD702B4D58145';
const BDK = 'U8E3D3E2FD5919657F05A1AA90D32A014';
/**
 * The emulator has AD2EE63F23D8F733: it leaves out the half of the pair for TAKs that is a weak DES key. Its clear key is the
 * same one.
 */
const SINGLE_TAK = 'C6F34693FB39CB6E';
const COMPONENTS = [
  '2EC8A0412B5D0E86E3C1E5ABFA19B3F5',
  'FF43378ED5D85B1BC465BF000335FBF1',
  'A235EDF4C58A2CB0C84641D07319CF21',
];
const FORMED = 'C0BC1DFFC449A402DAB71250CA5869CC';

describe('requests and replies of a public emulator under the public test LMK', () => {
  test.each([
    ['AE7BB126F2BE6314860406FBB23A5214DF', 'AF00A341A0CC5F71B229'],
    [`AE${TPK}U28DDAEC83617D2F6E2302928B28A54D0`, 'AF00UB44202060B6C5C0B2F372149A68FA0B5'],
    [`AE${TPK}${SINGLE_TPK}`, 'AF00508949F68B4060A4'],
    [`AG${SINGLE_TPK}${SINGLE_TAK}`, 'AH00D3A9103B524C49ACEDFE6926B3B9D27C'],
    ['B0000U42BBE7D9A0A55D0EAA54C982B4D06B70X', 'B100XDA05B7A979CBD9A1DA05B7A979CBD9A1'],
    [`BY${COMPONENTS[0]}79E1B5D8DC672AF00137070260B5FA8E;XU0`, 'BZ00UF673F2E0149686A7365E73B881152B9713F44F34A77D8263'],
    [`BY${COMPONENTS[0]}79E1B5D8DC672AF00137070260B5FA8E`, `BZ00${COMPONENTS[1]}13F44F34A77D8263`],
    [`BY${COMPONENTS[0]}79E1B5D8DC672AF0B2E2357CA57E5705`, `BZ01${COMPONENTS[1]}13F44F34A77D8263`],
    [`DW${ZMK}6A2C67C227784BC5D8508B6BED82ECB8;0U1`, `DX00${BDK}08D7B4`],
    [`DY${ZMK}${BDK};X01`, 'DZ00X6A2C67C227784BC5D8508B6BED82ECB808D7B4'],
    [`FA${ZMK}2B930A07119F93A8;XZ1`, 'FB00BAB32D775A38E4AB73936E'],
    [`FC${SINGLE_ZMK}35ED0C0EA7F7D0FA`, `FD00${SINGLE_TPK}0035BBE340A4B763`],
    [`FC${SINGLE_ZMK}35ED0C0EA7F7D0FA;ZZ1`, `FD00${SINGLE_TPK}0035BB`],
    [`FC${ZMK}55FF9012A3854818`, `FD00${SINGLE_TPK}0035BBE340A4B763`],
    [`FC${ZMK}XF7D53991678347EFB3026882F724E6EE;XU1`, `FD00${TPK}070753`],
    [`FE${SINGLE_ZMK}${SINGLE_TPK}`, 'FF0035ED0C0EA7F7D0FA0035BBE340A4B763'],
    [`FE${SINGLE_ZMK}${SINGLE_TPK};ZZ1`, 'FF0035ED0C0EA7F7D0FA0035BB'],
    [`FE${ZMK}${TPK};XX1`, 'FF00XF7D53991678347EFB3026882F724E6EE070753'],
    [`GC${ZMK}BAB32D775A38E4AB;ZZ1`, 'GD002B930A07119F93A873936E'],
    [`GG${[...COMPONENTS].reverse().join('')}`, `GH00X${FORMED}8CE39643DA9A9B99`],
    [`GY3${COMPONENTS.join('')}`, `GZ00${FORMED}8CE39643DA9A9B99`],
    [`GY3${COMPONENTS.join('')};0U1`, 'GZ00U369835189A058604EB7F84EAE10C7D048CE396'],
    [`GY3${COMPONENTS.join('')};0X0`, `GZ00X${FORMED}8CE39643DA9A9B99`],
    [`MG${SINGLE_ZMK}${SINGLE_TAK}`, 'MH00E6CF9DB3EC5D766FEDFE6926B3B9D27C'],
    [`MI${SINGLE_ZMK}E6CF9DB3EC5D766F`, `MJ00${SINGLE_TAK}EDFE6926B3B9D27C`],
  ])('%s is answered by %s', async (request, reply) => {
    expect(await run(request)).toBe(reply);
    expect(await run(`${request}%00\x19trailer`)).toBe(`${reply}\x19trailer`);
  });
});

/** Decrypts a key under a ZMK. @param text with the letter of its scheme, or without one */
const fromZmk = (zmk: Buffer, text: string) => {
  const scheme = /^[UX]/.test(text) ? (text.charAt(0) as VariantScheme) : 'plain';
  const encrypted = Buffer.from(text.replace(/^[UX]/, ''), 'hex');
  return decryptKey(scheme, encrypted, (variant) => cipherWithVariant(zmk, variant));
};

describe('vectors with a double-length key under a single-length ZMK', () => {
  const clearSingle = lmk.open('000', 'plain', Buffer.from(SINGLE_ZMK, 'hex'));
  /** The same key under the double-length ZMK. */
  const moved = (text: string) =>
    toHex(encryptKey('plain', fromZmk(clearSingle, text), (variant) => cipherWithVariant(CLEAR_ZMK, variant)));

  test.each([
    ['AW', 'AB88EE604522372FDAA27A67A8CDADFA', ';000', 'AX000A61E674E88C6A7EEABC38C2B2BB492FD5D44FA68CDC'],
    ['AW', 'AB88EE604522372FDAA27A67A8CDADFA', ';001', 'AX000A61E674E88C6A7EEABC38C2B2BB492F08D7B4'],
    ['FK0', 'X2C0E3EE7A5EFFA00C3CD721FE6E66B82', ';ZU1', 'FL00U913248D2781448EB99849CFFE39768AD468318'],
    ['FK1', 'XFF85E926874B18C660410136CE46BD48', ';ZU0', 'FL00U9564EC9D49DE4E59BE82FE34B5CB17864BF61EA8437E3EDA'],
  ])('%s of %s%s is refused, and has the same reply under a strong ZMK', async (code, key, tail, reply) => {
    expect(await run(`${code}${SINGLE_ZMK}${key}${tail}`)).toBe(`${reply.slice(0, 2)}BB`);
    const letter = key.startsWith('X') ? 'X' : '';
    expect(await run(`${code}${ZMK}${letter}${moved(key)}${tail}`)).toBe(reply);
  });

  test.each([
    ['AU', '0A61E674E88C6A7EEABC38C2B2BB492F', '', 'AV00', 'AB88EE604522372FDAA27A67A8CDADFA', 'D5D44FA68CDC'],
    ['AU', '0A61E674E88C6A7EEABC38C2B2BB492F', ';ZU1', 'AV00', 'AB88EE604522372FDAA27A67A8CDADFA', '08D7B4'],
    [
      ...['FM0', 'UDBF5EFC3DBA454A827022B569E0E086B', '', 'FN00'],
      ...['U3A67A68D3A26D46334B93F4D06D482974', 'BF61EA8437E3EDA'],
    ],
    [
      ...['FM1', 'UE84C6E8F364BB594D2F59F6E8A6BBBF5', '', 'FN00'],
      ...['U693CDDD75EE651B6102E400E70E98F9C', '46831833F9855C52'],
    ],
  ])(
    '%s of %s%s is refused, and exports the same key under a strong ZMK',
    async (code, key, tail, begin, sent, check) => {
      expect(await run(`${code}${SINGLE_ZMK}${key}${tail}`)).toBe(`${begin.slice(0, 2)}BB`);
      const reply = await run(`${code}${ZMK}${key}${tail}`);
      expect([reply.slice(0, 4), reply.slice(4 + sent.length)]).toEqual([begin, check]);
      const exported = reply.slice(4, 4 + sent.length);
      expect(toHex(fromZmk(CLEAR_ZMK, exported))).toBe(toHex(fromZmk(clearSingle, sent)));
    },
  );
});

describe('generation', () => {
  test.each([
    ['FI0', ZMK, ';UU1', 'FK0', ';0U1'],
    ['FI1', ZMK, ';XU0', 'FK1', ';0U0'],
    ['FI0', SINGLE_ZMK, '', 'FK0', ''],
    ['IA', ZMK, ';UU1', 'FA', ';0U1'],
    ['IA', ZMK, '', 'FA', ''],
    ['FG', ZMK, ';XU1', 'FC', ';0U1'],
    ['HA', TPK, ';XU0', 'AG', ';X00'],
    ['HC', TPK, '', 'AE', ''],
  ])('%s%s%s returns the same key twice, as %s says', async (code, kek, tail, back, backTail) => {
    const key = '([UX][0-9A-F]{32}|[0-9A-F]{16})';
    const reply = await run(`${code}${kek}${tail}`);
    const [, exported, underLmk, check] = new RegExp(`^..00${key}${key}([0-9A-F]{0,16})$`).exec(reply) ?? [];
    const isExport = back.startsWith('A');
    const answer = await run(`${back}${kek}${isExport ? underLmk : exported}${backTail}`);
    expect(answer.slice(0, 4 + exported!.length)).toBe(`${answer.slice(0, 4)}${isExport ? exported : underLmk}`);
    expect(answer.slice(2, 4)).toBe('00');
    if (check !== '') expect(answer.endsWith(check!)).toBe(true);
    expect(await run(`${code}${kek}${tail}`)).not.toBe(reply);
  });

  test.each([
    ['AS', 'AT00', '', /^[0-9A-F]{32}[0-9A-F]{12}$/],
    ['AS;0U1', 'AT00', '', /^U[0-9A-F]{32}[0-9A-F]{6}$/],
    ['AS;0U0', 'AT00', '', /^U[0-9A-F]{32}[0-9A-F]{12}$/],
    ['AS;000', 'AT00', '', /^[0-9A-F]{32}[0-9A-F]{12}$/],
    ['BI', 'BJ00', '', /^[0-9A-F]{32}$/],
    ['BI;0U0', 'BJ00', '', /^U[0-9A-F]{32}$/],
    ['FG', 'FH00', `${ZMK};ZZ2`, /^[0-9A-F]{32}[0-9A-F]{32}[0-9A-F]{12}$/],
    ['FG', 'FH00', `${ZMK};UU2`, /^U[0-9A-F]{32}U[0-9A-F]{32}[0-9A-F]{12}$/],
  ])('%s answers %s and the fields of its layout', async (code, begin, fields, pattern) => {
    const reply = await run(`${code}${fields}`);
    expect(reply.slice(0, 4)).toBe(begin);
    expect(reply.slice(4)).toMatch(pattern);
  });

  test('the check values of the halves are computed separately', async () => {
    const [, key = '', left, right] = /^AT00(U.{32})(.{6})(.{6})$/.exec(await run('AS;0U0')) ?? [];
    const clear = lmk.open('402', 'U', Buffer.from(key.slice(1), 'hex'));
    const [a, b] = [clear.subarray(0, 8), clear.subarray(8)].map((half) =>
      toHex(encryptKey('plain', Buffer.alloc(8), (variant) => cipherWithVariant(half, variant))).slice(0, 6),
    );
    expect([left, right]).toEqual([a, b]);
  });
});

describe('refusals', () => {
  test.each([
    [`AU${ZMK}${ZPK}`, 'AV11', 'a ZPK in place of the CVK'],
    [`AU${ZPK}${CVK}`, 'AV10', 'a ZPK in place of the ZMK'],
    [`AU${ZMK}${CVK};T00`, 'AV26', 'a scheme of another length'],
    [`AU${ZMK}${CVK};Q00`, 'AV26', 'no scheme'],
    [`AU${ZMK}${CVK};X02`, 'AV15', 'a kind of check value that does not exist'],
    [`AU${ZMK}${CVK};X0`, 'AV15', 'a cut tail'],
    [`AU${ZMK}${CVK};X001`, 'AV15', 'characters after the tail'],
    [`AU${ZMK}`, 'AV15', 'no key'],
    [`AU${ZMK}${CVK}%07`, 'AV13', 'an LMK that does not exist'],
    [`AW${ZMK}${'0'.repeat(16)}`, 'AX15', 'half a CVK pair'],
    [`BY${ZMK}${SINGLE_ZMK}12`, 'BZ15', 'an Atalla variant'],
    [`BY${ZPK}${SINGLE_ZMK}`, 'BZ10', 'a ZPK in place of the ZMK'],
    [`DY${ZMK}${BDK};X02`, 'DZ15', 'check values of 16 digits for each half'],
    [`DY${SINGLE_ZMK}${BDK};X01`, 'DZBB', 'a ZMK that is weaker than the key'],
    [`DY${ZMK}${CVK};X01`, 'DZ11', 'a CVK in place of the BDK'],
    [`FK2${ZMK}X${'0'.repeat(32)}`, 'FL15', 'an unknown flag'],
    [`FI2${ZMK}`, 'FJ15', 'an unknown flag'],
    [`FM0${ZMK}UE84C6E8F364BB594D2F59F6E8A6BBBF5`, 'FN11', 'a ZAK in place of the ZEK'],
    [`FI0${SINGLE_ZMK};UU1`, 'FJBB', 'a ZMK that is weaker than the key'],
    [`FI0${ZMK};TU1`, 'FJ26', 'schemes of different lengths'],
    [`IA${TPK}`, 'IB10', 'a TPK in place of the ZMK'],
    [`FG${ZMK}`, 'FH15', 'no kind of check value'],
    [`FG${ZMK};XX0`, 'FH15', 'check values of 16 digits for each half'],
    [`FG${ZMK};TT1`, 'FH26', 'a pair of triple length'],
    ['AS;0T1', 'AT26', 'a pair of triple length'],
    ['AS;1U1', 'AT26', 'a reserved field'],
    ['BI;0U1', 'BJ15', 'a reserved field'],
    [`AE${ZMK}${SINGLE_TPK}`, 'AF10', 'a ZMK in place of the TMK'],
    [`AE${TPK}${TPK}`, 'AFBB', 'a key under itself'],
    [`AG${TPK}${SINGLE_TPK}`, 'AH11', 'a TPK in place of the TAK'],
    [`AE${TPK}${SINGLE_TPK};Z01`, 'AF15', 'a kind of check value that does not exist'],
    [`GG${COMPONENTS.slice(1).join('')}`, 'GH15', 'two components'],
    [`GG${COMPONENTS[0]}${COMPONENTS[0]}${COMPONENTS[1]}`, 'GH11', 'equal components'],
    [`GG${COMPONENTS.join('')};0T1`, 'GH26', 'a scheme of another length'],
    [`GG${COMPONENTS.join('')};1U1`, 'GH15', 'a reserved field'],
    [`GY1${COMPONENTS.join('')}`, 'GZ03', 'one component'],
    [`GY4${COMPONENTS.join('')}`, 'GZ15', 'a missing component'],
    [`GY2${COMPONENTS.slice(1).join('')}`, 'GZ10', 'components whose sum has even parity'],
    [`GY3${TPK}${TPK}${TPK}`, 'GZ10', 'components of another type'],
    [`B0006${ZPK}X`, 'B104', 'a type that is not served'],
    [`B0002${ZPK}X`, 'B110', 'a key of another type'],
    [`B0001${ZPK}T`, 'B126', 'a scheme of another length'],
    [`B0001${ZPK}S`, 'B126', 'a key block under a variant LMK'],
    [`B0001${ZPK}`, 'B115', 'no scheme'],
  ])('%s is answered by %s: %s', async (request, reply) => {
    expect(await run(request)).toBe(reply);
  });

  test.each([
    `DY${ZMK}${BDK};X01`,
    `DY${ZMK}${BDK};Z01`,
    `FC${ZMK}XF7D53991678347EFB3026882F724E6EE`,
    `AU${ZMK}0A61E674E88C6A7EEABC38C2B2BB492F`,
    `GY3${COMPONENTS.join('')}`,
    `GG${COMPONENTS.join('')}`,
    `B0001${ZPK}X`,
    'AS',
    'BI',
  ])('%s is refused unless the configuration allows keys whose halves are not bound to each other', async (request) => {
    expect((await run(request, { takesAnsiX917: false })).slice(2)).toBe('26');
    expect((await run(request)).slice(2, 4)).toBe('00');
  });

  test('no reply has clear keys', async () => {
    for (const request of [`FE${ZMK}${TPK};XX1`, `AU${ZMK}${CVK}`, `DY${ZMK}${BDK};X01`, `B0001${ZPK}X`])
      expect(await run(request)).not.toMatch(/D3DCC7EA9BCB755D|0123456789ABCDEF|C7152C20BC2C830E|851A0D9D0B2A1602/);
  });
});
