/** The headers of a request, by names in lower case. */
export class HeaderValues {
  readonly #names: string[] = [];

  /** @param rawHeaders alternating names and values, as received: `['Host', 'example.com', ...]` */
  constructor(private readonly rawHeaders: readonly string[]) {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) this.#names.push((rawHeaders[i] as string).toLowerCase());
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  isRepeated(name: string): boolean {
    const first = this.#names.indexOf(name);
    return first >= 0 && this.#names.includes(name, first + 1);
  }

  /** First value of a header. */
  get(name: string): string | undefined {
    const i = this.#names.indexOf(name);
    return i < 0 ? undefined : this.rawHeaders[2 * i + 1];
  }

  /** All values of a header, in order. */
  all(name: string): string[] {
    return this.#names.flatMap((found, i) => (found === name ? (this.rawHeaders[2 * i + 1] as string) : []));
  }
}
