import { createHash } from 'node:crypto';

/** Computes the SHA-256 that is stored in place of a session token. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
