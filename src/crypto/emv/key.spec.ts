import { lend, requireEmvKey } from './key.js';

describe('lend', () => {
  test('zeroizes the secret after use', () => {
    const secret = Buffer.from('secret');
    expect(lend(secret, (lent) => lent.toString())).toBe('secret');
    expect(secret).toEqual(Buffer.alloc(6));
  });

  test('zeroizes the secret when the computation throws', () => {
    const secret = Buffer.from('secret');
    expect(() =>
      lend(secret, () => {
        throw new Error('of its user');
      }),
    ).toThrow('of its user');
    expect(secret).toEqual(Buffer.alloc(6));
  });
});

test.each([0, 8, 15, 17, 24, 32])('refuses an EMV key of %i bytes', (length) => {
  expect(() => requireEmvKey(Buffer.alloc(length))).toThrow(expect.objectContaining({ code: 'KEY_LENGTH' }));
});
