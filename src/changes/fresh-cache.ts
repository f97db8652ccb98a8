import { isUnreachable } from '../database/primary.js';
import { type Freshness, MAX_STALE_MS } from './change-epoch.js';
import type { Cache } from './changes.js';

const MAX_ENTRIES = 20_000;
/**
 * Number of recently used entries that are spared in a row before one is dropped anyway, so that dropping one takes
 * microseconds.
 */
const MAX_SPARED = 100;

interface Entry<T> {
  readonly value: T;
  /** True if the entry was used since it was cached or last spared. */
  isUsed: boolean;
}

/** A read in progress. */
interface Read<T> {
  readonly startedAt: number;
  readonly value: Promise<T>;
}

/** Number of lookups in a cache: those that it answered, those that read, and those that shared the read of another. */
export interface LookupCounts {
  hit: number;
  miss: number;
  shared: number;
}

/**
 * Caches values read from the database until they change. A change made by this process is seen at once, a change made
 * by another process as soon as `Changes` is notified of it. `ChangeEpoch` bounds how long a value is used if a
 * notification is lost.
 */
export abstract class FreshCache<T> implements Cache {
  /** In the order in which they were cached or last spared. */
  readonly #entries = new Map<string, Entry<T>>();
  /** Names of entries by the ARN of the resource that they were read from, if that isn't the entry's name. */
  readonly #namesOf = new Map<string, Set<string>>();
  /** Reads that calls may share, by name. */
  readonly #reads = new Map<string, Read<T | null>>();
  /** Lookups since the start. */
  readonly lookups: LookupCounts = { hit: 0, miss: 0, shared: 0 };
  /** Counts changes, so that a read can tell whether something changed meanwhile. */
  #changes = 0;

  constructor(
    private readonly freshness: Freshness,
    private readonly maxEntries = MAX_ENTRIES,
  ) {}

  /** Number of cached values, including those that are no longer fresh. */
  get size(): number {
    return this.#entries.size;
  }

  abstract owns(arn: string): boolean;

  /** ARN of the resource whose change invalidates the value, besides the resource that the entry is named after. */
  protected abstract sourceOf(value: T): string;

  /** Returns the value cached under a name, unless it may be outdated. */
  known(name: string): { readonly value: T } | undefined {
    const found = this.#entries.get(name);
    if (!found || performance.now() >= this.freshness.goodUntil) return undefined;
    return this.#used(found);
  }

  /**
   * Finds a value for a call: from the cache, without a promise, or otherwise from `load`, as `read` does.
   *
   * @param mayBeStale true for a call of the data plane, which may use a value that may be outdated while the database
   *                   can't be reached
   * @param load       returns null for a missing value, which is not cached
   */
  find<R extends T | null>(name: string, mayBeStale: boolean, load: () => Promise<R>): T | Promise<T | R> {
    const found = this.known(name) ?? (mayBeStale ? this.#stale(name) : undefined);
    if (found) return found.value;
    const reading: Promise<T | R> = this.read(name, load);
    if (!mayBeStale) return reading;
    return reading.catch((error: unknown) => {
      // The database may have turned out to be unreachable while it was read.
      const found = isUnreachable(error) ? this.#stale(name) : undefined;
      if (!found) throw error;
      return found.value;
    });
  }

  /**
   * Reads a value, and caches it unless something changed meanwhile: the value may then be from before the change.
   * Calls that need a value while it is being read share the read, unless something changed since it began.
   *
   * @param load returns null for a missing value, which is not cached
   */
  read<R extends T | null>(name: string, load: () => Promise<R>): Promise<R> {
    const startedAt = performance.now();
    const running = this.#reads.get(name);
    if (running && startedAt < running.startedAt + MAX_STALE_MS) {
      this.lookups.shared++;
      // The loaded value depends on the name alone, so both reads have the same type.
      return running.value as Promise<R>;
    }
    this.lookups.miss++;
    const value = this.#read(name, load).finally(() => {
      if (this.#reads.get(name) === read) this.#reads.delete(name);
    });
    const read = { startedAt, value };
    this.#reads.set(name, read);
    return value;
  }

  forget(arn: string): void {
    this.#changes++;
    this.#reads.clear();
    this.#drop(arn);
    for (const name of this.#namesOf.get(arn) ?? []) this.#drop(name);
  }

  clear(): void {
    this.#changes++;
    this.#reads.clear();
    this.#entries.clear();
    this.#namesOf.clear();
  }

  /** Returns a value that may be outdated, if it may be used. A cached absence may not: the value may exist by now. */
  #stale(name: string): Entry<T> | undefined {
    const found = this.#entries.get(name);
    if (found?.value === undefined || !this.freshness.servesStale()) return undefined;
    return this.#used(found);
  }

  #used(found: Entry<T>): Entry<T> {
    found.isUsed = true;
    this.lookups.hit++;
    return found;
  }

  async #read<R extends T | null>(name: string, load: () => Promise<R>): Promise<R> {
    const changesBefore = this.#changes;
    const value = await load();
    this.#drop(name);
    if (value !== null && this.#changes === changesBefore) this.#remember(name, value);
    return value;
  }

  #remember(name: string, value: T): void {
    if (this.#entries.size >= this.maxEntries) this.#dropLeastUsed();
    this.#entries.set(name, { value, isUsed: false });
    const source = this.sourceOf(value);
    if (source === name) return;
    const names = this.#namesOf.get(source);
    if (names) names.add(name);
    else this.#namesOf.set(source, new Set([name]));
  }

  #drop(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    const source = this.sourceOf(entry.value);
    const names = this.#namesOf.get(source);
    if (names?.delete(name) && names.size === 0) this.#namesOf.delete(source);
  }

  /** Drops the oldest entry that wasn't used recently (the CLOCK algorithm, which approximates least recently used). */
  #dropLeastUsed(): void {
    let spared = 0;
    for (const [name, entry] of this.#entries) {
      if (!entry.isUsed || spared === MAX_SPARED) {
        this.#drop(name);
        return;
      }
      entry.isUsed = false;
      this.#entries.delete(name);
      this.#entries.set(name, entry);
      spared++;
    }
  }
}
