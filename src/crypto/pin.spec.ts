import fc from 'fast-check';
import { randomPin, requirePin, requirePinLength } from './pin.js';
import { requirePan } from './pan.js';

const refused = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;

describe('randomPin', () => {
  test.each([4, 5, 6, 7, 8, 9, 10, 11, 12])('has %i digits', (length) => {
    for (let i = 0; i < 50; i++) expect(randomPin(length)).toMatch(new RegExp(`^[0-9]{${length}}$`));
  });

  test('every digit occurs equally often in every position', () => {
    const count = Array.from({ length: 4 }, () => new Array<number>(10).fill(0));
    for (let i = 0; i < 20_000; i++)
      Array.from(randomPin(4)).forEach((digit, place) => count[place]![Number(digit)]!++);
    // 2000 of each are expected, with a standard deviation of 42. A deviation of seven times that occurs by chance
    // about once in ten billion runs.
    for (const times of count.flat()) expect(Math.abs(times - 2000)).toBeLessThan(300);
  });

  test.each([3, 13, 0, -4, 4.5, NaN, Infinity])('refuses %d digits', (length) => {
    expect(() => randomPin(length)).toThrow(refused('PIN'));
    expect(() => requirePinLength(length)).toThrow(refused('PIN'));
  });
});

describe('requirePin and requirePan', () => {
  test('accept every digit string of the right length', () => {
    fc.assert(fc.property(fc.stringMatching(/^[0-9]{4,12}$/), (pin) => requirePin(pin)));
    fc.assert(fc.property(fc.stringMatching(/^[0-9]{12,19}$/), (pan) => requirePan(pan)));
  });

  test.each(['', '123', '1234567890123', '12a4', '12 34', '1234\n', '-1234', '١٢٣٤', '12345F'])(
    'refuse PIN %j',
    (pin) => expect(() => requirePin(pin)).toThrow(refused('PIN')),
  );

  test.each([
    '',
    '41111111111',
    '41111111111111111111',
    '4111 1111 1111 1111',
    '411111111111111D',
    '4111111111111111\n',
  ])('refuse PAN %j', (pan) => expect(() => requirePan(pan)).toThrow(refused('PAN')));

  test('do not reveal digits in their messages', () => {
    expect(() => requirePin('987')).toThrow(/^A PIN has 4 to 12 digits$/);
    expect(() => requirePan('98765')).toThrow(/^A PAN has 12 to 19 digits$/);
  });
});
