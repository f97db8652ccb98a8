interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Token buckets of one size, one for each name: each holds a second's worth and is full at first. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param perSecond how many tokens a bucket gets in a second, and holds; 1 or more
   * @param nowMs     a monotonic clock in milliseconds
   */
  constructor(
    private readonly perSecond: number,
    private readonly nowMs = () => performance.now(),
  ) {}

  /** Takes a token out of a bucket. @returns false where there is none */
  take(name: string): boolean {
    const now = this.nowMs();
    const { tokens, filledAtMs } = this.#buckets.get(name) ?? { tokens: this.perSecond, filledAtMs: now };
    const filled = Math.min(this.perSecond, tokens + ((now - filledAtMs) / 1000) * this.perSecond);
    const taken = filled >= 1;
    this.#buckets.set(name, { tokens: taken ? filled - 1 : filled, filledAtMs: now });
    return taken;
  }
}
