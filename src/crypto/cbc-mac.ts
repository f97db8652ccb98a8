import { ZEROS } from './block-cipher.js';
import { padMethod1 } from './bytes.js';
import { tdes } from './des.js';
import { requireMacLength } from './fields.js';
import type { SymmetricKey } from './held-key.js';

/**
 * Computes a CBC-MAC: ISO/IEC 9797-1:2011 MAC algorithm 1 with TDES and padding method 1.
 *
 * @param key    TDES MAC key, 16 or 24 bytes, used in full for every block; the caller zeroizes it
 * @param data   message as bytes, any length; an empty message counts as one block of zeros
 * @param length MAC bytes to return, 1 to 8, leftmost first
 * @param iv     8 bytes: the chaining value of the blocks before `data`, if this is the end of a longer message
 * @throws CryptoError KEY_LENGTH, MAC_LENGTH, IV_LENGTH
 */
export function cbcMac(key: SymmetricKey, data: Buffer, length = 8, iv: Buffer = ZEROS[8]): Buffer {
  requireMacLength(length, 8);
  using cipher = tdes(key);
  return cipher.encryptCbc(iv, padMethod1(data, 8)).subarray(-8).subarray(0, length);
}
