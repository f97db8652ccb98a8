import { type Cache, MAX_STALE_MS } from './changes.js';

const MAX_ENTRIES = 20_000;

interface Entry<T> {
  readonly value: T;
  /** By the monotonic clock. */
  readonly staleAt: number;
}

/**
 * Caches values read from the database, so that a busy one costs one query a second instead of one a request. A change
 * made by this process is seen at once, a change made by another one as soon as `Changes` is notified of it, and in any
 * case when the entry is too old.
 */
export abstract class FreshCache<T> implements Cache {
  readonly #entries = new Map<string, Entry<T>>();
  /** Counts changes, so that a read can tell whether one was made meanwhile. */
  #changes = 0;

  /** @param maxStaleMs the age at which an entry is read again */
  constructor(private readonly maxStaleMs = MAX_STALE_MS) {}

  abstract owns(arn: string): boolean;

  /** True if a change of the resource with this ARN invalidates the entry. */
  protected abstract dependsOn(arn: string, name: string, value: T): boolean;

  /** Returns the value cached under a name, unless it is too old. */
  known(name: string): { readonly value: T } | undefined {
    const found = this.#entries.get(name);
    return found && performance.now() < found.staleAt ? found : undefined;
  }

  /**
   * Reads a value and caches it, unless something changed meanwhile: the value may be from before the change.
   *
   * @param load returns null for a missing value, which is not cached
   */
  async read<R extends T | null>(name: string, load: () => Promise<R>): Promise<R> {
    const changesBefore = this.#changes;
    const staleAt = performance.now() + this.maxStaleMs;
    const value = await load();
    if (value !== null && this.#changes === changesBefore) this.#remember(name, { value: value, staleAt });
    else this.#entries.delete(name);
    return value;
  }

  forget(arn: string): void {
    this.#changes++;
    for (const [name, { value }] of this.#entries) if (this.dependsOn(arn, name, value)) this.#entries.delete(name);
  }

  clear(): void {
    this.#changes++;
    this.#entries.clear();
  }

  #remember(name: string, entry: Entry<T>): void {
    if (this.#entries.size >= MAX_ENTRIES && !this.#entries.has(name)) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(name, entry);
  }
}
