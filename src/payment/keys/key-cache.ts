import type { KeyAccess } from '../authorization/authorize.js';
import { type Cache, MAX_STALE_MS } from '../../changes/changes.js';
import type { Key } from './key.entity.js';

const MAX_ENTRIES = 20_000;

/** A key with what policies ask of it. */
export interface KnownKey {
  readonly key: Key;
  readonly access: KeyAccess;
}

interface Entry {
  known: KnownKey;
  /** By the monotonic clock. */
  staleAt: number;
}

/**
 * Keys as they were read a moment ago, so that a busy key costs one query a second and not one a request. A
 * change made here is seen here at once; one made on another node as soon as it is notified, and in any case when what is
 * remembered is too old.
 */
export class KeyCache implements Cache {
  readonly #entries = new Map<string, Entry>();
  #changes = 0;

  /** @param maxStaleMs how old an entry may get */
  constructor(private readonly maxStaleMs = MAX_STALE_MS) {}

  /**
   * The key of this name, from memory at once or from `read`.
   *
   * @param name what the caller knows the key by: its ARN, or the ARN of an alias
   */
  get(name: string, read: () => Promise<KnownKey | null>): KnownKey | Promise<KnownKey | null> {
    const found = this.#entries.get(name);
    return found && performance.now() < found.staleAt ? found.known : this.#read(name, read);
  }

  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:payment-cryptography:');
  }

  /** Forgets what has changed: a key, under all its names, or what an alias names. */
  forget(arn: string): void {
    this.#changes++;
    for (const [name, { known }] of this.#entries)
      if (name === arn || known.key.arn === arn) this.#entries.delete(name);
  }

  /** Forgets everything: changes may have gone unnoticed. */
  clear(): void {
    this.#changes++;
    this.#entries.clear();
  }

  async #read(name: string, read: () => Promise<KnownKey | null>): Promise<KnownKey | null> {
    const changesBefore = this.#changes;
    const staleAt = performance.now() + this.maxStaleMs;
    const known = await read();
    // What was read while a change was made may be from before it.
    if (known && this.#changes === changesBefore) this.#remember(name, { known, staleAt });
    else this.#entries.delete(name);
    return known;
  }

  #remember(name: string, entry: Entry): void {
    if (this.#entries.size >= MAX_ENTRIES && !this.#entries.has(name)) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(name, entry);
  }
}
