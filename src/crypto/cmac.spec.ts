import { hex, vectors } from '../../test/support/vectors.js';
import { aes } from './aes.js';
import type { BlockCipher } from './block-cipher.js';
import { toHex } from './bytes.js';
import { cmac } from './cmac.js';
import { tdes } from './des.js';

interface CmacVector {
  key: string;
  message: string;
  expected: { mac: string };
}

const CIPHERS = { 'CMAC AES': aes, 'CMAC TDES': tdes } as const;

describe.each(Object.entries(CIPHERS))(
  '%s, NIST SP 800-38B',
  (algorithm, cipherUnder: (key: Buffer) => BlockCipher) => {
    const cases = vectors<CmacVector>('mac', algorithm);

    test.each(cases)('$id: $source', ({ key, message, expected }) => {
      using cipher = cipherUnder(hex(key));
      expect(toHex(cmac(cipher, hex(message)))).toBe(expected.mac);
      expect(toHex(cmac(cipher, hex(message), 4))).toBe(expected.mac.slice(0, 8));
    });

    test.each([0, -1, 17])('refuses a MAC of %i bytes', (length) => {
      using cipher = cipherUnder(Buffer.alloc(16));
      expect(() => cmac(cipher, Buffer.alloc(8), length)).toThrow(expect.objectContaining({ code: 'MAC_LENGTH' }));
    });
  },
);

test('a TDES CMAC is not longer than its block', () => {
  using cipher = tdes(Buffer.alloc(16));
  expect(() => cmac(cipher, Buffer.alloc(8), 9)).toThrow(expect.objectContaining({ code: 'MAC_LENGTH' }));
});
