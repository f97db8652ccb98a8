import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../test/support/vectors.js';
import { aes } from './aes.js';
import type { BlockCipher } from './block-cipher.js';
import { equal, padMethod2, toHex, xor } from './bytes.js';
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

    test.each(cases)('$id is the MAC of no message one bit away', ({ key, message, expected }) => {
      using cipher = cipherUnder(hex(key));
      const others = [...bitFlips(hex(message)), Buffer.concat([hex(message), Buffer.of(0)])];
      expect(others.filter((other) => equal(cmac(cipher, other), hex(expected.mac)))).toEqual([]);
    });

    test.each([0, -1, 17, 3.5, NaN])('refuses a MAC of %d bytes', (length) => {
      using cipher = cipherUnder(Buffer.alloc(16));
      expect(() => cmac(cipher, Buffer.alloc(8), length)).toThrow(expect.objectContaining({ code: 'MAC_LENGTH' }));
    });
  },
);

test('a TDES CMAC is not longer than its block', () => {
  using cipher = tdes(Buffer.alloc(16));
  expect(() => cmac(cipher, Buffer.alloc(8), 9)).toThrow(expect.objectContaining({ code: 'MAC_LENGTH' }));
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));

// Node has no CMAC of OpenSSL's to compare with, so this is section 6.2 again, on whole numbers.
test.each([
  ['AES', aes, 0x87n],
  ['TDES', tdes, 0x1bn],
] as const)('CMAC over %s is CBC of the message with its last block masked', (_name, cipherUnder, r) => {
  fc.assert(
    fc.property(fc.constantFrom(16, 24).chain(bytes), fc.nat({ max: 50 }).chain(bytes), (key, message) => {
      using cipher = cipherUnder(key);
      const { blockBytes } = cipher;
      const double = (block: Buffer) => {
        const doubled = BigInt(`0x${toHex(block)}`) << 1n;
        const bits = 8 * blockBytes;
        const reduced = BigInt.asUintN(bits, doubled >> BigInt(bits) ? doubled ^ r : doubled);
        return hex(reduced.toString(16).padStart(2 * blockBytes, '0'));
      };
      const k1 = double(cipher.encrypt(Buffer.alloc(blockBytes)));
      const whole = message.length > 0 && message.length % blockBytes === 0;
      const padded = whole ? message : padMethod2(message, blockBytes);
      const subkey = whole ? k1 : double(k1);
      const mask = Buffer.concat([Buffer.alloc(padded.length - blockBytes), subkey]);
      const expected = cipher.encryptCbc(Buffer.alloc(blockBytes), xor(padded, mask)).subarray(-blockBytes);
      expect(toHex(cmac(cipher, message))).toBe(toHex(expected));
    }),
  );
});
