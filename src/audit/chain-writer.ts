import { hostname } from 'node:os';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { lockTransaction, LOCKS } from '../database/locks.js';
import type { Home } from './audit-event.js';
import {
  type Batch,
  batchMac,
  hashOf,
  type Head,
  headMac,
  link,
  NO_EVENTS,
  opened,
  timesOf,
  type Writer,
} from './chain.js';
import { chainEvent } from './chain-events.js';
import { dayAfterSegments } from './segments.js';
import { beginChain, endChain, readHead, type SetFault } from './chain-set.js';

/** A transaction whose response is lost has written two rows at most: the beginning of a chain, and its own events. */
const LOST_ROWS = 2;

export interface ChainWriterOptions {
  database: DataSource;
  /** Key of the MACs, shared by the deployment, 32 bytes. Stays the caller's. */
  secret: Buffer;
  clock: Clock;
  /** The account and Region of the events about chains. */
  home: Home;
}

/** Callbacks of a ChainWriter to its owner. */
export interface ChainListener {
  /** Receives events in their stored form, once they are stored. */
  stored(lines: readonly string[]): void;
  /** Called before `stored` with events that were stored although their transaction seemed to fail. */
  recovered(lines: readonly string[]): void;
  /** Called if a chain can't be continued and another takes its place. */
  broken(chain: number, next: number): void;
  /** Called if the row that counts the chains is missing or modified. */
  uncounted(fault: SetFault): void;
}

/** The outcome of a transaction, apart from its events. */
export interface Work<T> {
  result: T;
  /** Runs after the events are written, for a statement whose lock should be held only during the commit. */
  atEnd?: (manager: EntityManager) => Promise<void>;
}

/** The end of a chain. */
interface Position {
  readonly writer: Writer;
  readonly head: Head;
}

/** Events that are in a transaction but not committed yet. */
interface Stored extends Position {
  readonly lines: readonly string[];
  /** The chain that could not be continued, if these events begin another. */
  readonly broken?: number;
  readonly setFault?: SetFault;
}

/**
 * Writes the chain of this process. If the database doesn't have the chain as this process left it, because of a
 * failover, a restore or an edit, the chain ends there and the current transaction begins the next one.
 */
