import { createDecipheriv, createSecretKey } from 'node:crypto';
import { CryptoError } from './errors.js';

/** The first half of the alternative initial value: RFC 5649 section 3. The length of the key data follows it. */
const ICV2 = Buffer.from('A65959A6', 'hex');

const HALF_BLOCK_BYTES = 8;

/**
 * Unwraps key data of any length that was wrapped with AES key wrap with padding: RFC 5649 section 4.2, which NIST SP 800-38F calls
 * KWP-AD.
 *
 * @param kek     AES key of 16, 24 or 32 bytes; the caller zeroizes it. OpenSSL uses a copy in a KeyObject and clears it when
 *                the KeyObject is garbage collected
 * @param wrapped at least 16 bytes, in whole blocks of 8
 * @returns the key data, the caller's to zeroize
 * @throws CryptoError KEY_LENGTH, and DECRYPTION_FAILED for anything else than data that was wrapped with this key
 */
export function unwrapPadded(kek: Buffer, wrapped: Buffer): Buffer {
  if (kek.length !== 16 && kek.length !== 24 && kek.length !== 32)
    throw new CryptoError('KEY_LENGTH', 'An AES key must be 16, 24 or 32 bytes');
  // OpenSSL would unwrap an empty input to an empty key.
  if (wrapped.length < 2 * HALF_BLOCK_BYTES || wrapped.length % HALF_BLOCK_BYTES !== 0) throw failed();
  try {
    const unwrapping = createDecipheriv(`id-aes${kek.length * 8}-wrap-pad`, createSecretKey(kek), ICV2);
    // All of the data comes from `update`, because OpenSSL checks it there.
    const keyData = unwrapping.update(wrapped);
    unwrapping.final();
    return keyData;
  } catch {
    throw failed();
  }
}

function failed(): CryptoError {
  return new CryptoError('DECRYPTION_FAILED', 'The key data could not be unwrapped with this key');
}
