import { executeCommand, runCommand, TEST_LMKS, TEST_SETTINGS } from '../../../test/support/host-commands.js';
import { toHex } from '../../crypto/bytes.js';
import { tdes } from '../../crypto/des.js';
import type { HostServices, ListenerSettings } from '../command.js';
import { KeyIssuer } from '../key-issuer.js';
import type { Lmks } from '../lmk/lmks.js';
import { RequestFields } from '../layouts/request-fields.js';
import { VariantKeys } from '../lmk/variant-keys.js';
import { PAIR_NAMES, VariantLmk } from '../lmk/variant-lmk.js';
import { KEY_COMMANDS } from './key-commands.js';

/** The public test LMK, and one with other pairs as LMK 02. */
const LMKS: Lmks = new Map([
  ...TEST_LMKS,
  [
    '02',
    {
      scheme: 'variant',
      id: '02',
      pinLength: 4,
      lmk: new VariantLmk(new Map(PAIR_NAMES.map((name, i) => [name, Buffer.alloc(16, `pair ${i}:`)]))),
    },
  ],
]);
const services: Partial<HostServices> = { keys: new VariantKeys(LMKS), issuer: new KeyIssuer(LMKS) };
const run = (text: string, settings: Partial<ListenerSettings> = {}) =>
  runCommand(KEY_COMMANDS, text, { lmks: LMKS, ...settings }, services);

const ZMK = 'U1457FF6ADF6250C66C368416B4C9D383';
const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const SINGLE_ZPK = 'BAB32D775A38E4AB';
const SINGLE_ZMK = '4ED06495741C280C';
/** A double-length ZMK that a host makes from a single-length one. */
const DOUBLED_ZMK = `X${SINGLE_ZMK}${SINGLE_ZMK}`;
const TPK = 'U8463435FC4B4DAA0C49025272C29B12C';
const TRIPLE_TPK = 'TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D151';

describe('requests and replies under the public test LMK', () => {
  test.each([
    // Command BU and its older form.
    ['BU0200406FBB23A5214DF', 'BV000035BBE340A4B763'],
    ['BU001U93CB819F8FEE4F78BF9C4CDD84750DB1', 'BV00B70AD25C94548822'],
    ['BU011U1EF828AA8F6B80EB83E19FBC373F3A85', 'BV006F1E3F74F826B7EB'],
    ['BU011U1EF828AA8F6B80EB83E19FBC373F3A85;001', 'BV006F1E3F'],
    ['BUFF1U1EF828AA8F6B80EB83E19FBC373F3A85;001;001', 'BV006F1E3F'],
    ['KAU1EF828AA8F6B80EB83E19FBC373F3A8501', 'KB006F1E3F74F826B7EB'],
    ['KABAB32D775A38E4AB01;001', 'KB0073936E'],
    // Import.
    [
      'A6001U71979DEB8587E2734F1E99D5DCAEF9ACU482C4E722BB0CF1845E1E5BD16310119U',
      'A700U0E07CDC0161A0DE3B5AA44DF227EC9DEABDEBC',
    ],
    [
      'A6001U71979DEB8587E2734F1E99D5DCAEF9ACXC8E3118AFA853807EB7E92294663A5BAU',
      'A700U1EF828AA8F6B80EB83E19FBC373F3A856F1E3F',
    ],
    ['A6001U1457FF6ADF6250C66C368416B4C9D3832B930A07119F93A8Z', 'A700BAB32D775A38E4AB73936E'],
    ['A60024ED06495741C280C35ED0C0EA7F7D0FAZ', 'A7000406FBB23A5214DF0035BB'],
    // Export.
    [
      'A8002U1457FF6ADF6250C66C368416B4C9D383U8463435FC4B4DAA0C49025272C29B12CU',
      'A900U2C62A23D001B97412950CD8BE66C7639070753',
    ],
    // Components.
    [
      'A43000XX2EC8A0412B5D0E86E3C1E5ABFA19B3F5XFF43378ED5D85B1BC465BF000335FBF1XA235EDF4C58A2CB0C84641D07319CF21',
      'A500XC0BC1DFFC449A402DAB71250CA5869CC8CE396',
    ],
    // Older forms.
    [
      'DWU1457FF6ADF6250C66C368416B4C9D3836A2C67C227784BC5D8508B6BED82ECB8;0U1',
      'DX00U8E3D3E2FD5919657F05A1AA90D32A01408D7B4',
    ],
    ['FAU1457FF6ADF6250C66C368416B4C9D3832B930A07119F93A8', 'FB00BAB32D775A38E4AB73936E441E46819D'],
    ['GCU1457FF6ADF6250C66C368416B4C9D383BAB32D775A38E4AB', 'GD002B930A07119F93A873936E441E46819D'],
    ['GCU1457FF6ADF6250C66C368416B4C9D383BAB32D775A38E4AB;001', 'GD002B930A07119F93A873936E'],
  ])('%s is answered by %s', async (request, reply) => {
    expect(await run(request)).toBe(reply);
    expect(await run(`${request}%00\x19trailer`)).toBe(`${reply}\x19trailer`);
  });
});

