import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/**
 * HMAC-SHA-256 (FIPS 198-1) under a key that is used for many messages, computed with two one-shot hashes: creating an
 * OpenSSL object for each message costs three times as much as the hashing, and so does returning each hash in a
 * Buffer. The hashes are therefore passed as strings.
 */
export class HmacSha256 {
  /** The padded key, followed by the message. */
  #inner: Buffer;
  readonly #outer: Buffer;

  /** @param key 64 bytes at most */
  constructor(key: Buffer) {
    if (key.length > BLOCK_BYTES) throw new RangeError('Keys longer than a block of SHA-256 are not supported');
    this.#inner = padded(key, 0x36, 0);
    this.#outer = padded(key, 0x5c, HASH_BYTES);
  }

  /** @param message text, which is encoded as UTF-8 @returns 64 hexadecimal digits in lower case */
  mac(message: string): string {
    const end = BLOCK_BYTES + Buffer.byteLength(message);
    if (end > this.#inner.length) this.#inner = Buffer.concat([this.#inner], end);
    this.#inner.write(message, BLOCK_BYTES);
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'binary');
    return hash('sha256', this.#outer, 'hex');
  }
}

/** @param more number of bytes to allocate after the block */
function padded(key: Buffer, pad: number, more: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + more);
  block.fill(pad, 0, BLOCK_BYTES);
  for (const [i, byte] of key.entries()) block[i] = byte ^ pad;
  return block;
}
