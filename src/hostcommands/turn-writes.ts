interface Writer {
  write(): void;
}

/**
 * Writes the replies of all connections at the end of the event loop's turn, those of a connection in one write: see
 * docs/adr/0018 for the reason.
 */
export class TurnWrites {
  #waiting: Writer[] = [];

  /** Calls `write` of a connection at the end of the turn. */
  add(writer: Writer): void {
    if (this.#waiting.push(writer) === 1) setImmediate(() => this.#writeAll());
  }

  #writeAll(): void {
    const writers = this.#waiting;
    this.#waiting = [];
    for (const writer of writers) writer.write();
  }
}
