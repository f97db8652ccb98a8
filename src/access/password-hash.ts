import { randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { equal } from '../crypto/bytes.js';
import { ValidationException } from '../errors/exceptions.js';

/**
 * Cost of scrypt (RFC 7914): 32 MiB of memory and a quarter of a second, in the ratio that OWASP's Password Storage
 * Cheat Sheet gives as equivalent to N = 2^17 with p = 1.
 */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Fewest and most characters of a new password. */
export const PASSWORD_CHARACTERS = { min: 12, max: 256 };

const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

/** A password as it is stored, before it is sealed. */
export interface HashedPassword {
  /** 16 bytes */
  salt: Buffer;
  /** 32 bytes, the caller's to zeroize */
  hash: Buffer;
}

/**
 * Hashes a new password with a new salt, in libuv's thread pool.
 *
 * @throws ValidationException for a password that is too short or too long
 */
export async function hashPassword(password: string): Promise<HashedPassword> {
  const { min, max } = PASSWORD_CHARACTERS;
  if (password.length < min || password.length > max)
    throw new ValidationException(`A password has ${min} to ${max} characters.`);
  const salt = randomBytes(SALT_BYTES);
  return { salt, hash: await hashOf(password, salt) };
}

/**
 * Compares a password with a stored one, in constant time. Without a stored one it does the same work and returns false.
 */
export async function matchesPassword(password: string, stored: HashedPassword | undefined): Promise<boolean> {
  const { salt, hash } = stored ?? { salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  const found = await hashOf(password, salt);
  const isEqual = equal(found, hash);
  found.fill(0);
  return isEqual && stored !== undefined;
}

/** Normalizes the characters, because keyboards encode them differently: NFC, as RFC 8265 prescribes for passwords. */
function hashOf(password: string, salt: Buffer): Promise<Buffer> {
  return derive(password.normalize('NFC'), salt, HASH_BYTES, COST);
}
