import { randomFillSync } from 'node:crypto';

/** Size of the pads: enough for 32,768 keys of 32 bytes. */
const PAD_BYTES = 1_048_576;

/** Key material XORed with a part of the pads that masks nothing else. */
interface Masked {
  /** Count of pad bytes that were used before it. */
  readonly from: number;
  readonly bytes: Buffer;
}

/**
 * Keys that were opened recently, each masked with a one-time pad. Opening a sealed key costs an OpenSSL object, unmasking one
 * only a loop. A masked key is as safe as a sealed one: memory holds the pads, as it holds the master key. The pads are kept in
 * one buffer, apart from the keys that they mask. See docs/adr/0016.
 *
 * Keys are remembered by the row object that they were opened from, so the caller must use the same object again: KeyCache does.
 */
export class MaskedKeys {
  /** A ring buffer: the oldest pads are overwritten with fresh ones, and the keys that they masked are forgotten. */
  readonly #pads = Buffer.allocUnsafeSlow(PAD_BYTES);
  #used = 0;
  /** By row object; an entry goes with its row. */
  readonly #known = new WeakMap<object, Masked>();

  /** Returns the clear bytes of a key, the caller's to zeroize, or undefined if they are not remembered. */
  get(key: object): Buffer | undefined {
    const masked = this.#known.get(key);
    return masked && this.#used - masked.from <= PAD_BYTES ? this.#xor(masked.from, masked.bytes) : undefined;
  }

  /** Masks and remembers a key. @param clear at most 1 MiB; stays the caller's to zeroize */
  remember(key: object, clear: Buffer): void {
    // A pad must not wrap around the end of the buffer.
    const left = PAD_BYTES - (this.#used % PAD_BYTES);
    const from = clear.length <= left ? this.#used : this.#used + left;
    this.#used = from + clear.length;
    randomFillSync(this.#pads, from % PAD_BYTES, clear.length);
    this.#known.set(key, { from, bytes: this.#xor(from, clear) });
  }

  /** XORs bytes with the pad, into a new buffer. */
  #xor(from: number, bytes: Buffer): Buffer {
    const pad = from % PAD_BYTES;
    const result = Buffer.allocUnsafeSlow(bytes.length);
    for (let i = 0; i < result.length; i++) result[i] = (bytes[i] as number) ^ (this.#pads[pad + i] as number);
    return result;
  }
}
