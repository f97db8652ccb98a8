import { createHash } from 'node:crypto';

/** What of a session token is kept: SHA-256. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
