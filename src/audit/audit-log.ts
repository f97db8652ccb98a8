import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { lockTransaction, LOCKS } from '../database/locks.js';
import { type Batch, batchMac, BEGINNING, hashOf, type Head, headMac, link, opened, type Writer } from './chain.js';

/** How long an event waits to be written with others, at most, where no change waits for it. */
const FLUSH_MS = 250;
/** How many go into one write. */
const BATCH_EVENTS = 1000;
/** How many may wait; then calls are refused. About 1 KB each. */
const MAX_WAITING = 100_000;
/** How long a service that stops goes on trying to write what it has. */
const STOP_MS = 5000;

export interface AuditLogOptions {
  database: DataSource;
  /** The deployment's, 32 bytes; its owner's to keep. */
  secret: Buffer;
  clock: Clock;
  logger: Logger;
  /** Whether the table has the events. */
  table: boolean;
  /** Gets the events as lines, where it is to have them. */
  stdout?: { write: (text: string) => unknown };
  /** Fewer for a test. */
  maxWaiting?: number;
}

/**
 * The audit log as this process writes it: a hash chain of its own, whose number says which node it is. What a change is
 * told with is written in its transaction; all else is gathered and written a few times a second, off the way of requests.
 * See docs/adr/0014.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #maxWaiting: number;
  #writer?: Writer;
  /** Up to where this process knows what was written. */
  #head: Head = { sequence: 0, hash: BEGINNING };
  /** Whether more may have been written: the answer to a commit was lost. */
  #isUnsure = false;
  /** Events that no transaction is for, oldest first, opened. */
  readonly #waiting: string[] = [];
  #turn: Promise<void> = Promise.resolve();
  #timer?: NodeJS.Timeout;
  #flushing?: Promise<void>;
  #isFailing = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
  }

  /** Begins a chain, with the next number, and to write. */
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

  /** Whether so much waits to be written that nothing may be done any more that would have to be told, too. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#maxWaiting;
  }

  /** Takes an event that no transaction is for; see `callEvent`. */
  record(event: string): void {
    const waiting = this.#waiting.push(opened(event));
    if (waiting === this.#maxWaiting)
      this.#options.logger.error('calls are refused until the database takes audit events again');
    if (waiting % BATCH_EVENTS === 0) void this.flush();
  }

  /**
   * Runs a transaction whose last act is to write its events: they are there if it is committed, and only then.
   *
   * @param work gives its result, and its events if there are any
   */
  async transaction<T>(work: (manager: EntityManager) => Promise<{ result: T; events: string[] }>): Promise<T> {
    return this.#transaction(async (manager) => {
      const { result, events } = await work(manager);
      return { result, ...(events.length > 0 && { events: () => events.map(opened) }) };
    });
  }

  /** Writes what waits. What can't be written goes on waiting. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined));
    return this.#flushing;
  }

  /** Writes what waits, and no more after that. */
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
          // When its turn has come: what waits may turn out to be written.
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
        logger.error({ error: (error as Error).message }, 'audit events could not be written, and wait');
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
        // With a connection in hand: who has the turn and waits for a connection would wait for ever.
        endTurn = await this.#myTurn();
        if (this.#isUnsure) await this.#findOut(manager);
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

  /** In one statement, which does nothing where the chain's head isn't what this process takes it for. */
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

  /** Reads what was written after all, though the answer to its commit was lost. */
  async #findOut(manager: EntityManager): Promise<void> {
    const rows = await manager.query<{ first: string; events: string }[]>(
      'SELECT first, events FROM audit_log WHERE chain = $1 AND first > $2 ORDER BY first',
      [this.#chain, this.#head.sequence],
    );
    for (const row of rows) {
      const lines = row.events.split('\n');
      // An event has an id: it begins like no other.
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

  async #myTurn(): Promise<() => void> {
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
