import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import { ff1Decrypt, ff1Encrypt } from './ff1.js';
import { HeldKey } from './held-key.js';

interface Vector {
  key: string;
  radix: number;
  tweak: string;
  plaintext: string;
  ciphertext: string;
}

test.each(vectors<Vector>('ff1'))('$id: $source', ({ key, radix, tweak, plaintext, ciphertext }) => {
  const how = { key: hex(key), radix, tweak: hex(tweak) };
  expect(ff1Encrypt(how, plaintext)).toBe(ciphertext);
  expect(ff1Decrypt(how, ciphertext)).toBe(plaintext);
  expect(ff1Encrypt({ ...how, key: new HeldKey(hex(key)) }, plaintext)).toBe(ciphertext);
});

const how = { key: Buffer.alloc(32, 7), radix: 10, tweak: Buffer.from('123456789012') };

test('is a permutation of the numerals of a length', () => {
  const all = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'));
  const images = all.map((text) => ff1Encrypt(how, text));
  expect(new Set(images)).toEqual(new Set(all));
  expect(images.map((text) => ff1Decrypt(how, text))).toEqual(all);
});

test('decrypts what it encrypted, for any radix, length and tweak', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 36 }).chain((radix) =>
        fc.record({
          radix: fc.constant(radix),
          numerals: fc.array(fc.integer({ min: 0, max: radix - 1 }), { minLength: 7, maxLength: 60 }),
          tweak: fc.uint8Array({ maxLength: 40 }),
        }),
      ),
      ({ radix, numerals, tweak }) => {
        const args = { key: Buffer.alloc(16, 1), radix, tweak: Buffer.from(tweak) };
        const text = numerals.map((numeral) => numeral.toString(radix)).join('');
        const encrypted = ff1Encrypt(args, text);
        expect(encrypted).toHaveLength(text.length);
        expect(ff1Decrypt(args, encrypted)).toBe(text);
      },
    ),
    { numRuns: 50 },
  );
});

test('another tweak or key gives another text', () => {
  const images = [how, { ...how, tweak: Buffer.from('123456789013') }, { ...how, key: Buffer.alloc(32, 8) }];
  expect(new Set(images.map((args) => ff1Encrypt(args, '0123456789'))).size).toBe(3);
});

test.each([
  ['', 10, 'DATA_LENGTH'],
  ['1', 36, 'DATA_LENGTH'],
  ['101010', 2, 'DATA_LENGTH'],
  ['0'.repeat(257), 10, 'DATA_LENGTH'],
  ['12a4', 10, 'DATA_FORMAT'],
  ['12A4', 36, 'DATA_FORMAT'],
  ['12 4', 10, 'DATA_FORMAT'],
  ['1234', 1, 'DATA_FORMAT'],
  ['1234', 37, 'DATA_FORMAT'],
  ['1234', 9.5, 'DATA_FORMAT'],
])('refuses %j of radix %d: %s', (text, radix, code) => {
  expect(() => ff1Encrypt({ ...how, radix }, text)).toThrow(expect.objectContaining({ code }));
  expect(() => ff1Decrypt({ ...how, radix }, text)).toThrow(expect.objectContaining({ code }));
});

test('refuses a tweak of 256 bytes, and keys that are not AES keys', () => {
  const refused = (args: object, code: string) =>
    expect(() => ff1Encrypt({ ...how, ...args }, '1234')).toThrow(expect.objectContaining({ code }));
  refused({ tweak: Buffer.alloc(256) }, 'DATA_LENGTH');
  refused({ key: Buffer.alloc(8) }, 'KEY_LENGTH');
  refused({ key: Buffer.alloc(33) }, 'KEY_LENGTH');
});
