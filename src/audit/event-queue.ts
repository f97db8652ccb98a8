import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { timesOf } from './chain.js';

/** A batch begins when GROUP_EVENTS events wait, or GROUP_MS after events began to wait or the last batch ended. */
const GROUP_EVENTS = 200;
const GROUP_MS = 50;
/**
 * Maximum number of events in one write: linking and sending 250 events of 1.2 KB takes the main thread 0.8 ms, and
 * 1,000 take over 5 ms.
 */
const BATCH_EVENTS = 250;
/** Number of characters after which a batch is full, because the parameters of an event may be a hundred times as long. */
const BATCH_CHARACTERS = 393_216;
/** Time until a batch that could not be written is tried again. */
const RETRY_MS = 250;
/** Length of the queue of a required sink beyond which calls are refused; an event takes about 1 KB. */
const MAX_WAITING = 100_000;

export interface EventQueueOptions {
  /** The sink's name in the log. */
  sink: string;
  /** If false, events are dropped while the queue is full. */
  isRequired: boolean;
  logger: Logger;
  /** Overrides the length of the queue in tests. */
  maxWaiting?: number;
  /**
   * Writes a batch, or throws if none of it was written.
   *
   * @param next returns the oldest events of the queue, as many as a batch may have
   */
  write: (next: () => readonly string[]) => Promise<void>;
}

/** Queue of a sink, whose events are written in groups, so that requests don't wait for them. */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #maxWaiting: number;
  /** Events, oldest first, each without its closing brace. */
  readonly #waiting: string[] = [];
  #timer?: NodeJS.Timeout;
  /** The batch that is being written. */
  #writing?: Promise<void>;
  #isFailing = false;
  #dropped = 0;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
  }

  /** Number of events that have not been written yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Time of the oldest event that waits, as the event states it. */
  get oldest(): string | null {
    return timesOf(this.#waiting.slice(0, 1)).first;
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#maxWaiting;
  }

  /** True if the last batch could not be written. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Number of events that were dropped because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Queues an event, see `opened`, or drops it if the queue is full and the sink isn't required. */
  add(event: string): void {
    const { isRequired, logger, sink } = this.#options;
    if (this.isFull && !isRequired) {
      this.#dropped += 1;
      return;
    }
    const waiting = this.#waiting.push(event);
    if (waiting === this.#maxWaiting)
      logger.error(
        { sink },
        isRequired
          ? 'calls are refused until audit events can be written again'
          : 'audit events are dropped until they can be written again',
      );
    this.#schedule();
  }

  /** Removes the oldest events if they begin with an event that was already written. */
  remove(lines: readonly string[]): void {
    // Events have unique ids, so a line that begins like the oldest queued event is that event.
    if (lines[0]?.startsWith(this.#waiting[0] ?? '\n')) this.#waiting.splice(0, lines.length);
  }

  /** Writes the whole queue. Events that can't be written stay queued. */
  async flush(): Promise<void> {
    await this.#writing;
    while (this.#waiting.length > 0) {
      await this.write();
      if (this.#isFailing) return;
    }
  }

  /** Writes the queue, and tries again until all is written or the time has passed. */
  async drain(milliseconds: number): Promise<void> {
    const deadline = new AbortController();
    const isOver = pause(milliseconds, undefined, { signal: deadline.signal }).catch(() => undefined);
    const written = async () => {
      for (;;) {
        await this.flush();
        if (this.#waiting.length === 0) return;
        await pause(RETRY_MS, undefined, { signal: deadline.signal });
      }
    };
    // A write to standard output doesn't return while nobody reads it.
    await Promise.race([written().catch(() => undefined), isOver]);
    deadline.abort();
    clearTimeout(this.#timer);
  }

  /** Writes the oldest events, or an empty batch if none wait; one batch at a time. */
  write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#takeBatch().finally(() => {
      this.#writing = undefined;
      this.#schedule();
    });
    return this.#writing;
  }

  /**
   * Begins a batch, or sets the timer for it. While a batch is being written, it does nothing: the end of that batch
   * schedules the next.
   */
  #schedule(): void {
    if (this.#writing || this.#waiting.length === 0) return;
    if (this.#waiting.length >= GROUP_EVENTS && !this.#isFailing) void this.write();
    else this.#timer ??= setTimeout(() => void this.write(), this.#isFailing ? RETRY_MS : GROUP_MS).unref();
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
    const { logger, sink, write } = this.#options;
    try {
      let count = 0;
      await write(() => {
        const batch = this.#nextBatch();
        count = batch.length;
        return batch;
      });
      this.#waiting.splice(0, count);
      if (this.#isFailing) logger.info({ sink }, 'audit events are written again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        logger.error({ sink, error: (error as Error).message }, 'audit events could not be written and remain queued');
      this.#isFailing = true;
    }
  }
}
