/** The longest time until a change made by another process is seen by this one. */
export const MAX_STALE_MS = 1000;

/** Determines how long cached values may be used. */
export interface Freshness {
  /** By the monotonic clock. */
  readonly goodUntil: number;
  /** True if calls of the data plane may use values for longer, because the database can't be reached. */
  servesStale(): boolean;
}

/** The result of a query of `change_epoch`. */
export interface EpochAnswer {
  /** Number of the last committed change. */
  n: number;
  /** Identifies the running PostgreSQL server. */
  server: string;
  /** The database's clock, in milliseconds since 1970. */
  time: number;
}

/** The last query after which all cached values were good. */
export interface Contact {
  /** Time at which it was sent, by the monotonic clock. */
  readonly sentAt: number;
  /** Time of its answer by the database's clock, in milliseconds since 1970. */
  readonly time: number;
}

/**
 * Determines how long cached values may be used. One number is enough for that, because changes are numbered in the
 * order of their commits: if a query finds number n, and the caches have dropped everything that the changes up to n
 * affected, then nothing in the caches was outdated when the query was sent, so all of it may be used for
 * `MAX_STALE_MS` from that time. See docs/adr/0027.
 */
export class ChangeEpoch {
  #goodUntil = 0;
  #lastContact?: Contact;
  #server?: string;
  /** The number up to which the caches have dropped everything that changes affected. */
  #accounted = 0;
  /** The latest notified changes without a gap; `to` is less than `from` if there is none. */
  #run = { from: 1, to: 0 };
  /** The last answer, until all changes up to its number are accounted for. */
  #due?: Contact & { n: number };

  /** @param forgetAll clears every cache */
  constructor(private readonly forgetAll: () => void) {}

  get goodUntil(): number {
    return this.#goodUntil;
  }

  /**
   * The last query after which all cached values were good. Undefined before the first answer, and while this process
   * knows of a change without knowing what it affected.
   */
  get lastContact(): Contact | undefined {
    return this.#due || this.#run.to > this.#accounted ? undefined : this.#lastContact;
  }

  /** Accounts for a committed change. The caches must have dropped what it affected. */
  heard(n: number): void {
    if (n === this.#run.to + 1) this.#run.to = n;
    else if (n > this.#run.to) this.#run = { from: n, to: n };
    // Transactions of this process may be reported out of order.
    if (n === this.#accounted + 1) this.#accounted = n;
    this.#advance();
  }

  /** Call it when a query for the number of the last change is sent. @returns a function that takes the answer */
  ask(): (answer: EpochAnswer) => void {
    const sentAt = performance.now();
    const accountedBefore = this.#accounted;
    return ({ n, server, time }) => {
      // A failover may have lost changes, whose numbers are then given to others.
      if (server !== this.#server || n < accountedBefore) this.#restart(n, server);
      // The notifications that the previous answer waits for should have arrived before this one.
      else if (this.#due) this.#forget(n);
      this.#due = { n, sentAt, time };
      this.#advance();
    };
  }

  #restart(n: number, server: string): void {
    this.#server = server;
    this.#accounted = 0;
    this.#run = { from: n + 1, to: n };
    this.#forget(n);
  }

  /** Accounts for all changes up to n by clearing every cache. */
  #forget(n: number): void {
    this.forgetAll();
    this.#accounted = Math.max(this.#accounted, n);
  }

  #advance(): void {
    const { from, to } = this.#run;
    if (from <= this.#accounted + 1) this.#accounted = Math.max(this.#accounted, to);
    if (!this.#due || this.#due.n > this.#accounted) return;
    const { sentAt, time } = this.#due;
    this.#goodUntil = sentAt + MAX_STALE_MS;
    this.#lastContact = { sentAt, time };
    this.#due = undefined;
  }
}