/** Splits a reply of A0 into the keys and the check value. */
const keysOf = (reply: string) => /^A100(U.{32}|T.{48}|X.{32}|.{16})(R.{80,}|[UX].{32}|[TY].{48})?(.{6})$/.exec(reply);

describe('A0', () => {
  test.each([
    ['U', '1', /^U[0-9A-F]{32}$/],
    ['T', '2', /^T[0-9A-F]{48}$/],
    ['X', '1', /^X[0-9A-F]{32}$/],
    ['Z', '0', /^[0-9A-F]{16}$/],
  ])('generates a key of scheme %s with its check value', async (scheme, flag, pattern) => {
    const [, key = '', , check = ''] = keysOf(await run(`A00001${scheme}`)) ?? [];
    expect(key).toMatch(pattern);
    expect(await run(`BU01${flag}${key};001`)).toBe(`BV00${check}`);
    expect(await run(`A00001${scheme}`)).not.toContain(key);
  });

  test.each(['U', 'X', 'T', 'Y', 'R'])(
    'exports a key under a ZMK with scheme %s, which A6 imports again',
    async (scheme) => {
      const isTriple = scheme === 'T' || scheme === 'Y';
      const options = scheme === 'R' ? '#P0T2E00E00' : '';
      const zmk = isTriple ? tripleZmk : ZMK;
      const as = isTriple ? 'T' : 'U';
      const reply = await run(`A01001${as};0${zmk}${scheme}${options}`);
      if (scheme === 'T') {
        expect(reply).toBe('A126'); // The sources don't show T under a triple-length ZMK.
        return;
      }
      const [, key, exported, check] = keysOf(reply) ?? [];
      expect(await run(`A6001${zmk}${exported}${as}`)).toBe(`A700${key}${check}`);
    },
  );

  test('exports under a TMK', async () => {
    const [, , exported = '', check] = keysOf(await run(`A01003U;1${TPK}X`)) ?? [];
    expect(exported).toMatch(/^X/);
    expect(check).toHaveLength(6);
  });

  test.each([
    ['A02001U', '15', 'another mode'],
    ['A0A302U', '15', 'a mode whose fields are not known'],
    ['A00006U', '04', 'a type that is not served'],
    ['A00FFFU', '04', 'a key block under a variant LMK'],
    ['A00001S', '26', 'a key block under a variant LMK'],
    ['A00001R', '26', 'a TR-31 block under the LMK'],
    ['A00001Q', '26', 'an unknown scheme'],
    ['A00001', '15', 'no scheme'],
    [`A01001U;0${ZMK}U#P0T2E00E00&N!`, '15', 'a version without a character'],
    [`A01001U;2${ZMK}U`, '15', 'another flag'],
    [`A01001U;0${ZPK}U`, '10', 'a ZPK in place of the ZMK'],
    [`A01001U;0${ZMK}T`, '26', 'a scheme of another length'],
    [`A01001U;0${ZMK}S#P0T2E00E00`, '26', 'a block of scheme S under a TDES ZMK'],
    [`A01001U;0${ZMK}R`, '15', 'no header'],
    [`A01001U;0${ZMK}R#D0T2B00E00`, '28', 'a header that does not fit the type'],
    [`A01001U;0${ZMK}R#P0T2B00N00`, 'AA', 'a key that is not exportable'],
    [`A01001U;0${ZMK}U#P0T2B00E00`, 'AA', 'a key that is exportable in blocks only'],
    [`A01001U;0${ZMK}R#P0T2B00E00&S`, 'AA', "a wider exportability than the key's"],
    [`A01001U;0${ZMK}R#P0T2B00E00!D`, '26', 'a version that does not go with this ZMK'],
    [`A01001U;0${ZMK}R#P0T2G00E00`, 'A8', 'a mode of use that the usage does not have'],
    [`A01001U;0${ZMK}R#P9T2B00E00`, 'A6', 'a usage that does not exist'],
    [`A01001U;0${ZMK}R#P0X2B00E00`, 'A7', 'an algorithm that does not exist'],
    [`A01001U;0${ZMK}R#P0T2B0!E00`, 'A9', 'a malformed key version'],
    [`A01001U;0${ZMK}R#P0T2B00X00`, 'AA', 'an exportability that does not exist'],
    [`A01001U;0${ZMK}R#P0T2B00E01`, 'AB', 'optional blocks'],
    [`A01001T;0${ZMK}Y`, 'BB', 'a ZMK that is weaker than the key'],
    [`A01001U;0${DOUBLED_ZMK}U`, 'BB', 'a ZMK of two equal halves'],
    [`A01001U;0${SINGLE_ZMK}U`, 'BB', 'a single-length ZMK for a longer key'],
    ['A00001U#P0A1B00E00', '26', 'an AES key under a variant LMK'],
    ['A00001U#P0T2B00N00', 'AA', 'a key that may not be exported under a variant LMK'],
    ['A00001U%07', '13', 'an LMK that does not exist'],
    ['A00001U%00x', '15', 'characters after the last field'],
  ])('%s is refused with %s: %s', async (request, code) => {
    expect(await run(request)).toBe(`A1${code}`);
  });

  test('refuses X and Y unless the configuration allows them', async () => {
    expect(await run('A00001X', { takesAnsiX917: false })).toBe('A126');
    expect(await run(`A8001${ZMK}${ZPK}X`, { takesAnsiX917: false })).toBe('A926');
  });
});

