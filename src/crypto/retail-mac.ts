import { padMethod1 } from './bytes.js';
import { des } from './des.js';
import { CryptoError } from './errors.js';

/**
 * Retail MAC: ISO/IEC 9797-1:2011, MAC algorithm 3 over DES with padding method 1 (also ANSI X9.19).
 *
 * @param key    TDES MAC key, 16 or 24 bytes, parity ignored; of a 24-byte key the third part replaces the first in the
 *               last encryption; stays the caller's to zeroize
 * @param data   message as bytes, any length; an empty message counts as one block of zeros
 * @param length bytes of MAC to return, 1 to 8, leftmost first
 * @throws CryptoError KEY_LENGTH, MAC_LENGTH
 */
export function retailMac(key: Buffer, data: Buffer, length = 8): Buffer {
  if (key.length !== 16 && key.length !== 24)
    throw new CryptoError('KEY_LENGTH', 'A retail MAC key must be 16 or 24 bytes');
  if (length < 1 || length > 8) throw new CryptoError('MAC_LENGTH', 'A retail MAC has 1 to 8 bytes');
  using first = des(key.subarray(0, 8));
  using second = des(key.subarray(8, 16));
  using third = key.length === 24 ? des(key.subarray(16)) : undefined;

  const chained = first.encryptCbc(Buffer.alloc(8), padMethod1(data, 8)).subarray(-8);
  // Output transformation 3: the other parts enter once, on the last block only.
  return (third ?? first).encrypt(second.decrypt(chained)).subarray(0, length);
}
