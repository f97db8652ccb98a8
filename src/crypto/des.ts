import { randomFillSync } from 'node:crypto';
import { BlockCipher } from './block-cipher.js';
import { equal } from './bytes.js';
import { CryptoError } from './errors.js';
import { cipherOf, HeldCipher, lendBytes, type SymmetricKey } from './held-key.js';

/**
 * Creates a TDES cipher: ANSI X9.52, NIST SP 800-67, keying options 1 (24 bytes) and 2 (16 bytes).
 *
 * @param key 16 or 24 bytes, parity ignored; the caller zeroizes it
 * @throws CryptoError KEY_LENGTH
 */
export function tdes(key: SymmetricKey): BlockCipher {
  if (key.length === 16) return cipherOf('des-ede', key, 8);
  if (key.length === 24) return cipherOf('des-ede3', key, 8);
  throw new CryptoError('KEY_LENGTH', 'A TDES key must be 16 or 24 bytes');
}

/**
 * Creates a single DES cipher (FIPS 46-3) as a building block of other constructions. OpenSSL 3 offers DES only in its
 * legacy provider, so this is TDES under K || K: encrypting, decrypting and encrypting with one key is a single
 * encryption.
 *
 * @param key 8 bytes, parity ignored; the caller zeroizes it
 * @throws CryptoError KEY_LENGTH
 */
export function des(key: Buffer): BlockCipher {
  if (key.length !== 8) throw new CryptoError('KEY_LENGTH', 'A DES key must be 8 bytes');
  const doubled = Buffer.concat([key, key]);
  try {
    return tdes(doubled);
  } finally {
    doubled.fill(0);
  }
}

/**
 * Creates the single DES cipher of the first part of a TDES key.
 *
 * @param key 16 or 24 bytes, parity ignored; the caller zeroizes it
 */
export function firstDes(key: SymmetricKey): BlockCipher {
  if (Buffer.isBuffer(key)) return des(key.subarray(0, 8));
  return key.cipher('first des', (held) =>
    lendBytes(held, (clear) => {
      const doubled = Buffer.concat([clear.subarray(0, 8), clear.subarray(0, 8)]);
      try {
        return new HeldCipher('des-ede', doubled, 8);
      } finally {
        doubled.fill(0);
      }
    }),
  );
}

/** Sets the low bit of each byte for odd parity (FIPS 46-3). Returns a new buffer, which the caller must zeroize. */
export function withOddParity(key: Buffer): Buffer {
  const result = Buffer.alloc(key.length);
  for (let i = 0; i < key.length; i++) result[i] = oddParity(key[i] as number);
  return result;
}

function oddParity(byte: number): number {
  let ones = byte >> 1;
  ones ^= ones >> 4;
  ones ^= ones >> 2;
  ones ^= ones >> 1;
  return (byte & 0xfe) | (~ones & 1);
}

/**
 * The 4 weak and 12 semi-weak DES keys, which must not be part of a TDES key: NIST SP 800-67 revision 2, section 3.3.2.
 */
const WEAK_DES_KEYS = `
  0101010101010101 fefefefefefefefe e0e0e0e0f1f1f1f1 1f1f1f1f0e0e0e0e
  01fe01fe01fe01fe fe01fe01fe01fe01 1fe01fe00ef10ef1 e01fe01ff10ef10e
  01e001e001f101f1 e001e001f101f101 1ffe1ffe0efe0efe fe1ffe1ffe0efe0e
  011f011f010e010e 1f011f010e010e01 e0fee0fef1fef1fe fee0fee0fef1fef1`
  .trim()
  .split(/\s+/)
  .map((key) => Buffer.from(key, 'hex'));

/**
 * Generates a TDES key as NIST SP 800-67 requires: odd parity, no weak or semi-weak parts, and all parts different.
 *
 * @param bytes 16 (keying option 2) or 24 (keying option 1); 8 for a single DES key of another construction
 * @returns the key; the caller must zeroize it
 */
export function generateTdesKey(bytes: 8 | 16 | 24): Buffer {
  const key = Buffer.alloc(bytes);
  do {
    randomFillSync(key);
    for (let i = 0; i < bytes; i++) key[i] = oddParity(key[i] as number);
  } while (!isStrong(key));
  return key;
}

/**
 * Returns true if no part of the key is weak or semi-weak and no two parts are equal. Parity is ignored, because DES
 * ignores it.
 *
 * @param key 8, 16 or 24 bytes; the caller zeroizes it
 */
export function isStrong(key: Buffer): boolean {
  const adjusted = withOddParity(key);
  try {
    const parts = Array.from({ length: key.length / 8 }, (_, i) => adjusted.subarray(8 * i, 8 * i + 8));
    return parts.every((part, i) => ![...WEAK_DES_KEYS, ...parts.slice(0, i)].some((other) => equal(part, other)));
  } finally {
    adjusted.fill(0);
  }
}