/** A triple-length ZMK under the test LMK. */
const tripleZmk = `T${VariantLmk.test()
  .wrap('000', 'T', Buffer.from('8A62CEFD4F3E296E31EFD38A680E6B7532BF0BAD1A898A51', 'hex'))
  .toString('hex')
  .toUpperCase()}`;

/** Encrypts a clear key under the ZMK of the vectors, in ECB. */
const underZmk = (clear: string, scheme = 'X') => {
  const zmk = Buffer.from('851A0D9D0B2A1602622AD0B0E9E6B070', 'hex');
  using cipher = tdes(zmk);
  return scheme + toHex(cipher.encrypt(Buffer.from(clear, 'hex')));
};

describe('A6', () => {
  const GOOD = '0123456789ABCDEFFEDCBA9876543210';

  test('corrects wrong parity and says so with a complete reply', async () => {
    const right = await run(`A6001${ZMK}${underZmk(GOOD)}U`);
    expect(right).toMatch(/^A700U/);
    const wrong = GOOD.replace(/^01/, '00');
    expect(await run(`A6001${ZMK}${underZmk(wrong)}U`)).toBe(right.replace('A700', 'A701'));
  });

  test.each([
    [`A6001${ZMK}${underZmk('0123456789ABCDEF0123456789ABCDEF')}U`, '75', 'two equal halves'],
    [`A6001${ZMK}${underZmk('0022446688AACCEE0123456789ABCDEF')}U`, '75', 'halves that differ in parity only'],
    [`A6001${ZMK}${underZmk('0000000000000000', '')}Z`, '11', 'a key of zeros'],
    [`A6001${ZMK}${underZmk('00000000000000000123456789ABCDEF')}U`, '11', 'a half of zeros'],
    [`A6001${ZMK}${underZmk('01FE01FE01FE01FE0123456789ABCDEF')}U`, '11', 'a semi-weak half'],
    [`A6000${ZMK}${underZmk('851A0D9D0B2A1602622AD0B0E9E6B070')}U`, 'BB', 'the ZMK itself'],
    [`A6001${DOUBLED_ZMK}${underZmk(GOOD)}U`, 'BB', 'a ZMK of two equal halves'],
    [`A6001${ZMK}${underZmk(GOOD)}T`, '26', 'a scheme of another length'],
    [`A6001${ZMK}${underZmk(GOOD)}S`, '26', 'a key block under a variant LMK'],
    [`A6FFF${ZMK}${underZmk(GOOD)}U`, '04', 'no type'],
    [`A6007${ZMK}${underZmk(GOOD)}U`, '04', 'an unknown type'],
    [`A6001${ZPK}${underZmk(GOOD)}U`, '10', 'a ZPK in place of the ZMK'],
    [`A6001${ZMK}${underZmk(GOOD)}U1`, '15', 'an Atalla variant'],
    [`A6001${ZMK}${underZmk(GOOD)}`, '15', 'no scheme'],
    [`A6001${ZMK}@alias/zpk@U`, '26', 'a name in place of a key under the ZMK'],
    [`A6001${ZMK}UK123U`, '12', 'an index of user storage'],
    [`A6001${tripleZmk}U${'0'.repeat(32)}U`, '26', 'scheme U under a triple-length ZMK'],
  ])('%s is refused with %s: %s', async (request, code) => {
    expect(await run(request, { takesKeyNames: request.includes('@') })).toBe(`A7${code}`);
  });

  test('refuses a key block that was changed, cut or made for another type', async () => {
    const [, , block = ''] = keysOf(await run(`A01001U;0${ZMK}R#P0T2E00E00`)) ?? [];
    expect(await run(`A6002${ZMK}${block}U`)).toMatch(/^A700U/);
    expect(await run(`A6402${ZMK}${block}U`)).toBe('A728');
    expect(await run(`A6001${tripleZmk}${block}U`)).toBe('A7A4');
    for (const at of [6, 10, 11, 12, 20, 40, block.length - 1]) {
      const other = block.charAt(at) === '1' ? '2' : '1';
      const changed = block.slice(0, at) + other + block.slice(at + 1);
      expect(await run(`A6001${ZMK}${changed}U`)).toMatch(/^A7(A[4-9]|AA|AB)$/);
    }
    expect(await run(`A6001${ZMK}${block.slice(0, -16)}U`)).toMatch(/^A7(15|A5)$/);
  });
});

