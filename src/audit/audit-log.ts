import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { lockTransaction, LOCKS } from '../database/locks.js';
import { type Batch, batchMac, BEGINNING, hashOf, type Head, headMac, link, opened, type Writer } from './chain.js';

/** Longest time that an event outside a transaction waits to be written together with others. */
const FLUSH_MS = 250;
/** Events in one write. */
const BATCH_EVENTS = 1000;
/** Length of the queue beyond which calls are refused; an event takes about 1 KB. */
const MAX_WAITING = 100_000;
/** Time that a stopping service keeps trying to write its queue. */
const STOP_MS = 5000;

export interface AuditLogOptions {
  database: DataSource;
  /** Key of the MACs, shared by the deployment, 32 bytes. Stays the caller's. */
  secret: Buffer;
  clock: Clock;
  logger: Logger;
  /** True to store the events in the table. */
  table: boolean;
  /** Receives the events as lines, if there is one. */
  stdout?: { write: (text: string) => unknown };
  /** Overrides the length of the queue in tests. */
  maxWaiting?: number;
}

/**
 * The audit log of this process: a hash chain of its own, whose number identifies the node. The event of a change is written in
 * the change's transaction; all others are queued and written a few times a second, so that requests don't wait for them. See
 * docs/adr/0014.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #maxWaiting: number;
  #writer?: Writer;
  /** Head of the chain as far as this process knows. */
  #head: Head = { sequence: 0, hash: BEGINNING };
  /** True if more may have been written, because the answer to a commit was lost. */
  #isUnsure = false;
  /** Queue of events outside transactions, oldest first, each without its closing brace. */
  readonly #waiting: string[] = [];
  #turn: Promise<void> = Promise.resolve();
  #timer?: NodeJS.Timeout;
  #flushing?: Promise<void>;
  #isFailing = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
  }

  /** Starts a chain under the next number, and the timer that writes the queue. */
  async open(): Promise<void> {
    const { database, clock } = this.#options;
    const begun = { host: hostname(), pid: process.pid, startedAt: clock.now() };
    this.#writer = await database.transaction(async (manager) => {
      await lockTransaction(manager, LOCKS.auditChain);
      const [last] = await manager.query<{ chain: number | null }[]>('SELECT max(chain) AS chain FROM audit_chains');
      const writer = { chain: (last?.chain ?? 0) + 1, ...begun };
      await manager.query(
        'INSERT INTO audit_chains (chain, host, pid, started_at, sequence, hash, mac) VALUES ($1, $2, $3, $4, $5, $6, $7)',
        [writer.chain, writer.host, writer.pid, writer.startedAt, ...this.#headRow(writer, this.#head)],
      );
      return writer;
    });
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /** True when the queue is full; callers must then refuse any work that needs an audit event. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#maxWaiting;
  }

  /** Queues an event outside a transaction; see `callEvent`. */
  record(event: string): void {
    const waiting = this.#waiting.push(opened(event));
    if (waiting === this.#maxWaiting)
      this.#options.logger.error('calls are refused until the database accepts audit events again');
    if (waiting % BATCH_EVENTS === 0) void this.flush();
  }

  /**
   * Runs a transaction that ends with writing its events, so that they exist if and only if it is committed.
   *
   * @param work returns its result, and its events, if any
   */
  async transaction<T>(work: (manager: EntityManager) => Promise<{ result: T; events: string[] }>): Promise<T> {
    return this.#transaction(async (manager) => {
      const { result, events } = await work(manager);
      return { result, ...(events.length > 0 && { events: () => events.map(opened) }) };
    });
  }

  /** Writes the queue. Events that can't be written stay queued. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined));
    return this.#flushing;
  }

  /** Writes the queue and stops the timer. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const deadline = Date.now() + STOP_MS;
    for (;;) {
      await this.flush();
      if (this.#waiting.length === 0) return;
      if (Date.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    }
    this.#options.logger.fatal({ events: this.#waiting.length }, 'audit events are lost: they could not be written');
  }

  async #flush(): Promise<void> {
    const { logger, table } = this.#options;
    if (!table) {
      this.#written(link(this.#chain, this.#head, this.#waiting.splice(0)));
      return;
    }
    try {
      while (this.#waiting.length > 0) {
        let count = 0;
        await this.#transaction(() => {
          // Read the queue only now that it is our turn: part of it may turn out to be written already.
          const events = () => {
            const first = this.#waiting.slice(0, BATCH_EVENTS);
            count = first.length;
            return first;
          };
          return Promise.resolve({ result: undefined, events });
        });
        this.#waiting.splice(0, count);
      }
      if (this.#isFailing) logger.info('audit events are written again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        logger.error({ error: (error as Error).message }, 'audit events could not be written and remain queued');
      this.#isFailing = true;
    }
  }

  async #transaction<T>(work: (manager: EntityManager) => Promise<{ result: T; events?: () => string[] }>): Promise<T> {
    const { database, table } = this.#options;
    if (!table) {
      const { result, events } = await database.transaction(work);
      if (events) this.#written(link(this.#chain, this.#head, events()));
      return result;
    }
    let endTurn: (() => void) | undefined;
    try {
      const { result, batch } = await database.transaction(async (manager) => {
        const { result, events } = await work(manager);
        if (!events) return { result };
        // Take the turn only with a connection in hand: waiting for a connection while holding the turn would deadlock.
        endTurn = await this.#takeTurn();
        if (this.#isUnsure) await this.#recover(manager);
        return { result, batch: await this.#append(manager, events()) };
      });
      if (batch) this.#written(batch);
      return result;
    } catch (error) {
      if (endTurn) this.#isUnsure = true;
      throw error;
    } finally {
      endTurn?.();
    }
  }

  /** Appends a batch in one statement, which does nothing if the chain's head isn't the one that this process expects. */
  async #append(manager: EntityManager, events: string[]): Promise<Batch> {
    const batch = link(this.#chain, this.#head, events);
    if (events.length === 0) return batch;
    const { first, lines, head } = batch;
    const written = await manager.query<unknown[]>(
      `WITH head AS (
         UPDATE audit_chains SET sequence = $2, hash = $3, mac = $4 WHERE chain = $1 AND sequence = $5 RETURNING chain
       )
       INSERT INTO audit_log (chain, first, count, events, mac) SELECT chain, $6, $7, $8, $9 FROM head RETURNING first`,
      [
        this.#chain,
        ...this.#headRow(this.#openWriter, head),
        this.#head.sequence,
        first,
        lines.length,
        lines.join('\n'),
        batchMac(this.#options.secret, this.#chain, batch),
      ],
    );
    if (written.length === 0) throw new Error(`Audit chain ${this.#chain} does not end where it should`);
    return batch;
  }

  /** Reads the events whose commit succeeded although its answer was lost, and removes them from the queue. */
  async #recover(manager: EntityManager): Promise<void> {
    const rows = await manager.query<{ first: string; events: string }[]>(
      'SELECT first, events FROM audit_log WHERE chain = $1 AND first > $2 ORDER BY first',
      [this.#chain, this.#head.sequence],
    );
    for (const row of rows) {
      const lines = row.events.split('\n');
      // Events have ids, so no two begin alike.
      if (lines[0]?.startsWith(this.#waiting[0] ?? '\n')) this.#waiting.splice(0, lines.length);
      const first = Number(row.first);
      const head = { sequence: first + lines.length - 1, hash: hashOf(lines.at(-1) ?? '') };
      this.#written({ first, lines, head });
    }
    this.#isUnsure = false;
  }

  #written({ lines, head }: Batch): void {
    this.#head = head;
    for (const line of lines) this.#options.stdout?.write(`${line}\n`);
  }

  async #takeTurn(): Promise<() => void> {
    const before = this.#turn;
    let end: () => void = () => undefined;
    this.#turn = new Promise((resolve) => (end = resolve));
    await before;
    return end;
  }

  #headRow(writer: Writer, head: Head): [sequence: number, hash: string, mac: Buffer] {
    return [head.sequence, head.hash, headMac(this.#options.secret, writer, head)];
  }

  get #openWriter(): Writer {
    if (!this.#writer) throw new Error('The audit log is not open');
    return this.#writer;
  }

  get #chain(): number {
    return this.#openWriter.chain;
  }
}
