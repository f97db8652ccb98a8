import { writeSync } from 'node:fs';

/** Maximum number of characters per system call, and maximum time for which they are collected. */
const CHUNK_CHARACTERS = 32_768;
const FLUSH_MS = 250;
/** Delay before retrying a write that failed because the reader's buffer was full. */
const RETRY_MS = 20;
/** Limits on lines of the log that wait for a slow reader. */
const LOG_WAIT_MS = 5000;
const LOG_CHARACTERS = 4 * 1024 * 1024;
/** Time that an exiting process waits for its reader. */
const EXIT_MS = 1000;

const NEWLINE = 10;

/** Lines that are written together. */
interface Chunk {
  readonly text: string;
  readonly lines: number;
  readonly sealedAtMs: number;
  /** Called when the chunk is written. */
  readonly written?: () => void;
}

/** A chunk that is being written. */
interface Begun {
  readonly queue: Lines;
  readonly chunk: Chunk;
  /** The bytes of the chunk, without the end if that was dropped. */
  buffer: Buffer;
  /** Number of bytes of `buffer` that have been written. */
  written: number;
}

/** Limits that tests lower. */
interface Limits {
  logWaitMs?: number;
}

/**
 * Standard output for the log and the audit log. A system call writes several hundred lines. A line is written whole or
 * not at all. No write throws or waits for the reader. Lines of the log that can't be written are dropped and counted:
 * after a while if the reader is slow, at once if the write fails. Audit events are kept.
 */
export class LogOutput {
  // Opening process.stdout makes a pipe, socket or terminal non-blocking: a write fails if there is no room, instead of
  // blocking the process.
  readonly #fd = process.stdout.fd;
  readonly #log = new Lines();
  readonly #audit = new Lines();
  readonly #logWaitMs: number;
  #begun?: Begun;
  #retry?: NodeJS.Timeout;
  #failures = 0;
  #dropped = 0;

  constructor({ logWaitMs = LOG_WAIT_MS }: Limits = {}) {
    this.#logWaitMs = logWaitMs;
    setInterval(() => this.#flush(), FLUSH_MS).unref();
    process.once('exit', () => this.#finish());
  }

  /** Number of writes that failed for a reason other than a slow reader. */
  get failures(): number {
    return this.#failures;
  }

  /** Number of lines of the log that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Queues a line of the log, or drops it if too much waits. */
  write(line: string): void {
    if (this.#log.characters >= LOG_CHARACTERS) this.#dropped += 1;
    // If a retry is scheduled, it will write this line, too.
    else if (this.#log.add(line) && !this.#retry) this.#writeAll();
  }

  /** Writes audit events, which are never dropped, and waits until they are written. @param lines one or more lines */
  writeEvents(lines: string): Promise<void> {
    return new Promise((written) => {
      this.#audit.addChunk(lines, written);
      if (!this.#retry) this.#writeAll();
    });
  }

  #flush(): void {
    this.#log.seal();
    if (!this.#retry) this.#writeAll();
  }

  /** Writes as much as the reader's buffer has room for. */
  #writeAll(): void {
    const code = this.#write();
    if (code === undefined) return;
    if (code === 'EAGAIN') this.#retry ??= setTimeout(() => this.#again(), RETRY_MS).unref();
    else this.#failures += 1;
    this.#drop(code === 'EAGAIN' ? performance.now() - this.#logWaitMs : Infinity);
  }

  #again(): void {
    this.#retry = undefined;
    this.#writeAll();
  }

  /** @returns the code of the error that stopped the writing, or undefined once everything is written */
  #write(): string | undefined {
    for (;;) {
      const begun = (this.#begun ??= begin(this.#audit) ?? begin(this.#log));
      if (!begun) return undefined;
      try {
        begun.written += writeSync(this.#fd, begun.buffer, begun.written);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'unknown';
      }
      if (begun.written === begun.buffer.length) this.#end(begun);
    }
  }

  #end({ queue, chunk }: Begun): void {
    queue.end(chunk);
    this.#begun = undefined;
    chunk.written?.();
  }

  /**
   * Drops the lines of the log that have waited since the given time or longer, except for the rest of a line that is
   * partly written.
   */
  #drop(sinceMs: number): void {
    this.#dropped += this.#log.dropUntil(sinceMs);
    const begun = this.#begun;
    if (!begun || begun.queue !== this.#log || begun.chunk.sealedAtMs > sinceMs) return;
    const { buffer, written } = begun;
    const end = written === 0 ? 0 : buffer.indexOf(NEWLINE, written - 1) + 1;
    this.#dropped += newlines(buffer.subarray(end));
    begun.buffer = buffer.subarray(0, end);
    if (written === end) this.#end(begun);
  }

  /** Writes what is left when the process exits, waiting for the reader for a while. */
  #finish(): void {
    const deadline = performance.now() + EXIT_MS;
    const sleeping = new Int32Array(new SharedArrayBuffer(4));
    this.#log.seal();
    while (this.#write() === 'EAGAIN' && performance.now() < deadline) Atomics.wait(sleeping, 0, 0, RETRY_MS);
  }
}

/** Lines that wait, in the order in which they arrived. */
class Lines {
  /** Length of the lines that wait or are being written. */
  characters = 0;
  #text = '';
  #textLines = 0;
  #chunks: Chunk[] = [];

  /** @returns true if there are enough lines for a write */
  add(line: string): boolean {
    this.characters += line.length;
    this.#textLines += 1;
    this.#text += line;
    if (this.#text.length < CHUNK_CHARACTERS) return false;
    this.seal();
    return true;
  }

  /** Makes a chunk of the lines since the last one. */
  seal(): void {
    if (this.#textLines === 0) return;
    this.#chunks.push({ text: this.#text, lines: this.#textLines, sealedAtMs: performance.now() });
    this.#text = '';
    this.#textLines = 0;
  }

  /** Adds lines that are written together. */
  addChunk(text: string, written: () => void): void {
    this.characters += text.length;
    this.#chunks.push({ text, lines: 0, sealedAtMs: performance.now(), written });
  }

  /** Takes the oldest chunk. It still counts until `end` is called. */
  next(): Chunk | undefined {
    return this.#chunks.shift();
  }

  end({ text }: Chunk): void {
    this.characters -= text.length;
  }

  /** Drops the chunks that were sealed at or before the given time. @returns the number of their lines */
  dropUntil(sinceMs: number): number {
    let dropped = 0;
    for (let chunk = this.#chunks[0]; chunk && chunk.sealedAtMs <= sinceMs; chunk = this.#chunks[0]) {
      this.#chunks.shift();
      this.end(chunk);
      dropped += chunk.lines;
    }
    return dropped;
  }
}

function begin(queue: Lines): Begun | undefined {
  const chunk = queue.next();
  return chunk && { queue, chunk, buffer: Buffer.from(chunk.text), written: 0 };
}

function newlines(text: Buffer): number {
  let count = 0;
  for (const byte of text) if (byte === NEWLINE) count += 1;
  return count;
}
