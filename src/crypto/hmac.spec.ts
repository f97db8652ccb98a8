import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../test/support/vectors.js';
import { equal, toHex, xor } from './bytes.js';
import { hmac, HMAC_BYTES, type HmacHash } from './hmac.js';

const HASHES = Object.keys(HMAC_BYTES) as HmacHash[];

interface HmacVector {
  key: string;
  keyHash: string;
  message: string;
  expected: { mac: string };
}

test.each(vectors<HmacVector>('mac', 'HMAC'))(
  'matches $id: $source, $keyHash',
  ({ key, keyHash, message, expected: { mac } }) => {
    const hash = keyHash.replace('-', '') as HmacHash;
    expect(toHex(hmac(hash, hex(key), hex(message)))).toBe(mac);
    expect(toHex(hmac(hash, hex(key), hex(message), 4))).toBe(mac.slice(0, 8));
  },
);

test.each(vectors<HmacVector>('mac', 'HMAC'))(
  '$id does not verify any message that differs in one bit',
  ({ key, keyHash, message, expected: { mac } }) => {
    const hash = keyHash.replace('-', '') as HmacHash;
    const others = [...bitFlips(hex(message)), Buffer.concat([hex(message), Buffer.of(0)])];
    expect(others.filter((other) => equal(hmac(hash, hex(key), other), hex(mac)))).toEqual([]);
  },
);

test.each<[HmacHash, string]>([
  ['SHA224', '0E2AEA68A90C8D37C988BCDB9FCA6FA8'],
  ['SHA256', 'A3B6167473100EE06E0C796C2955552B'],
  ['SHA384', '3ABF34C3503B2A23A46EFC619BAEF897'],
  ['SHA512', '415FAD6271580A531D4179BC891D87A6'],
])('matches RFC 4231 test case 5, %s truncated to 128 bits', (hash, mac) => {
  expect(toHex(hmac(hash, Buffer.alloc(20, 0x0c), Buffer.from('Test With Truncation'), 16))).toBe(mac);
});

test.each<[HmacHash, string]>([
  ['SHA256', 'B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7'],
  [
    'SHA512',
    '87AA7CDEA5EF619D4FF0B4241A1D6CB02379F4E2CE4EC2787AD0B30545E17CDE' +
      'DAA833B7D6B8A702038B274EAEA3F4E4BE9D914EEB61F1702E696C203A126854',
  ],
])('matches RFC 4231 test case 1, %s', (hash, mac) => {
  expect(toHex(hmac(hash, Buffer.alloc(20, 0x0b), Buffer.from('Hi There')))).toBe(mac);
});

describe.each(HASHES)('%s', (hash) => {
  // Block length of the hash: shorter keys are padded to it and longer ones are hashed (FIPS 198-1 section 4).
  const blockBytes = hash === 'SHA224' || hash === 'SHA256' ? 64 : 128;
  const digest = (...parts: Buffer[]) => createHash(hash).update(Buffer.concat(parts)).digest();

  test('follows FIPS 198-1 for keys shorter than, as long as and longer than the block', () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(anyBytes, anyBytes, (key, data) => {
        const block = Buffer.alloc(blockBytes);
        (key.length > blockBytes ? digest(key) : key).copy(block);
        const inner = digest(xor(block, Buffer.alloc(blockBytes, 0x36)), data);
        const outer = digest(xor(block, Buffer.alloc(blockBytes, 0x5c)), inner);
        expect(toHex(hmac(hash, key, data))).toBe(toHex(outer));
      }),
    );
  });

  test('returns the leftmost bytes, at most the whole digest', () => {
    const whole = hmac(hash, Buffer.alloc(16), Buffer.alloc(1));
    expect(whole).toHaveLength(HMAC_BYTES[hash]);
    for (const length of [1, 4, 16, HMAC_BYTES[hash]])
      expect(toHex(hmac(hash, Buffer.alloc(16), Buffer.alloc(1), length))).toBe(toHex(whole.subarray(0, length)));
  });

  test.each([-1, 0, HMAC_BYTES[hash] + 1, 3.5, NaN])('refuses a MAC of %d bytes', (length) => {
    const refused = expect.objectContaining({ name: 'CryptoError', code: 'MAC_LENGTH' }) as Error;
    expect(() => hmac(hash, Buffer.alloc(16), Buffer.alloc(1), length)).toThrow(refused);
  });
});
