import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/**
 * HMAC-SHA-256 (FIPS 198-1) under a key that serves for many messages, of two one-shot hashes: making an object of OpenSSL
 * for each message costs three times as much as the hashing. So does a hash that comes in a buffer of its own, and so they
 * come as text.
 */
export class HmacSha256 {
  /** The key's block, then the message or the inner hash. */
  #inner: Buffer;
  readonly #outer: Buffer;

  /** @param key 64 bytes at most */
  constructor(key: Buffer) {
    if (key.length > BLOCK_BYTES) throw new RangeError('A key longer than a block of SHA-256 is not served');
    this.#inner = padded(key, 0x36, 0);
    this.#outer = padded(key, 0x5c, HASH_BYTES);
  }

  /** @param message encoded as UTF-8 @returns 64 hexadecimal digits in lower case */
  mac(message: string): string {
    const end = BLOCK_BYTES + Buffer.byteLength(message);
    if (end > this.#inner.length) this.#inner = Buffer.concat([this.#inner], end);
    this.#inner.write(message, BLOCK_BYTES);
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'binary');
    return hash('sha256', this.#outer, 'hex');
  }
}

/** @param more bytes to have behind the block */
function padded(key: Buffer, pad: number, more: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + more);
  block.fill(pad, 0, BLOCK_BYTES);
  for (const [i, byte] of key.entries()) block[i] = byte ^ pad;
  return block;
}
