import fc from 'fast-check';
import { bitFlips, countingKey, hex, macsOfEveryLength, vectors } from '../../test/support/vectors.js';
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

    test.each(cases)('matches $id: $source', ({ key, message, expected }) => {
      using cipher = cipherUnder(hex(key));
      expect(toHex(cmac(cipher, hex(message)))).toBe(expected.mac);
      expect(toHex(cmac(cipher, hex(message), 4))).toBe(expected.mac.slice(0, 8));
    });

    test.each(cases)('$id does not verify any message that differs in one bit', ({ key, message, expected }) => {
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

test('a TDES CMAC is at most one block long', () => {
  using cipher = tdes(Buffer.alloc(16));
  expect(() => cmac(cipher, Buffer.alloc(8), 9)).toThrow(expect.objectContaining({ code: 'MAC_LENGTH' }));
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));

// Node does not expose OpenSSL's CMAC, so this reimplements section 6.2 with integers.
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

// Computed with OpenSSL's CMAC through pyca/cryptography. The test computes each message with a new cipher, and all of
// them with one cipher.
test.each([
  ['AES-128', aes, 16, '9da18b28810ca65582d7e0179fb34dac4384caa49ec1a5fd6c31054b8b0a079a'],
  ['AES-192', aes, 24, 'c407339c71cefac9313400a918c34f5f3022a9949749fa3af3504f265b6f5590'],
  ['AES-256', aes, 32, '3209ca75e9e1573498ef1f184f18cdd0ed65f37141188236b492b1b6b3cc4e34'],
  ['two-key TDES', tdes, 16, '64a4d3537b4923c1a00b4a18080e9b44b0750962173073590a533d18ef87a0f3'],
  ['three-key TDES', tdes, 24, '34cd4545ecab00ca40f9208ffbf6df3746340997fbd39e9ef9091ff0747374b0'],
] as const)('CMAC over %s matches OpenSSL for messages of 0 to 40 bytes', (_name, cipherUnder, keyBytes, expected) => {
  const key = countingKey(keyBytes);
  const fresh = (message: Buffer) => {
    using cipher = cipherUnder(key);
    return cmac(cipher, message);
  };
  expect(macsOfEveryLength(fresh)).toBe(expected);
  using cipher = cipherUnder(key);
  expect(macsOfEveryLength((message) => cmac(cipher, message))).toBe(expected);
});

test('does not modify the message and returns the MAC in a new buffer', () => {
  using cipher = aes(Buffer.alloc(16, 1));
  for (const length of [0, 5, 16, 32, 37]) {
    const message = Buffer.alloc(length, 2);
    const mac = cmac(cipher, message);
    const before = toHex(mac);
    mac.fill(0xff);
    expect(toHex(cmac(cipher, message))).toBe(before);
    expect(message).toEqual(Buffer.alloc(length, 2));
  }
});

test('ends a message whose first blocks were chained before', () => {
  const message = Buffer.alloc(43, 7);
  for (const length of [16, 32]) {
    using cipher = aes(countingKey(16));
    const iv = cipher.encryptCbc(Buffer.alloc(16), message.subarray(0, length)).subarray(-16);
    expect(cmac(cipher, message.subarray(length), 16, iv)).toEqual(cmac(cipher, message));
  }
});