describe('A8', () => {
  test.each(['U', 'X', 'R'])('exports a key with scheme %s, which A6 imports again', async (scheme) => {
    const options = scheme === 'R' ? '#P0T2N00E00' : '';
    const [, exported, check] = /^A900(.+)(.{6})$/.exec(await run(`A8001${ZMK}${ZPK}${scheme}${options}`)) ?? [];
    expect(check).toBe('6F1E3F');
    expect(await run(`A6001${ZMK}${exported}U`)).toBe(`A700${ZPK}6F1E3F`);
  });

  test.each([
    [`A8001${ZPK}${ZPK}U`, '10', 'a ZPK in place of the ZMK'],
    [`A8001${ZMK}${ZMK}U`, '11', 'a ZMK in place of the ZPK'],
    [`A8000${ZMK}${ZMK}U`, 'BB', 'the ZMK under itself'],
    [`A8001${ZMK}${SINGLE_ZPK}U`, '26', 'a scheme of another length'],
    [`A8002${ZMK}${TRIPLE_TPK}Y`, 'BB', 'a ZMK that is weaker than the key'],
    [`A8001${DOUBLED_ZMK}${ZPK}U`, 'BB', 'a ZMK of two equal halves'],
    [`A8001${ZMK}${ZPK}R#P0T3N00E00`, 'A7', 'a header of another length'],
    [`A8001${ZMK}${ZPK}R#C0T2N00E00`, '28', 'a header of another type'],
    [`A8FFF${ZMK}${ZPK}U`, '28', 'no type'],
    [`A8001${ZMK}R${'0'.repeat(20)}U`, 'A5', 'a malformed block'],
  ])('%s is refused with %s: %s', async (request, code) => {
    expect(await run(request)).toBe(`A9${code}`);
  });
});

