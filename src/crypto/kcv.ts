import { createHash } from 'node:crypto';
import type { BlockCipher } from './block-cipher.js';
import { cmac } from './cmac.js';
import { hmac, type HmacHash } from './hmac.js';

/**
 * Computes the legacy key check value of ANSI X9.24-1:2017 Annex A: a block of zeros encrypted in ECB.
 *
 * @returns the leftmost 3 bytes
 */
export function kcvEcb(cipher: BlockCipher): Buffer {
  return cipher.encrypt(Buffer.alloc(cipher.blockBytes)).subarray(0, 3);
}

/**
 * Computes the CMAC key check value (ANSI X9.24-1:2017 Annex A, ISO/IEC 9797-1 algorithm 5): the CMAC of one block of
 * zeros.
 *
 * @returns the leftmost 3 bytes
 */
export function kcvCmac(cipher: BlockCipher): Buffer {
  return cmac(cipher, Buffer.alloc(cipher.blockBytes), 3);
}

/**
 * Computes the key check value of an HMAC key: the HMAC of the empty message with the hash that the key is bound to.
 *
 * @returns the leftmost 3 bytes
 */
export function kcvHmac(hash: HmacHash, key: Buffer): Buffer {
  return hmac(hash, key, Buffer.alloc(0), 3);
}

/**
 * Computes the check value of an asymmetric key: SHA-1 over its public key. The standards leave the encoding open; this
 * hashes the DER SubjectPublicKeyInfo, which every tool can print.
 *
 * @param spki DER SubjectPublicKeyInfo (RFC 5280 section 4.1)
 * @returns the leftmost 4 bytes
 */
export function kcvPublicKey(spki: Buffer): Buffer {
  return createHash('sha1').update(spki).digest().subarray(0, 4);
}
