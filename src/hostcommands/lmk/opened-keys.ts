const MAX_KEYS = 10_000;

/**
 * Caches opened keys: between half of MAX_KEYS and MAX_KEYS of the most recently used ones.
 */
export class OpenedKeys<T> {
  #recent = new Map<string, T>();
  /** The previous generation of keys: those that are used again become recent, the others are dropped. */
  #older = new Map<string, T>();

  /** Returns the key of this name, and opens it if it isn't cached. Errors of `open` aren't cached. */
  get(name: string, open: () => T): T {
    const recent = this.#recent.get(name);
    if (recent !== undefined) return recent;
    const key = this.#older.get(name) ?? open();
    if (this.#recent.size === MAX_KEYS / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(name, key);
    return key;
  }
}
