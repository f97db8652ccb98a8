import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { hex } from '../../test/support/vectors.js';
import { aes } from './aes.js';
import { toHex } from './bytes.js';

test.each([
  ['C.1', '000102030405060708090A0B0C0D0E0F', '69C4E0D86A7B0430D8CDB78070B4C55A'],
  ['C.2', '000102030405060708090A0B0C0D0E0F1011121314151617', 'DDA97CA4864CDFE06EAF70A0EC0D7191'],
  ['C.3', '000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F', '8EA2B7CA516745BFEAFC49904B496089'],
])('matches FIPS 197 appendix %s', (_appendix, key, ciphertext) => {
  using cipher = aes(hex(key));
  const plaintext = '00112233445566778899AABBCCDDEEFF';
  expect(cipher.blockBytes).toBe(16);
  expect(toHex(cipher.encrypt(hex(plaintext)))).toBe(ciphertext);
  expect(toHex(cipher.decrypt(hex(ciphertext)))).toBe(plaintext);
});

test.each([16, 24, 32])("a key of %i bytes matches OpenSSL's AES-CBC", (keyBytes) => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
  fc.assert(
    fc.property(bytes(keyBytes), bytes(16), bytes(48), (key, iv, blocks) => {
      using cipher = aes(key);
      const expected = createCipheriv(`aes-${keyBytes * 8}-cbc`, key, iv)
        .setAutoPadding(false)
        .update(blocks);
      expect(toHex(cipher.encryptCbc(iv, blocks))).toBe(toHex(expected));
    }),
    { numRuns: 30 },
  );
});

test.each([0, 8, 15, 17, 20, 31, 33, 64])('refuses a key of %i bytes', (length) => {
  expect(() => aes(Buffer.alloc(length))).toThrow(expect.objectContaining({ name: 'CryptoError', code: 'KEY_LENGTH' }));
});
