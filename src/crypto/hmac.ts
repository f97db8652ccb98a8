import { createHmac, createSecretKey } from 'node:crypto';
import { requireMacLength } from './fields.js';

/** The SHA-2 hashes (FIPS 180-4) by their names on the wire. */
export type HmacHash = 'SHA224' | 'SHA256' | 'SHA384' | 'SHA512';

/** Bytes of digest, which is also the length of a generated HMAC key (RFC 2104 section 3). */
export const HMAC_BYTES: Record<HmacHash, number> = { SHA224: 28, SHA256: 32, SHA384: 48, SHA512: 64 };

/**
 * HMAC: FIPS 198-1, ISO/IEC 9797-2 MAC algorithm 2.
 *
 * @param hash   the hash the key is bound to
 * @param key    any length; stays the caller's to zeroize. OpenSSL works on a copy in a KeyObject, which it clears when the
 *               garbage collector frees it
 * @param data   message as bytes, any length
 * @param length bytes of MAC to return, 1 to the digest, leftmost first
 * @throws CryptoError MAC_LENGTH
 */
export function hmac(hash: HmacHash, key: Buffer, data: Buffer, length = HMAC_BYTES[hash]): Buffer {
  requireMacLength(length, HMAC_BYTES[hash]);
  return createHmac(hash, createSecretKey(key)).update(data).digest().subarray(0, length);
}
