import fc from 'fast-check';
import { runCommand, TEST_LMKS } from '../../../test/support/host-commands.js';
import { hex } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { generateTdesKey, tdes } from '../../crypto/des.js';
import { isWeakDecimalizationTable, pinOffset } from '../../crypto/ibm3624.js';
import { encryptPinBlock } from '../../crypto/pin-block.js';
import { DA, EA } from './da-ea.command.js';

const run = (text: string, settings = {}) => runCommand([DA, EA], text, settings);

const TPK = 'TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D151';
const CLEAR_TPK = hex('8A62CEFD4F3E296E31EFD38A680E6B7532BF0BAD1A898A51');
const PVK = '9B395FB9FE5F07DA';
const ACCOUNT = '923000000431';
const TABLE = '3456789012345678';
const DATA = '9230000N0431';
const OFFSET = '330309FFFFFF';

const block = (pin: string, format: 0 | 1 | 3 | 'DIEBOLD' = 0) => {
  using cipher = tdes(CLEAR_TPK);
  return toHex(encryptPinBlock(cipher, format, { pin, pan: `${ACCOUNT}0` }));
};

interface Fields {
  pvk: string;
  max: string;
  block: string;
  format: string;
  length: string;
  account: string;
  table: string;
  data: string;
  offset: string;
}
const request = (more: Partial<Fields> = {}) => {
  const right = { pvk: PVK, max: '12', block: block('123456'), format: '01', length: '06', account: ACCOUNT };
  const all = { ...right, table: TABLE, data: DATA, offset: OFFSET, ...more };
  return `DA${TPK}${all.pvk}${all.max}${all.block}${all.format}${all.length}${all.account}${all.table}${all.data}${all.offset}`;
};

test('DA matches a recorded verification', async () => {
  expect(
    await run(
      'DATEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D1519B395FB9FE5F07DA12EEC12744E8F13E16010692300000043134567890123456789230000N0431330309FFFFFF',
    ),
  ).toBe('DB00');
});

test('answers with the warning 02 where the PVK is not of single length', async () => {
  const lmk = TEST_LMKS.get('00');
  if (lmk?.scheme !== 'variant') throw new Error('LMK 00 is not a variant LMK');
  const pvk = `U${toHex(lmk.lmk.wrap('002', 'U', hex('4C9BE09E681A19DC'.repeat(2))))}`;
  expect(await run(request({ pvk }))).toBe('DB02');
  expect(await run(request({ pvk, block: block('123457') }))).toBe('DB01');
});

test('compares as many digits as the offset has', async () => {
  expect(await run(request({ length: '04' }))).toBe('DB00');
  expect(await run(request({ length: '04', block: block('12345') }))).toBe('DB01');
  expect(await run(request({ length: '04', offset: '3303FFFFFFFF' }))).toBe('DB00');
  expect(await run(request({ length: '04', offset: '3303FFFFFFFF', block: block('1234') }))).toBe('DB00');
  expect(await run(request({ length: '04', offset: '3303FFFFFFFF', block: block('1235') }))).toBe('DB01');
});

test('inserts digits of the account where the validation data has N', async () => {
  expect(await run(request({ account: '923000000432' }))).toBe('DB20');
  expect(await run(request({ format: '05', block: block('123456', 1), account: '111111100431' }))).toBe('DB00');
  expect(await run(request({ format: '05', block: block('123456', 1), account: '111111100432' }))).toBe('DB01');
});

