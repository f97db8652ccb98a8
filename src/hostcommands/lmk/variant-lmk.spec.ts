import { bitFlips, hex } from '../../../test/support/vectors.js';
import { equal, toHex } from '../../crypto/bytes.js';
import { des, tdes } from '../../crypto/des.js';
import type { VariantScheme } from './key-scheme.js';
import { hasOddParity, isKeyType, PAIR_NAMES, VariantLmk } from './variant-lmk.js';

const LMK = VariantLmk.test();

const open = (type: string, field: string) => {
  const scheme = /^[0-9A-F]/.test(field) ? 'plain' : (field.charAt(0) as VariantScheme);
  return LMK.open(type, scheme, hex(scheme === 'plain' ? field : field.slice(1)));
};

const checkValue = (key: Buffer) => {
  using cipher = key.length === 8 ? des(key) : tdes(key);
  return toHex(cipher.encrypt(Buffer.alloc(8)));
};

/** Keys under the public test LMK, as test suites of payShield clients have them, with their clear values. */
const CLEAR = [
  ['402', 'U9B4934384B19946B040CD702B4D58145', '0123456789ABCDEFFEDCBA9876543210'],
  ['402', '0A61E674E88C6A7EEABC38C2B2BB492F', '0123456789ABCDEFFEDCBA9876543210'],
  ['002', 'X367930344805B1FAD6146EF4ED7502B3', 'C8199237EA5857BC40EF9DA2B5E96BBF'],
  ['002', '0406FBB23A5214DF', '0B681FC20E62C734'],
  ['002', 'U8463435FC4B4DAA0C49025272C29B12C', 'D3DCC7EA9BCB755D254620B376B3D007'],
  ['001', 'U1EF828AA8F6B80EB83E19FBC373F3A85', 'C7152C20BC2C830EA7EC9E8334ABE3FE'],
  ['001', 'BAB32D775A38E4AB', '13F10E5D868A529E'],
  ['000', 'U1457FF6ADF6250C66C368416B4C9D383', '851A0D9D0B2A1602622AD0B0E9E6B070'],
  ['009', 'U8E3D3E2FD5919657F05A1AA90D32A014', '0123456789ABCDEFFEDCBA9876543210'],
  ['003', 'U19D25F349FD03CC3556BB05F65283CA1', '7962D9ECE03D1ACD4C76089DCE131543'],
  ['002', 'TEFF270C330101C2D6B23DF72EA8FFEBD0E491D62E2E3D151', '8A62CEFD4F3E296E31EFD38A680E6B7532BF0BAD1A898A51'],
  ['002', '9B395FB9FE5F07DA', '4C9BE09E681A19DC'],
] as const;

/** Keys and check values of commands BU and A6. */
const CHECK_VALUES = [
  ['002', '0406FBB23A5214DF', '0035BBE340A4B763'],
  ['000', 'U93CB819F8FEE4F78BF9C4CDD84750DB1', 'B70AD25C94548822'],
  ['001', 'U1EF828AA8F6B80EB83E19FBC373F3A85', '6F1E3F74F826B7EB'],
  ['001', 'BAB32D775A38E4AB', '73936E441E46819D'],
] as const;

test.each(CLEAR)('opens a key of type %s from %s as %s', (type, field, clear) => {
  const key = open(type, field);
  expect(toHex(key)).toBe(clear);
  expect(hasOddParity(key)).toBe(true);
});

test.each(CLEAR)('wraps a key of type %s as %s', (type, field, clear) => {
  const scheme = /^[0-9A-F]/.test(field) ? 'plain' : (field.charAt(0) as VariantScheme);
  expect(toHex(LMK.wrap(type, scheme, hex(clear)))).toBe(field.replace(/^[UTX]/, ''));
});

test.each(CHECK_VALUES)('a key of type %s, encrypted as %s, has the check value %s', (type, field, expected) => {
  expect(checkValue(open(type, field))).toBe(expected);
});

describe('a key of another type, scheme or LMK', () => {
  const [, field, clear] = CLEAR[5];

  test.each(['000', '002', '003', '008', '009', '101', '901', '402', '00A', '00B', '70D'])(
    'a ZPK gives another key when opened as type %s',
    (type) => expect(toHex(open(type, field))).not.toBe(clear),
  );

  test.each(['X', 'plain'] as const)('a key of scheme U gives another key when opened with scheme %s', (scheme) => {
    expect(toHex(LMK.open('001', scheme, hex(field.slice(1))))).not.toBe(clear);
  });

  test('swapped halves are another key', () => {
    const swapped = `U${field.slice(17)}${field.slice(1, 17)}`;
    expect(toHex(open('001', swapped))).not.toBe(clear.slice(16) + clear.slice(0, 16));
  });

  test('a flipped bit is detected only by parity, which is a property of the scheme', () => {
    const others = bitFlips(hex(field.slice(1))).map((flipped) => LMK.open('001', 'U', flipped));
    expect(others.some((other) => equal(other, hex(clear)))).toBe(false);
    // Half of all bytes have odd parity, so one flipped part passes once in 256 times.
    expect(others.filter(hasOddParity).length).toBeLessThan(8);
  });

  test('an LMK of other pairs opens another key', () => {
    const other = new VariantLmk(new Map(PAIR_NAMES.map((name, i) => [name, Buffer.alloc(16, 2 * i + 1)])));
    expect(toHex(other.open('001', 'U', hex(field.slice(1))))).not.toBe(clear);
  });
});

test.each(['0', '0000', 'FFF', '00E', '00F', 'A01', '00a', '_01', '001 ', ''])('%j is not a key type', (type) => {
  expect(isKeyType(type)).toBe(false);
  expect(() => LMK.open(type, 'U', Buffer.alloc(16))).toThrow(expect.objectContaining({ code: 'KEY_TYPE' }));
});

test.each(['000', '001', '002', '402', '70D', '80D', '30B', '10C', '909'])('%s is a key type', (type) => {
  expect(isKeyType(type)).toBe(true);
});

test('an LMK needs all its pairs, each of 16 bytes', () => {
  const pairs = new Map(PAIR_NAMES.map((name) => [name, Buffer.alloc(16, 1)]));
  for (const name of PAIR_NAMES)
    for (const pair of [undefined, Buffer.alloc(0), Buffer.alloc(8), Buffer.alloc(24)]) {
      const faulty = new Map(pairs);
      if (pair) faulty.set(name, pair);
      else faulty.delete(name);
      expect(() => new VariantLmk(faulty)).toThrow(expect.objectContaining({ code: 'KEY_LENGTH' }));
    }
});

test('the LMK keeps its pairs in OpenSSL only', () => {
  expect(JSON.stringify(LMK)).toBe('{}');
  const pair = Buffer.alloc(16, 7);
  const lmk = new VariantLmk(new Map(PAIR_NAMES.map((name) => [name, pair])));
  const wrapped = toHex(lmk.wrap('001', 'U', Buffer.alloc(16, 1)));
  pair.fill(0);
  expect(toHex(lmk.wrap('001', 'U', Buffer.alloc(16, 1)))).toBe(wrapped);
});
