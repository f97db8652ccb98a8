import { createHash } from 'node:crypto';

/** Hash functions of FIPS 180-4 and RFC 1321 (MD5). */
export type HashName = 'SHA1' | 'MD5' | 'SHA224' | 'SHA256' | 'SHA384' | 'SHA512';

/** Hashes data of any length. Returns 16 (MD5), 20 (SHA-1), 28, 32, 48 or 64 bytes. */
export function hash(name: HashName, data: Buffer): Buffer {
  return createHash(name).update(data).digest();
}
