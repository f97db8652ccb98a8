import { createHmac, createSecretKey } from 'node:crypto';
import { requireMacLength } from './fields.js';
import type { SymmetricKey } from './held-key.js';

/** SHA-2 hash functions (FIPS 180-4) by their API names. */
export type HmacHash = 'SHA224' | 'SHA256' | 'SHA384' | 'SHA512';

/** Digest length in bytes, which is also the length of a generated HMAC key (RFC 2104 section 3). */
export const HMAC_BYTES: Record<HmacHash, number> = { SHA224: 28, SHA256: 32, SHA384: 48, SHA512: 64 };

/**
 * Computes an HMAC: FIPS 198-1, ISO/IEC 9797-2 MAC algorithm 2.
 *
 * @param hash   hash function that the key is bound to
 * @param key    any length; the caller zeroizes it. OpenSSL uses a copy in a KeyObject and clears it when the KeyObject
 *               is garbage collected
 * @param data   message as bytes, any length
 * @param length MAC bytes to return, 1 to the digest length, leftmost first
 * @throws CryptoError MAC_LENGTH
 */
export function hmac(hash: HmacHash, key: SymmetricKey, data: Buffer, length = HMAC_BYTES[hash]): Buffer {
  requireMacLength(length, HMAC_BYTES[hash]);
  return createHmac(hash, Buffer.isBuffer(key) ? createSecretKey(key) : key.keyObject)
    .update(data)
    .digest()
    .subarray(0, length);
}
