import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import { type Ibm3624Arguments, isWeakDecimalizationTable, naturalPin, pinFromOffset, pinOffset } from './ibm3624.js';

interface Ibm3624Vector extends Ibm3624Arguments {
  pvk: string;
  pin: string;
  pinLength: number;
  expected: { naturalPin: string; offset: string; pin: string };
}

const pvk = hex('0123456789ABCDEFFEDCBA9876543210');
const given: Ibm3624Arguments = {
  validationData: '5432101234567890',
  padCharacter: 'F',
  decimalizationTable: '0123456789012345',
};
const digits = (min: number, max = min) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
const refused = (code: string) => expect.objectContaining({ code }) as Error;

describe('IBM 3624', () => {
  test.each(vectors<Ibm3624Vector>('pin', 'IBM 3624'))(
    'matches $id: $source',
    ({ pvk, pin, pinLength, expected, ...from }) => {
      expect(naturalPin(hex(pvk), from, pinLength)).toBe(expected.naturalPin);
      expect(pinOffset(hex(pvk), from, pin)).toBe(expected.offset);
      expect(pinFromOffset(hex(pvk), from, expected.offset)).toBe(expected.pin);
    },
  );

  test('pinFromOffset recovers the PIN of an offset', () => {
    const some = fc.record({
      validationData: digits(4, 16),
      padCharacter: fc.stringMatching(/^[0-9A-Fa-f]$/),
      decimalizationTable: digits(16),
    });
    fc.assert(
      fc.property(some, digits(4, 12), (from, pin) => {
        expect(pinFromOffset(pvk, from, pinOffset(pvk, from, pin))).toBe(pin);
      }),
    );
  });

  test('the offset of the natural PIN is all zeros, for any length', () => {
    for (let length = 4; length <= 12; length++) {
      const natural = naturalPin(pvk, given, length);
      expect(natural).toHaveLength(length);
      expect(naturalPin(pvk, given, 12).startsWith(natural)).toBe(true);
      expect(pinOffset(pvk, given, natural)).toBe('0'.repeat(length));
    }
  });

  test('the pad character pads on the right and may be in either case', () => {
    const padded = { ...given, validationData: '54321012', padCharacter: '7' };
    const whole = { ...given, validationData: '5432101277777777' };
    expect(naturalPin(pvk, padded, 12)).toBe(naturalPin(pvk, whole, 12));
    const lower = { ...padded, padCharacter: 'c' };
    expect(naturalPin(pvk, lower, 12)).toBe(naturalPin(pvk, { ...lower, padCharacter: 'C' }, 12));
    expect(naturalPin(pvk, lower, 12)).not.toBe(naturalPin(pvk, padded, 12));
  });

  test.each<[string, Partial<Ibm3624Arguments>]>([
    ['validation data of 3 digits', { validationData: '543' }],
    ['validation data of 17 digits', { validationData: '54321012345678901' }],
    ['validation data with a letter', { validationData: '5432F' }],
    ['no pad character', { padCharacter: '' }],
    ['two pad characters', { padCharacter: 'FF' }],
    ['a pad character that is not hexadecimal', { padCharacter: 'G' }],
    ['a decimalization table of 15 digits', { decimalizationTable: '012345678901234' }],
    ['a decimalization table of 17 digits', { decimalizationTable: '01234567890123456' }],
    ['a decimalization table with a letter', { decimalizationTable: '0123456789ABCDEF' }],
  ])('refuses %s', (_, wrong) => {
    const from = { ...given, ...wrong };
    expect(() => naturalPin(pvk, from, 4)).toThrow(refused('DIGITS'));
    expect(() => pinOffset(pvk, from, '1234')).toThrow(refused('DIGITS'));
    expect(() => pinFromOffset(pvk, from, '1234')).toThrow(refused('DIGITS'));
  });

  test.each(['', '123', '1234567890123', '12F4', 'FFFF'])('refuses %j as a PIN and as an offset', (text) => {
    expect(() => pinOffset(pvk, given, text)).toThrow(refused('PIN'));
    expect(() => pinFromOffset(pvk, given, text)).toThrow(refused('DIGITS'));
  });

  test.each([3, 13, 4.5])('refuses a natural PIN of %d digits', (length) => {
    expect(() => naturalPin(pvk, given, length)).toThrow(refused('PIN'));
  });

  test.each([8, 15, 32])('refuses a key of %i bytes', (bytes) => {
    expect(() => naturalPin(Buffer.alloc(bytes), given, 4)).toThrow(refused('KEY_LENGTH'));
  });
});

describe('a decimalization table', () => {
  test.each([
    ['sixteen zeros', '0000000000000000'],
    ['one digit different from the others', '0000000000000001'],
    ['seven different digits', '0123456012345601'],
    ['seven different digits of a published vector', '6797233276802789'],
    ['eight digits, one of them five times', '0000012345670123'],
    ['ten digits, one of them seven times', '0000000123456789'],
    ['a published vector with five ones', '1309916511987771'],
    ['two digits alternating', '0101010101010101'],
  ])('of %s is weak', (_, table) => {
    expect(isWeakDecimalizationTable(table)).toBe(true);
  });

  test.each([
    ['the digits in ascending order', '0123456789012345'],
    ['the digits in descending order', '9876543210123456'],
    ['eight different digits, each twice', '0011223344556677'],
    ['eight different digits, one four times', '0000123456712345'],
    ['a published vector', '2096174637935319'],
  ])('of %s is not weak', (_, table) => {
    expect(isWeakDecimalizationTable(table)).toBe(false);
  });
});
