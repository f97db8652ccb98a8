import { pino } from 'pino';

/** How many characters are gathered, and how long they wait, at most. */
const GATHERED = 32_768;
const FLUSH_MS = 250;

/**
 * The standard output, for lines of the log and of the audit log. A write costs a call of the system, so some hundred lines
 * share one; SonicBoom can gather them, too, but counts all that it has with each. Who reads more slowly than the service
 * writes is waited for: what would be kept in memory instead could be lost.
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
    if (this.#lines.length >= GATHERED) this.#flush();
  }

  #flush(): void {
    if (this.#lines === '') return;
    const lines = this.#lines;
    this.#lines = '';
    this.#destination.write(lines);
  }
}
