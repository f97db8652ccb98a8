import { ZEROS } from './block-cipher.js';
import { padMethod1, xor } from './bytes.js';
import { firstDes, tdes } from './des.js';
import { requireMacLength } from './fields.js';
import type { SymmetricKey } from './held-key.js';

/**
 * Computes a retail MAC: ISO/IEC 9797-1:2011 MAC algorithm 3 with DES and padding method 1 (also ANSI X9.19, and AS
 * 2805.4.1, which returns 4 bytes).
 *
 * @param key    TDES MAC key, 16 or 24 bytes, parity ignored; the third part of a 24-byte key replaces the first in the
 *               last encryption; the caller zeroizes it
 * @param data   message as bytes, any length; an empty message counts as one block of zeros
 * @param length MAC bytes to return, 1 to 8, leftmost first
 * @param iv     8 bytes: the chaining value of the blocks before `data`, if this is the end of a longer message
 * @throws CryptoError KEY_LENGTH, MAC_LENGTH, IV_LENGTH
 */
export function retailMac(key: SymmetricKey, data: Buffer, length = 8, iv: Buffer = ZEROS[8]): Buffer {
  requireMacLength(length, 8);
  using whole = tdes(key);
  using first = firstDes(key);

  const padded = padMethod1(data, 8);
  const last = padded.length - 8;
  // Output transformation 3 decrypts and encrypts the output of the last DES encryption; the three together are one
  // TDES encryption.
  const chained = last === 0 ? iv : first.encryptCbc(iv, padded.subarray(0, last)).subarray(-8);
  return whole.encrypt(xor(chained, padded.subarray(last))).subarray(0, length);
}
