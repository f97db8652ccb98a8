import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Fills a buffer with random bytes that will be public, such as an IV. A call to the operating system's generator costs
 * as much for 4 KB as for 12 bytes, and more than encrypting a short message, so the bytes are generated in advance. It
 * must not be used for keys, which would be in memory before they are needed.
 */
export function fillWithPublicRandom(target: Buffer): void {
  if (used + target.length > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += pool.copy(target, 0, used, used + target.length);
}
