import { BlockCipher } from './block-cipher.js';
import { CryptoError } from './errors.js';
import { cipherOf, type SymmetricKey } from './held-key.js';

/**
 * Creates an AES cipher (FIPS 197).
 *
 * @param key 16, 24 or 32 bytes; the caller zeroizes it
 * @throws CryptoError KEY_LENGTH
 */
export function aes(key: SymmetricKey): BlockCipher {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32)
    throw new CryptoError('KEY_LENGTH', 'An AES key must be 16, 24 or 32 bytes');
  return cipherOf(`aes-${key.length * 8}`, key, 16);
}
