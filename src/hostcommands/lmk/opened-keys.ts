const MAX_KEYS = 10_000;

/** Remembers opened keys, so that a command doesn't open its keys each time: the most recently used ones. */
export class OpenedKeys<T> {
  readonly #keys = new Map<string, T>();

  /** Returns the key of this name, and opens it if it isn't remembered. What `open` throws isn't remembered. */
  get(name: string, open: () => T): T {
    const known = this.#keys.get(name);
    const key = known ?? open();
    // The order of a Map is that of insertion.
    if (known !== undefined) this.#keys.delete(name);
    else if (this.#keys.size >= MAX_KEYS) this.#keys.delete(this.#keys.keys().next().value as string);
    this.#keys.set(name, key);
    return key;
  }
}