test('agrees with VerifyPinData for any keys, PIN, account, format and claimed offset', async () => {
  const lmk = TEST_LMKS.get('00');
  if (lmk?.scheme !== 'variant') throw new Error('LMK 00 is not a variant LMK');
  const digits = (least: number, most = least) => fc.stringMatching(new RegExp(`^[0-9]{${least},${most}}$`));
  const table = fc
    .shuffledSubarray(Array.from('0123456789012345'), { minLength: 16 })
    .map((digits) => digits.join(''))
    .filter((table) => !isWeakDecimalizationTable(table));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(['DA', '002'] as const, ['EA', '001'] as const),
      fc.constantFrom(['01', 0], ['03', 'DIEBOLD'], ['05', 1], ['47', 3] as const),
      fc.record({ pin: digits(4, 12), account: digits(12), data: digits(11), at: fc.nat(11), table }),
      fc.option(fc.record({ at: fc.nat(11), by: fc.integer({ min: 1, max: 9 }) })),
      async ([code, type], [formatCode, format], { pin, account, data, at, table }, change) => {
        const [pek, pvk] = [generateTdesKey(16), generateTdesKey(16)];
        using cipher = tdes(pek);
        const block = toHex(encryptPinBlock(cipher, format, { pin, pan: `${account}0` }));
        const insert = (inserted: string) => data.slice(0, at) + inserted + data.slice(at);
        const validationData = insert(account.slice(-5));
        const right = pinOffset(pvk, { validationData, padCharacter: 'F', decimalizationTable: table }, pin);
        const digit = change && change.at % right.length;
        const claimed = Array.from(right)
          .map((one, i) => (i === digit ? (Number(one) + change!.by) % 10 : one))
          .join('');
        const keys = [
          ['U', pek, type],
          ['X', pvk, '002'],
        ] as const;
        const [pekField, pvkField] = keys.map(([scheme, key, type]) => scheme + toHex(lmk.lmk.wrap(type, scheme, key)));
        const length = String(pin.length).padStart(2, '0');
        const request = `${code}${pekField}${pvkField}12${block}${formatCode}${length}${account}${table}`;
        const reply = await run(`${request}${insert('N')}${claimed.padEnd(12, 'F')}`);
        expect(reply.slice(2)).toBe(change ? '01' : '02');
      },
    ),
  );
});

describe('refuses', () => {
  test.each([
    ['0000000000000000', 'one digit'],
    ['0123456012345601', '7 digits'],
    ['0123456700000567', 'a digit 6 times'],
    ['0000012345678901', 'a digit more than 4 times'],
    ['709F26B22464E96A', 'no digits'],
  ])('the decimalisation table %s with %s', async (table) => {
    expect(await run(request({ table }))).toBe('DB25');
  });

  test('no weak table if the listener allows them', async () => {
    expect(await run(request({ table: '0000000000000000' }), { takesWeakTables: true })).toBe('DB01');
    expect(await run(request({ table: '709F26B22464E96A' }), { takesWeakTables: true })).toBe('DB25');
  });

  test.each(['00', '01', '03', '13', '99', 'AB'])('the check length %s', async (length) => {
    expect(await run(request({ length }))).toBe('DB15');
  });

  test.each(['330FFFFFFFFF', 'FFFFFFFFFFFF', '33030FFFFFFF', '3303F9FFFFFF', '330309ABCDEF', '330309'])(
    'the offset %s',
    async (offset) => {
      expect(await run(request({ offset }))).toBe('DB15');
    },
  );

  test.each(['923000000431', '9230000N043N', '9230000A0431', 'NNNNNNNNNNNN', '9230000N043', '9230000 0431'])(
    'the validation data %s',
    async (data) => {
      expect(await run(request({ data }))).toBe('DB15');
    },
  );

  test('another PIN, and a shorter or longer one', async () => {
    for (const pin of ['123457', '12345', '1234567', '023456'])
      expect(await run(request({ block: block(pin) }))).toBe(pin === '1234567' ? 'DB00' : 'DB01');
    expect(await run(request({ max: '05' }))).toBe('DB24');
  });

  test('a block that contains no PIN, another format and another account', async () => {
    expect(await run(request({ block: '0123456789ABCDEF' }))).toBe('DB20');
    expect(await run(request({ format: '47' }))).toBe('DB20');
    expect(await run(request({ format: '02' }))).toBe('DB23');
  });

  test('a ZPK as a TPK and a key that is not a PVK', async () => {
    const zpk = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
    expect(await run(request({ pvk: zpk }))).toBe('DB11');
    expect(await run(`DA${zpk}${request().slice(2 + TPK.length)}`)).toBe('DB10');
  });

  test('a request that is too short or too long', async () => {
    const whole = request();
    for (let length = 2; length < whole.length; length++)
      expect(await run(whole.slice(0, length))).toMatch(/^DB(15|23)$/);
    expect(await run(`${whole}0`)).toBe('DB15');
  });
});
