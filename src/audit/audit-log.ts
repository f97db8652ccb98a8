import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EntityManager } from 'typeorm';
import { ownEvent } from './audit-event.js';
import { type ChainWriterOptions, ChainWriter, thisProcess, type Work } from './chain-writer.js';
import { isDataEvent, opened, unlinked } from './chain.js';
import type { CheckpointSigner } from './checkpoint.js';
import { EventQueue } from './event-queue.js';
import { type EventOutput, EventStream } from './event-stream.js';

/** Time between two checkpoints of a stream. */
const CHECKPOINT_MS = 10_000;
/** Time that a stopping service keeps trying to write its queues. */
const STOP_MS = 5000;

export interface AuditLogOptions extends ChainWriterOptions {
  logger: Logger;
  /** False if events of the data plane go to streams only; by default, all events are in the table. */
  hasDataInTable?: boolean;
  streams?: readonly StreamOptions[];
  /** Overrides the length of the queues in tests. */
  maxWaiting?: number;
}

/** A stream that gets all events of this process. */
export interface StreamOptions {
  /** Name of the sink in the log and in metrics. */
  name: string;
  /** If false, events are dropped while they can't be written. */
  isRequired: boolean;
  output: EventOutput;
  signer: CheckpointSigner;
}

/** A sink with its queue and counters. */
interface Sink {
  readonly name: string;
  readonly isRequired: boolean;
  readonly queue: EventQueue;
  readonly written: { management: number; data: number };
}

/** The state of a sink, for metrics. */
export interface SinkState {
  readonly name: string;
  readonly waiting: number;
  readonly dropped: number;
  readonly written: Readonly<{ management: number; data: number }>;
}