test('a key under a variant LMK can become a key block that may not be exported, but not the reverse', async () => {
  const exported = async (fields: string) =>
    /^A900(R.+).{6}$/.exec(await run(`A8001${ZMK}${ZPK}R${fields}`))?.[1] ?? 'none';
  for (const fields of ['#P0T2B00N00', '#P0T2B00E00&N']) {
    const block = await exported(fields);
    expect(block.charAt(12)).toBe('N');
    expect(await run(`A6001${ZMK}${block}U`)).toBe('A7AA');
  }
  const block = await exported('#P0T2B00E00');
  expect(await run(`A6001${ZMK}${block}U#P0T2B00N00`)).toBe('A7AA');
  expect(await run(`A6001${ZMK}${block}U#P0T2B00S00`)).toBe('A7AA');
  expect(await run(`A6001${ZMK}${block}U&N`)).toBe('A7AA');
  expect(await run(`A6001${ZMK}${block}U`)).toBe(`A700${ZPK}6F1E3F`);
});

describe('A4', () => {
  const lmk = VariantLmk.test();
  const component = (clear: string) => `U${toHex(lmk.wrap('001', 'U', Buffer.from(clear, 'hex')))}`;
  const [A, B] = ['0123456789ABCDEFFEDCBA9876543210', '8A62CEFD4F3E296E31EFD38A680E6B75'];
  const C = '13F10E5D868A529E7962D9ECE03D1ACD';
  /** The component that, combined with A and B, gives 0123456789ABCDEF twice. */
  const EQUAL_SUM = '8A62CEFD4F3E296ECE102C7597F1948A';

  test('XORs the components', async () => {
    const reply = await run(`A43001U${component(A)}${component(B)}${component(C)}`);
    const sum = Buffer.alloc(16);
    for (const each of [A, B, C])
      for (let i = 0; i < 16; i++) sum[i] = sum[i]! ^ parseInt(each.slice(2 * i, 2 * i + 2), 16);
    expect(reply.slice(0, 37)).toBe(`A500U${toHex(lmk.wrap('001', 'U', sum))}`);
  });

  test.each([
    [`A41001U${component(A)}`, '03', 'one component'],
    [`A40001U`, '03', 'no component'],
    [`A42001U${component(A)}${component(B)}`, '10', 'a result with even parity'],
    [`A43001U${component(A)}${component(A)}${component(B)}`, '11', 'two equal components'],
    [`A43001U${component(A)}${component(B)}${component(EQUAL_SUM)}`, '75', 'equal halves'],
    [`A43001U${component(A)}${component(B)}${SINGLE_ZPK}`, '27', 'components of different lengths'],
    [`A43001U${component(A)}${component(B)}${ZMK}`, '10', 'a component of another type'],
    [`A43001U${component(A)}${component(B)}`, '15', 'a missing component'],
    [`A43001T${component(A)}${component(B)}${component(C)}`, '26', 'a scheme of another length'],
    [`A43FFFU${component(A)}${component(B)}${component(C)}`, '28', 'no type'],
    [`A43001U${component(A)}${component(B)}${component(C)}#P0T2B00N00`, 'AA', 'a key that may not be exported'],
    [`A43001U${component(A)}${component(B)}${component(C)}#P0A1B00E00`, 'A7', 'another algorithm'],
    [`A43001U${component(A)}${component(B)}${component(C)}#D0T2B00E00`, '28', 'a usage that does not fit the type'],
    [`A43001U${component(A)}${component(B)}${component(C)}#P0T3B00E00`, 'A7', 'another length'],
  ])('%s is refused with %s: %s', async (request, code) => {
    expect(await run(request)).toBe(`A5${code}`);
  });
});

