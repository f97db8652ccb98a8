import type { Logger } from 'pino';
import type { EntityManager } from 'typeorm';
import type { EventStream } from '../log-output.js';
import { ChainWriter, type ChainWriterOptions, type Work } from './chain-writer.js';
import { opened } from './chain.js';

/** A batch begins when GROUP_EVENTS events wait, or GROUP_MS after events began to wait or the last batch ended. */
const GROUP_EVENTS = 100;
const GROUP_MS = 50;
/**
 * Maximum number of events in one write: linking and sending 150 events of 1.2 KB takes the main thread 0.6 ms, and
 * 1,000 take over 5 ms.
 */
const BATCH_EVENTS = 150;
/** Number of characters after which a batch is full, because the parameters of an event may be a hundred times as long. */
const BATCH_CHARACTERS = 262_144;
/** Time until a batch that could not be written is tried again. */
const RETRY_MS = 250;
/** Length of the queue beyond which calls are refused; an event takes about 1 KB. */
const MAX_WAITING = 100_000;
/** Time that a stopping service keeps trying to write its queue. */
const STOP_MS = 5000;

export interface AuditLogOptions extends ChainWriterOptions {
  logger: Logger;
  /** Receives the events as lines; undefined if no events go to standard output. */
  stdout?: EventStream;
  /** Overrides the length of the queue in tests. */
  maxWaiting?: number;
}

/**
 * The audit log of this process: a hash chain of its own, whose number identifies the node. The event of a change is
 * written in the change's transaction; all others are queued and written in groups, so that requests don't wait for
 * them. See docs/adr/0014.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #maxWaiting: number;
  readonly #chain: ChainWriter;
  /** Queue of events outside transactions, oldest first, each without its closing brace. */
  readonly #waiting: string[] = [];
  #timer?: NodeJS.Timeout;
  /** The batch that is being written. */
  #writing?: Promise<void>;
  #isFailing = false;
  #chainsBroken = 0;

  constructor(options: AuditLogOptions) {
    const { logger, stdout } = options;
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
    this.#chain = new ChainWriter(options, {
      stored: (lines) => {
        for (const line of lines) stdout?.write(`${line}\n`);
      },
      recovered: (lines) => {
        // Events have unique ids, so a line that begins like the oldest queued event is that event.
        if (lines[0]?.startsWith(this.#waiting[0] ?? '\n')) this.#waiting.splice(0, lines.length);
      },
      broken: (chain, next) => {
        this.#chainsBroken += 1;
        logger.error(
          { chain, next },
          'the audit chain in the database is not as it was written: starting another chain',
        );
      },
      uncounted: (fault) => logger.error({ fault }, 'the row that counts the audit chains is missing or was modified'),
    });
  }

  /** Starts a chain under the next number. */
  async open(): Promise<void> {
    await this.#chain.begin();
  }

  /**
   * Number of chains of this process that could not be continued, because events were lost from the database or changed
   * in it.
   */
  get chainsBroken(): number {
    return this.#chainsBroken;
  }

  /** Number of events that have not been written yet to the table or to the stream. */
  get waiting(): number {
    return this.#waiting.length + (this.#options.stdout?.waiting ?? 0);
  }

  /** True when a queue is full; callers must then refuse any work that needs an audit event. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#maxWaiting || this.#options.stdout?.isFull === true;
  }

  /** Queues an event outside a transaction; see `callEvent`. */
  record(event: string): void {
    const waiting = this.#waiting.push(opened(event));
    if (waiting === this.#maxWaiting)
      this.#options.logger.error('calls are refused until the database accepts audit events again');
    this.#schedule();
  }

  /**
   * Runs a transaction that also writes its events, so that they exist if and only if it is committed.
   *
   * @param work returns its result, and its events, if any
   */
  async transaction<T>(work: (manager: EntityManager) => Promise<Work<T> & { events: string[] }>): Promise<T> {
    return this.#chain.transaction(async (manager) => {
      const { events, ...done } = await work(manager);
      return { ...done, ...(events.length > 0 && { events: () => events.map(opened) }) };
    });
  }

  /** Writes the whole queue. Events that can't be written stay queued. */
  async flush(): Promise<void> {
    await this.#writing;
    while (this.#waiting.length > 0) {
      await this.#writeBatch();
      if (this.#isFailing) return;
    }
  }

  /** Writes the queue, ends the chain and stops. */
  async close(): Promise<void> {
    const deadline = Date.now() + STOP_MS;
    for (;;) {
      await this.flush();
      if (this.waiting === 0 || Date.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    clearTimeout(this.#timer);
    const { logger } = this.#options;
    const events = this.waiting;
    if (events > 0) logger.fatal({ events }, 'audit events are lost: they could not be written');
    if (this.#waiting.length === 0)
      await this.#chain.end().catch((error: unknown) => {
        logger.warn({ error: (error as Error).message }, 'the audit chain could not be ended: it stays open');
      });
  }

  /**
   * Begins a batch, or sets the timer for it. While a batch is being written, it does nothing: the end of that batch
   * schedules the next.
   */
  #schedule(): void {
    if (this.#writing || this.#waiting.length === 0) return;
    if (this.#waiting.length >= GROUP_EVENTS && !this.#isFailing) void this.#writeBatch();
    else this.#timer ??= setTimeout(() => void this.#writeBatch(), this.#isFailing ? RETRY_MS : GROUP_MS).unref();
  }

  /** Writes the oldest events of the queue; one batch at a time. */
  #writeBatch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#takeBatch().finally(() => {
      this.#writing = undefined;
      this.#schedule();
    });
    return this.#writing;
  }

  /** The oldest events of the queue, as many as a batch may have. */
  #nextBatch(): string[] {
    const batch: string[] = [];
    let characters = 0;
    for (const event of this.#waiting) {
      if (batch.length === BATCH_EVENTS || characters >= BATCH_CHARACTERS) break;
      batch.push(event);
      characters += event.length;
    }
    return batch;
  }

  async #takeBatch(): Promise<void> {
    const { logger, table } = this.#options;
    if (!table) {
      this.#chain.linkOnly(this.#waiting.splice(0, this.#nextBatch().length));
      return;
    }
    try {
      let count = 0;
      await this.#chain.transaction(() => {
        // Read the queue only when it is our turn: by then, part of it may turn out to be written already.
        const events = () => {
          const batch = this.#nextBatch();
          count = batch.length;
          return batch;
        };
        return Promise.resolve({ result: undefined, events });
      });
      this.#waiting.splice(0, count);
      if (this.#isFailing) logger.info('audit events are written again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        logger.error({ error: (error as Error).message }, 'audit events could not be written and remain queued');
      this.#isFailing = true;
    }
  }
}
