import { createHash, createPublicKey } from 'node:crypto';
import { hex } from '../../test/support/vectors.js';
import { checkValues, methodsOf, publicKeyCheckValue } from './check-values.js';

const TDES_KEY = hex('0123456789ABCDEFFEDCBA9876543210');

test.each([
  ['DES', 'ECB', '0123456789ABCDEF', 'D5D44FF720683D0D'],
  ['TDES', 'ECB', '0123456789ABCDEFFEDCBA9876543210', '08D7B4FB629D0885'],
  // FIPS 197 C.1's key, over a block of zeros.
  ['AES', 'ECB', '000102030405060708090A0B0C0D0E0F', 'C6A13B37878F5B826F4F8162A1C8D879'],
])('computes %s %s of %s', (algorithm, method, key, digits) => {
  expect(checkValues(hex(key))).toContainEqual({ algorithm, method, digits });
});

test('tries every algorithm that the length fits', () => {
  const algorithms = (bytes: number) => [...new Set(checkValues(Buffer.alloc(bytes, 1)).map((each) => each.algorithm))];
  expect([8, 16, 24, 32, 20].map(algorithms)).toEqual([
    ['DES', 'HMAC'],
    ['TDES', 'AES', 'HMAC'],
    ['TDES', 'AES', 'HMAC'],
    ['AES', 'HMAC'],
    ['HMAC'],
  ]);
});

test('finds the method that gives a check value', () => {
  expect(methodsOf(TDES_KEY, '08d7b4')).toEqual([{ algorithm: 'TDES', method: 'ECB', digits: '08D7B4FB629D0885' }]);
  const cmac = checkValues(TDES_KEY).find(({ algorithm, method }) => algorithm === 'AES' && method === 'CMAC')!;
  expect(methodsOf(TDES_KEY, cmac.digits.slice(0, 10))).toEqual([cmac]);
  expect(methodsOf(TDES_KEY, '08D7B5')).toEqual([]);
});

test.each([
  ['a key of 7 bytes', Buffer.alloc(7), '08D7B4'],
  ['a key of 65 bytes', Buffer.alloc(65), '08D7B4'],
  ['a check value of 3 digits', TDES_KEY, '08D'],
  ['a check value of 17 digits', TDES_KEY, '08D7B4FB629D08850'],
  ['letters', TDES_KEY, 'XYZW'],
])('refuses %s', (_, key, value) => {
  expect(() => methodsOf(key, value)).toThrow(expect.objectContaining({ name: 'CryptoError' }) as Error);
});

/** RFC 8410 section 10.1. */
const PUBLIC =
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';

test('computes the check value of a public key', () => {
  const spki = createPublicKey(PUBLIC).export({ format: 'der', type: 'spki' });
  const expected = createHash('sha1').update(spki).digest('hex').slice(0, 8).toUpperCase();
  expect(publicKeyCheckValue(PUBLIC)).toEqual({ digits: expected, bytes: 44 });
});

test.each([
  ['nothing', ''],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nMCow\n-----END CERTIFICATE-----'],
  ['a key that is cut off', PUBLIC.replace('XAxZuE=', '')],
  ['a private key', '-----BEGIN PRIVATE KEY-----\nMCowBQ==\n-----END PRIVATE KEY-----'],
])('refuses %s as a public key', (_, pem) => {
  expect(() => publicKeyCheckValue(pem)).toThrow(expect.objectContaining({ code: 'KEY_TYPE' }) as Error);
});
