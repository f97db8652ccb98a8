import { createCipheriv, randomBytes } from 'node:crypto';

const BLOCK_BYTES = 16;

/** Clear bytes as they are remembered: added to a stream of the mask's key that nothing else is added to. */
interface Masked {
  /** What the stream is made of, block by block. */
  readonly counters: Buffer;
  readonly bytes: Buffer;
}

/**
 * Keys that were opened a moment ago, masked with AES-256 in counter mode (NIST SP 800-38A section 6.5) under a key that the
 * process makes for itself. Opening a sealed key costs an object of OpenSSL each time, unmasking a few blocks of a cipher
 * that is there. Like a sealed key, a masked one is as safe as the memory of the process, which holds the key to either.
 */
export class MaskedKeys {
  readonly #cipher = createCipheriv('aes-256-ecb', randomBytes(32), null).setAutoPadding(false);
  /** By key as it was read; they go when it goes. */
  readonly #known = new WeakMap<object, Masked>();
  #count = 0;

  /** The clear bytes that are remembered for a key, the caller's to zeroize; undefined where there are none. */
  get(key: object): Buffer | undefined {
    const masked = this.#known.get(key);
    return masked && this.#add(masked.counters, masked.bytes);
  }

  /** @param clear stays the caller's to zeroize */
  remember(key: object, clear: Buffer): void {
    const counters = Buffer.alloc(Math.ceil(clear.length / BLOCK_BYTES) * BLOCK_BYTES);
    const number = ++this.#count;
    for (let at = 0; at < counters.length; at += BLOCK_BYTES) {
      counters.writeUIntBE(number, at, 6);
      counters.writeUInt32BE(at, at + BLOCK_BYTES - 4);
    }
    this.#known.set(key, { counters, bytes: this.#add(counters, clear) });
  }

  /** The sum modulo 2, in a buffer of its own. */
  #add(counters: Buffer, bytes: Buffer): Buffer {
    const sum = this.#cipher.update(counters).subarray(0, bytes.length);
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) ^ (bytes[i] as number);
    return sum;
  }
}
