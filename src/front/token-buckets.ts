interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Token buckets of one size, by name. Each holds the tokens of one second and starts full. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param perSecond tokens that a bucket gains in a second, and its capacity; 1 or more
   * @param nowMs     a monotonic clock in milliseconds
   */
  constructor(
    private readonly perSecond: number,
    private readonly nowMs = () => performance.now(),
  ) {}

  /** Takes a token from a bucket. @returns false if it is empty */
  take(name: string): boolean {
    const now = this.nowMs();
    const { tokens, filledAtMs } = this.#buckets.get(name) ?? { tokens: this.perSecond, filledAtMs: now };
    const filled = Math.min(this.perSecond, tokens + ((now - filledAtMs) / 1000) * this.perSecond);
    const taken = filled >= 1;
    this.#buckets.set(name, { tokens: taken ? filled - 1 : filled, filledAtMs: now });
    return taken;
  }
}
