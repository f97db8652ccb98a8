import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import { pvv } from './pvv.js';

interface PvvVector {
  pvk: string;
  pan: string;
  pvki: number;
  pin: string;
  expected: { pvv: string };
}

const pvk = hex('0123456789ABCDEFFEDCBA9876543210');
const given = { pan: '5432101234567890', pvki: 1, pin: '1234' };
const digits = (min: number, max = min) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));

/** Returns every string that differs from this one in a single digit. */
const digitChanges = (text: string) =>
  Array.from(text).flatMap((digit, i) =>
    Array.from('0123456789')
      .filter((other) => other !== digit)
      .map((other) => text.slice(0, i) + other + text.slice(i + 1)),
  );

describe('pvv, Visa PIN verification value', () => {
  test.each(vectors<PvvVector>('pin', 'Visa PVV'))('matches $id: $source', ({ pvk, pan, pvki, pin, expected }) => {
    expect(pvv(hex(pvk), { pan, pvki, pin })).toBe(expected.pvv);
  });

  // One PIN in ten thousand has the same four-digit PVV by chance, but none of these PINs does.
  test.each(vectors<PvvVector>('pin', 'Visa PVV'))(
    '$id: differs for a PIN that differs in one digit, another index or another account',
    ({ pvk, pan, pvki, pin, expected }) => {
      const account = pan.length - 2;
      const others = [
        ...digitChanges(pin.slice(0, 4)).map((other) => ({ pan, pvki, pin: other })),
        ...[0, 1, 2, 3, 4, 5, 6].filter((other) => other !== pvki).map((other) => ({ pan, pvki: other, pin })),
        { pan: pan.slice(0, account) + ((Number(pan[account]) + 1) % 10).toString() + pan.slice(-1), pvki, pin },
      ];
      expect(others.filter((other) => pvv(hex(pvk), other) === expected.pvv)).toEqual([]);
    },
  );

  test('uses four PIN digits, eleven PAN digits and the key index', () => {
    const value = pvv(pvk, given);
    expect(value).toBe('6776');
    expect(pvv(pvk, { ...given, pin: '123499999999' })).toBe(value);
    expect(pvv(pvk, { ...given, pan: '9995432101234567893' })).toBe(value);
    expect(pvv(pvk, { ...given, pan: '012345678900' })).not.toBe(value);
    expect(pvv(pvk, { ...given, pin: '1235' })).not.toBe(value);
    expect(pvv(pvk, { ...given, pvki: 2 })).not.toBe(value);
  });

  test('takes the decimal digits of the block, then its letters minus ten', () => {
    fc.assert(
      fc.property(digits(12, 19), fc.integer({ min: 0, max: 6 }), digits(4, 12), (pan, pvki, pin) => {
        const cipher = createCipheriv('des-ede', pvk, null).setAutoPadding(false);
        const block = cipher.update(hex(pan.slice(pan.length - 12, pan.length - 1) + `${pvki}` + pin.slice(0, 4)));
        const nibbles = [...block].flatMap((byte) => [byte >> 4, byte % 16]);
        const value = [...nibbles.filter((n) => n < 10), ...nibbles.filter((n) => n >= 10).map((n) => n - 10)];
        expect(pvv(pvk, { pan, pvki, pin })).toBe(value.slice(0, 4).join(''));
      }),
    );
  });

  test.each([
    ['KEY_LENGTH', { key: Buffer.alloc(8) }],
    ['KEY_LENGTH', { key: Buffer.alloc(15) }],
    ['KEY_LENGTH', { key: Buffer.alloc(32) }],
    ['KEY_LENGTH', { key: Buffer.alloc(0) }],
    ['PAN', { pan: '' }],
    ['PAN', { pan: '54321012345' }],
    ['PAN', { pan: '54321012345678901234' }],
    ['PAN', { pan: '54321012345678 0' }],
    ['PIN', { pin: '123' }],
    ['PIN', { pin: '1234567890123' }],
    ['PIN', { pin: '12A4' }],
    ['DIGITS', { pvki: -1 }],
    ['DIGITS', { pvki: 7 }],
    ['DIGITS', { pvki: 1.5 }],
    ['DIGITS', { pvki: NaN }],
  ])('throws %s for %p', (code, { key, ...wrong }: Partial<typeof given> & { key?: Buffer }) => {
    expect(() => pvv(key ?? pvk, { ...given, ...wrong })).toThrow(expect.objectContaining({ code }));
  });
});
