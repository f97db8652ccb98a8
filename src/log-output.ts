import { pino } from 'pino';

/** Limits of the buffer: characters, and the time that a line may wait. */
const BUFFER_CHARACTERS = 32_768;
const FLUSH_MS = 250;

/**
 * Standard output for the log and the audit log. Some hundred lines share a system call; SonicBoom can buffer too, but counts the
 * whole buffer with each line. Writes are synchronous, so that lines neither pile up in memory nor get lost in a crash.
 */
export class LogOutput {
  readonly #destination = pino.destination({ dest: 1, sync: true });
  #lines = '';

  constructor() {
    setInterval(() => this.#flush(), FLUSH_MS).unref();
    process.once('exit', () => this.#flush());
  }

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= BUFFER_CHARACTERS) this.#flush();
  }

  #flush(): void {
    if (this.#lines === '') return;
    const lines = this.#lines;
    this.#lines = '';
    this.#destination.write(lines);
  }
}
