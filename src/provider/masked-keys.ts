import { randomFillSync } from 'node:crypto';

/** Random bytes: enough for 32,768 keys of 32 bytes. */
const PAD_BYTES = 1_048_576;

/** Clear bytes as they are remembered: added to random bytes that nothing else was added to. */
interface Masked {
  /** How many random bytes had been used before. */
  readonly from: number;
  readonly bytes: Buffer;
}

/**
 * Keys that were opened a moment ago, each under a one-time pad. Opening a sealed key costs an object of OpenSSL each time,
 * unmasking a loop. Like a sealed key, a masked one is as safe as the memory of the process, which holds the key to either:
 * the pads are all in one place, away from what they mask.
 */
export class MaskedKeys {
  /** In turns: those that were used longest ago are made anew, and what they masked is forgotten. */
  readonly #pads = Buffer.allocUnsafeSlow(PAD_BYTES);
  #used = 0;
  /** By key as it was read; they go when it goes. */
  readonly #known = new WeakMap<object, Masked>();

  /** The clear bytes that are remembered for a key, the caller's to zeroize; undefined where there are none. */
  get(key: object): Buffer | undefined {
    const masked = this.#known.get(key);
    return masked && this.#used - masked.from <= PAD_BYTES ? this.#add(masked.from, masked.bytes) : undefined;
  }

  /** @param clear 1 MiB at most; stays the caller's to zeroize */
  remember(key: object, clear: Buffer): void {
    // A pad is in one piece.
    const left = PAD_BYTES - (this.#used % PAD_BYTES);
    const from = clear.length <= left ? this.#used : this.#used + left;
    this.#used = from + clear.length;
    randomFillSync(this.#pads, from % PAD_BYTES, clear.length);
    this.#known.set(key, { from, bytes: this.#add(from, clear) });
  }

  /** The sum modulo 2, in a buffer of its own. */
  #add(from: number, bytes: Buffer): Buffer {
    const pad = from % PAD_BYTES;
    const sum = Buffer.allocUnsafeSlow(bytes.length);
    for (let i = 0; i < sum.length; i++) sum[i] = (bytes[i] as number) ^ (this.#pads[pad + i] as number);
    return sum;
  }
}