describe('BU, KA and BW', () => {
  test.each([
    [`BU0E1${ZPK}`, 'BV04', 'an unknown pair'],
    [`BU013${ZPK}`, 'BV05', 'an unknown flag'],
    [`BU010${ZPK}`, 'BV05', 'a flag of another length'],
    [`BU01F${ZPK}`, 'BV05', 'the flag of a block'],
    [`BU001${ZPK}`, 'BV10', 'another pair'],
    [`BUFF1${ZPK}`, 'BV15', 'no type'],
    [`BU011${ZPK};002`, 'BV15', 'an unknown kind'],
    [`KA${ZPK}0E`, 'KB21', 'an unknown pair'],
    [`KA${ZPK}00`, 'KB10', 'another pair'],
    [`BW011${ZPK};0U0`, 'BX44', 'the LMK that the key is under'],
    [`BW011${ZPK};0U0%07`, 'BX13', 'an LMK that does not exist'],
    [`BW001${ZPK};0U0%02`, 'BX10', 'another pair'],
  ])('%s is answered by %s: %s', async (request, reply) => {
    expect(await run(request)).toBe(reply);
  });

  test('BW translates a key to another LMK', async () => {
    const [, key = ''] = /^BX00(U.{32})$/.exec(await run(`BW011${ZPK};0U0%02!01`)) ?? [];
    expect(key).not.toBe(ZPK);
    expect(await run(`BU011${key}%02`)).toBe('BV006F1E3F74F826B7EB');
    expect(await run(`BU011${key}`)).toBe('BV10');
  });
});

test.each([
  ['A00001U', false],
  [`A01001U;0${ZMK}U`, true],
  ['AS', false],
  [`FI0${ZMK}`, true],
  [`HC${TPK}`, true],
  [`BW011${ZPK};0U0%02`, true],
  [`A6001${ZMK}${ZPK}U`, false],
])('%s exports a key beside what it creates or imports: %s', (text, exportsKey) => {
  const fields = new RequestFields(Buffer.from(text), 2, { ...TEST_SETTINGS, lmks: LMKS });
  const command = KEY_COMMANDS.find(({ code }) => code === text.slice(0, 2))!;
  expect(command.exports?.(command.parse(fields)) === true).toBe(exportsKey);
});

test.each([
  ['A8', `A8001${ZMK}${ZPK}U`, 2],
  ['BU', `BU011${ZPK}`, 1],
  ['BW', `BW011${ZPK};0U0%02`, 1],
])('the event of %s has the check values of its keys', async (_, text, count) => {
  const { checkValues } = await executeCommand(KEY_COMMANDS, text, { lmks: LMKS }, services);
  expect(checkValues).toHaveLength(count);
  expect(checkValues).toContain('6F1E3F');
});

describe('HA and HC', () => {
  test.each(['HC', 'HA'])('%s generates a single-length key under a TMK and the LMK', async (code) => {
    expect(await run(`${code}${TPK}`)).toMatch(/^H[BD]00[0-9A-F]{16}[0-9A-F]{16}$/);
  });

  test('HC generates a key of the schemes that the command names', async () => {
    expect(await run(`HC${TPK};XU0`)).toMatch(/^HD00X[0-9A-F]{32}U[0-9A-F]{32}$/);
    expect(await run(`HC${TPK};TU0`)).toBe('HD26');
    expect(await run(`HC${TPK};UU1`)).toBe('HD15');
    expect(await run(`HC${ZPK};UU0`)).toBe('HD10');
  });
});

test('a name between two @ may begin with K, which is an index of user storage after other letters', async () => {
  // These keys are in no database, so the name itself is what is refused.
  expect(await run('BUFFF@kwapwa6qaifllw2h@', { takesKeyNames: true })).toBe('BV05');
  expect(await run('BUFFFSK123', { takesKeyNames: true })).toBe('BV12');
});

test.each(KEY_COMMANDS.map(({ code }) => code).filter((code) => code !== 'AS' && code !== 'BI'))(
  '%s without fields is refused',
  async (code) => {
    expect(await run(code)).toMatch(/^..15$/);
  },
);

test('no reply or error has clear keys', async () => {
  for (const request of [`A8001${ZMK}${ZPK}U`, `A8001${ZMK}${ZMK}U`, `BU011${ZPK}`]) {
    const reply = await run(request);
    expect(reply).not.toContain('C7152C20BC2C830E');
    expect(reply).not.toContain('851A0D9D0B2A1602');
  }
});