/**
 * The audit log of this process: a hash chain of its own in the table, whose number identifies the node, and one for
 * each stream. The event of a change is written to the table in the change's transaction; all others are queued and
 * written in groups, so that requests don't wait for them. See docs/adr/0014 and 0052.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #chain: ChainWriter;
  readonly #table: Sink;
  readonly #streams: readonly (Sink & { stream: EventStream })[];
  /** Events that the streams have already, although the table has not. */
  readonly #announced = new Set<string>();
  #checkpoints?: NodeJS.Timeout;
  #chainsBroken = 0;
  #batchWritten: (events: number) => void = () => undefined;

  constructor(options: AuditLogOptions) {
    const { logger, streams = [] } = options;
    this.#options = options;
    this.#chain = new ChainWriter(options, {
      stored: (lines) => this.#stored(lines),
      recovered: (lines) => this.#table.queue.remove(lines),
      broken: (chain, next) => {
        this.#chainsBroken += 1;
        logger.error(
          { chain, next },
          'the audit chain in the database is not as it was written: starting another chain',
        );
      },
      uncounted: (fault) => logger.error({ fault }, 'the row that counts the audit chains is missing or was modified'),
    });
    // The queue is read only when it has its turn: by then, part of it may turn out to be written already.
    this.#table = this.#sink('table', true, (next) => this.#chain.append(next));
    this.#streams = streams.map((stream) => this.#streamOf(stream));
  }

  /**
   * Starts a chain in the table and one for each stream, under the next numbers.
   *
   * @throws if a stream can't be written to
   */
  async open(): Promise<void> {
    const process = thisProcess(this.#options.clock);
    await this.#chain.begin(async (manager) => {
      for (const { stream } of this.#streams) await stream.begin(manager, process);
    });
    for (const { stream, queue } of this.#streams) {
      await stream.open();
      void queue.write();
    }
    if (this.#streams.length > 0) this.#checkpoints = setInterval(() => this.#checkpoint(), CHECKPOINT_MS).unref();
  }

  /**
   * Number of chains of this process that could not be continued, because events were lost from the database or changed
   * in it.
   */
  get chainsBroken(): number {
    return this.#chainsBroken;
  }

  /** Number of events that have not been written yet to the table or to a stream. */
  get waiting(): number {
    return this.#sinks.reduce((sum, { queue }) => sum + queue.waiting, 0);
  }

  /** Age of the oldest event that waits, in seconds; 0 if none waits. */
  get oldestWaitingSeconds(): number {
    const times = this.#sinks.flatMap(({ queue }) => queue.oldest ?? []);
    const now = this.#options.clock.now().getTime();
    return times.reduce((oldest, time) => Math.max(oldest, (now - Date.parse(time)) / 1000), 0);
  }

  /** The sinks, the table first. */
  get sinks(): readonly SinkState[] {
    return this.#sinks.map(({ name, queue, written }) => ({
      name,
      waiting: queue.waiting,
      dropped: queue.dropped,
      written,
    }));
  }

  /** True when the queue of a required sink is full; callers must then refuse any work that needs an audit event. */
  get isFull(): boolean {
    if (this.#table.queue.isFull) return true;
    for (const { isRequired, queue } of this.#streams) if (isRequired && queue.isFull) return true;
    return false;
  }

  /**
   * True if events of the data plane don't go to the table, and the streams that must have them are being written: then
   * calls of the data plane are recorded although the table can't be written.
   */
  get takesDataWithoutTable(): boolean {
    const canWrite = ({ isRequired, queue }: Sink) => !isRequired || !(queue.isFailing || queue.isFull);
    return this.#options.hasDataInTable === false && this.#streams.every(canWrite);
  }

  /** Sets the function that gets the number of events of each batch from now on. */
  onBatch(batchWritten: (events: number) => void): void {
    this.#batchWritten = batchWritten;
  }

  /** Queues an event outside a transaction; see `callEvent`. */
  record(event: string): void {
    const text = opened(event);
    // Events of the table go to the streams once they are stored.
    if (this.#options.hasDataInTable === false && isDataEvent(text)) this.#toStreams(text);
    else this.#table.queue.add(text);
  }

  /**
   * Records an event of the service that the streams need at once, although the table, which gets it too, can't be
   * written at present.
   *
   * @param name `eventName`
   */
  announce(name: string, details: object): void {
    const { home, clock } = this.#options;
    const text = opened(ownEvent({ ...home, source: 'keyblock', name, details }, clock.now()));
    this.#announced.add(text);
    this.#toStreams(text);
    this.#table.queue.add(text);
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

  /** Writes the queues. Events that can't be written stay queued. */
  async flush(): Promise<void> {
    for (const { queue } of this.#sinks) await queue.flush();
  }

  /** Writes the queues, ends the chains and stops. */
  async close(): Promise<void> {
    clearInterval(this.#checkpoints);
    for (const { queue } of this.#sinks) await queue.drain(STOP_MS);
    const { logger, database } = this.#options;
    for (const { name, queue } of this.#sinks)
      if (queue.waiting > 0)
        logger.fatal({ sink: name, events: queue.waiting }, 'audit events are lost: they could not be written');
    const ended = this.#streams.filter(({ queue }) => queue.waiting === 0);
    await Promise.all(ended.map((sink) => this.#endStream(sink)));
    try {
      if (this.#table.queue.waiting === 0) await this.#chain.end();
      if (ended.length > 0)
        await database.transaction(async (manager) => {
          for (const { stream } of ended) await stream.keepEnd(manager);
        });
    } catch (error) {
      logger.warn({ error: (error as Error).message }, 'an audit chain could not be ended: it stays open');
    }
  }

  get #sinks(): readonly Sink[] {
    return [this.#table, ...this.#streams];
  }

  #sink(name: string, isRequired: boolean, write: (next: () => readonly string[]) => Promise<void>): Sink {
    const { logger, maxWaiting } = this.#options;
    const written = { management: 0, data: 0 };
    const queue = new EventQueue({ sink: name, isRequired, logger, maxWaiting, write });
    return { name, isRequired, queue, written };
  }

  #streamOf({ name, isRequired, output, signer }: StreamOptions): Sink & { stream: EventStream } {
    const sink = this.#sink(name, isRequired, async (next) => {
      const events = next();
      await stream.write(events);
      this.#count(sink, events);
    });
    const stream = new EventStream({
      ...this.#options,
      signer,
      output,
      tableHead: () => this.#chain.head,
      dropped: () => sink.queue.dropped,
    });
    return { ...sink, stream };
  }

  #stored(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#count(this.#table, lines);
    if (this.#streams.length === 0) return;
    for (const event of lines.map(unlinked)) if (!this.#announced.delete(event)) this.#toStreams(event);
  }

  #toStreams(event: string): void {
    for (const { queue } of this.#streams) queue.add(event);
  }

  #count({ written }: Sink, events: readonly string[]): void {
    for (const event of events) written[isDataEvent(event) ? 'data' : 'management'] += 1;
    if (events.length > 0) this.#batchWritten(events.length);
  }

  #checkpoint(): void {
    for (const { stream, queue } of this.#streams) {
      stream.requestCheckpoint();
      void queue.write();
    }
  }

  /** Writes the last line of a stream, or gives up after a while. */
  async #endStream({ stream, name }: Sink & { stream: EventStream }): Promise<void> {
    const { logger } = this.#options;
    const isOver = pause(STOP_MS, undefined, { ref: false }).then(() => {
      throw new Error('it does not accept the line');
    });
    await Promise.race([stream.end(), isOver]).catch((error: unknown) => {
      logger.error({ sink: name, error: (error as Error).message }, 'the last audit checkpoint could not be written');
    });
  }
}