export class ChainWriter {
  readonly #options: ChainWriterOptions;
  readonly #listener: ChainListener;
  /** The chain, and its end as far as this process knows. */
  #position?: Position;
  /** True if more may have been written, because the response to a commit was lost. */
  #isUnsure = false;
  /** The chain that was begun in the transaction whose response was lost. */
  #maybeBegun?: Writer;
  /**
   * The earliest day that rows may have, ISO 8601: days of a chain never decrease, even if the database's clock does.
   */
  #day = '-infinity';
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ChainWriterOptions, listener: ChainListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Begins a chain under the next number. @param also begins other chains of this process in the same transaction */
  async begin(also: (manager: EntityManager) => Promise<void> = () => Promise.resolve()): Promise<void> {
    const begun = await this.#options.database.transaction(async (manager) => {
      const stored = await this.#begin(manager);
      await also(manager);
      return stored;
    });
    this.#committed(begun);
  }

  /** Number of the chain, and its head as far as this process knows. */
  get head(): Head & { chain: number } {
    const { writer, head } = this.#here;
    return { chain: writer.chain, ...head };
  }

  /** Ends the chain, so that audit_chain_set covers its head from now on. */
  async end(): Promise<void> {
    await this.#transaction((manager) => Promise.resolve({ result: undefined, store: () => this.#end(manager) }));
  }

  /**
   * Writes events of no transaction, in one statement that commits itself: a transaction would take three. Only a chain
   * that may have changed needs one.
   *
   * @param events returns the events, without their closing braces, when it is their turn; called once more if the
   *               chain can't be continued
   */
  async append(events: () => readonly string[]): Promise<void> {
    const runner = this.#options.database.createQueryRunner();
    try {
      await runner.connect();
      if (await this.#appendInTurn(runner.manager, events)) return;
    } finally {
      await runner.release();
    }
    await this.transaction(() => Promise.resolve({ result: undefined, events }));
  }

  /**
   * Runs a transaction that ends by writing its events, so that they exist if and only if it is committed.
   *
   * @param work returns its result, and a function that returns its events, without their closing braces, when the
   *             transaction has its turn
   */
  async transaction<T>(
    work: (manager: EntityManager) => Promise<Work<T> & { events?: () => readonly string[] }>,
  ): Promise<T> {
    return this.#transaction(async (manager) => {
      const { result, events, atEnd } = await work(manager);
      if (!events) {
        await atEnd?.(manager);
        return { result };
      }
      const store = async () => {
        const stored = await this.#store(manager, events());
        await atEnd?.(manager);
        return stored;
      };
      return { result, store };
    });
  }

  /** @returns false if nothing was written, because the chain may not be as this process left it */
  async #appendInTurn(manager: EntityManager, events: () => readonly string[]): Promise<boolean> {
    const endTurn = await this.#takeTurn();
    try {
      if (this.#isUnsure) return false;
      const due = events();
      if (due.length === 0) return true;
      const { writer } = this.#here;
      const batch = await this.#append(manager, this.#here, due);
      if (batch) this.#committed({ writer, ...batch });
      return batch !== undefined;
    } catch (error) {
      this.#isUnsure = true;
      throw error;
    } finally {
      endTurn();
    }
  }

  /** @param work returns its result, and a function that writes to the chain when the transaction has its turn */
  async #transaction<T>(
    work: (manager: EntityManager) => Promise<{ result: T; store?: () => Promise<Stored> }>,
  ): Promise<T> {
    let endTurn: (() => void) | undefined;
    try {
      const { result, stored } = await this.#options.database.transaction(async (manager) => {
        const { result, store } = await work(manager);
        if (!store) return { result };
        // Take the turn only with a connection in hand: waiting for a connection while holding the turn would deadlock.
        endTurn = await this.#takeTurn();
        if (this.#isUnsure) await this.#recover(manager);
        return { result, stored: await store() };
      });
      if (stored) this.#committed(stored);
      return result;
    } catch (error) {
      if (endTurn) this.#isUnsure = true;
      throw error;
    } finally {
      endTurn?.();
    }
  }

  /** Appends events to the chain, or to a new one if the chain can't be continued. */
  async #store(manager: EntityManager, events: readonly string[]): Promise<Stored> {
    if (events.length === 0) return { ...this.#here, lines: [] };
    const { writer } = this.#here;
    const batch = await this.#append(manager, this.#here, events);
    if (batch) return { writer, ...batch };

    const next = await this.#beginAfterBreak(manager);
    const appended = await this.#append(manager, next, events);
    if (!appended) throw new Error(`Audit chain ${next.writer.chain} does not begin as it was written`);
    return { ...next, head: appended.head, lines: [...next.lines, ...appended.lines] };
  }

  async #end(manager: EntityManager): Promise<Stored> {
    const { secret } = this.#options;
    const { writer, head } = this.#here;
    const found = await readHead(manager, secret, writer);
    const last = isSame(found, head) ? { ...this.#here, lines: [] } : await this.#beginAfterBreak(manager);
    await endChain(manager, secret, last.writer);
    return last;
  }

  async #beginAfterBreak(manager: EntityManager): Promise<Stored> {
    const { secret, clock, home } = this.#options;
    const { writer, head } = this.#here;
    const found = await readHead(manager, secret, writer);
    if (found) await endChain(manager, secret, writer);
    const serviceEventDetails = { chain: writer.chain, found: found ?? null, written: head };
    const event = chainEvent(home, { eventName: 'AuditChainBroken', serviceEventDetails }, clock.now());
    return { ...(await this.#begin(manager, writer.chain, [event])), broken: writer.chain };
  }

  /**
   * Begins a chain under the next number.
   *
   * @param after  the chain of this process that the new one follows, or 0
   * @param events the first events of the new chain, about the previous chain
   */
  async #begin(manager: EntityManager, after = 0, events: string[] = []): Promise<Stored> {
    const { secret, clock, home } = this.#options;
    const { writer, setFault } = await beginChain(manager, secret, { ...thisProcess(clock), kind: 'table' }, after);
    this.#maybeBegun = writer;
    this.#day = (await dayAfterSegments(manager)) ?? this.#day;
    if (setFault) {
      const serviceEventDetails = { fault: setFault };
      events.push(chainEvent(home, { eventName: 'AuditChainsUncounted', serviceEventDetails }, clock.now()));
    }
    const begun = { writer, head: NO_EVENTS, lines: [], setFault };
    if (events.length === 0) return begun;
    return { ...begun, ...(await this.#append(manager, begun, events.map(opened))) };
  }

  /**
   * Appends a batch in one statement.
   *
   * @returns undefined if nothing was written, because the chain's entry isn't the one that this process expects
   */
  async #append(manager: EntityManager, at: Position, events: readonly string[]): Promise<Batch | undefined> {
    const { secret } = this.#options;
    const { writer } = at;
    const batch = link(writer.chain, at.head, events);
    const { first, lines, head } = batch;
    const times = timesOf(lines);
    const written = await manager.query<{ day: string }[]>(
      `WITH head AS (
         UPDATE audit_chains SET sequence = $2, hash = $3, mac = $4 WHERE chain = $1 AND mac = $5 RETURNING chain
       )
       INSERT INTO audit_log (day, chain, first, count, events, mac, first_time, last_time)
       SELECT GREATEST((clock_timestamp() AT TIME ZONE 'UTC')::date, $12), chain, $6, $7, $8, $9, $10, $11
         FROM head RETURNING day::text`,
      [
        writer.chain,
        head.sequence,
        head.hash,
        headMac(secret, writer, head),
        headMac(secret, writer, at.head),
        first,
        lines.length,
        lines.join('\n'),
        batchMac(secret, writer.chain, batch),
        times.first,
        times.last,
        this.#day,
      ],
    );
    const [row] = written;
    if (!row) return undefined;
    this.#day = row.day;
    return batch;
  }

  /**
   * Finds out what was written by the transaction whose response was lost, and continues from there. If the database
   * has neither those events nor the previous head, the next statement finds that the chain can't be continued.
   */
  async #recover(manager: EntityManager): Promise<void> {
    const next = this.#maybeBegun;
    // The transaction that may have begun the chain may still be committing, so wait for it.
    if (next) await lockTransaction(manager, LOCKS.auditChain);
    const hasBegun = next !== undefined && (await this.#adopt(manager, { writer: next, head: NO_EVENTS }));
    if (!hasBegun) await this.#adopt(manager, this.#here);
    this.#maybeBegun = undefined;
    this.#isUnsure = false;
  }

  /**
   * Reads the events after a position and continues from them, if they lead to the head that this process recorded in
   * the database.
   */
  async #adopt(manager: EntityManager, { writer, head }: Position): Promise<boolean> {
    const found = await readHead(manager, this.#options.secret, writer);
    if (!found) return false;
    const rows = await manager.query<{ events: string }[]>(
      'SELECT events FROM audit_log WHERE chain = $1 AND first > $2 ORDER BY first LIMIT $3',
      [writer.chain, head.sequence, LOST_ROWS],
    );
    const batches = rows.map(({ events }) => events.split('\n'));
    const lines = batches.flat();
    const last = lines.at(-1);
    const reached = { sequence: head.sequence + lines.length, hash: last === undefined ? head.hash : hashOf(last) };
    if (!isSame(found, reached)) return false;
    for (const batch of batches) this.#listener.recovered(batch);
    const { chain } = this.#here.writer;
    this.#committed({ writer, head: reached, lines, ...(writer.chain !== chain && { broken: chain }) });
    return true;
  }

  #committed({ writer, head, lines, broken, setFault }: Stored): void {
    this.#position = { writer, head };
    this.#maybeBegun = undefined;
    if (broken !== undefined) this.#listener.broken(broken, writer.chain);
    if (setFault) this.#listener.uncounted(setFault);
    this.#listener.stored(lines);
  }

  async #takeTurn(): Promise<() => void> {
    const before = this.#turn;
    let end: () => void = () => undefined;
    this.#turn = new Promise((resolve) => (end = resolve));
    await before;
    return end;
  }

  get #here(): Position {
    if (!this.#position) throw new Error('The audit log is not open');
    return this.#position;
  }
}

/** Returns the facts about this process that its chains state. */
export function thisProcess(clock: Clock): Pick<Writer, 'host' | 'pid' | 'startedAt'> {
  return { host: hostname(), pid: process.pid, startedAt: clock.now() };
}

function isSame(a: Head | undefined, b: Head): boolean {
  return a?.sequence === b.sequence && a.hash === b.hash;
}
