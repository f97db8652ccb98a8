import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import { callEvent, type ServiceAct, serviceEvent } from '../audit/audit-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Call } from '../call.js';
import type { Clock } from '../clock.js';
import { ChangeEpoch, type Freshness } from './change-epoch.js';
import { CHANNEL, ChangeListener } from './change-listener.js';
import { type Gate, Unapproved } from './gate.js';
import { inTime } from './in-time.js';
import { StaleServing } from './stale-serving.js';

/** A cache of values that were read from the database. */
export interface Cache {
  /** True for the ARNs of resources that the cache may hold. */
  owns(arn: string): boolean;
  /** Drops entries that depend on a changed resource. */
  forget(arn: string): void;
  /** Drops everything. */
  clear(): void;
}

/**
 * Runs the transactions that change keys, aliases, users and roles, numbers them in `change_epoch`, and notifies the
 * caches of every process with PostgreSQL's NOTIFY. The numbers reveal lost notifications.
 */
export class Changes implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #caches: Cache[] = [];
  readonly #epoch = new ChangeEpoch(() => this.clear());
  readonly #listener: ChangeListener;
  readonly staleServing: StaleServing;
  #gate?: Gate;

  /** @param staleSeconds KEYBLOCK_STALE_SECONDS */
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    logger: Logger,
    staleSeconds = 0,
  ) {
    this.staleServing = new StaleServing(this.#epoch, { limitSeconds: staleSeconds, audit, clock, logger });
    this.#listener = new ChangeListener(
      database,
      logger,
      (payload) => this.#notified(payload),
      () => this.staleServing.reached(),
    );
  }

  /** Limits how long the caches may use their values. */
  get freshness(): Freshness {
    return this.staleServing;
  }

  /** True while this process can be notified of changes. */
  get isListening(): boolean {
    return this.#listener.isListening;
  }

  /** Notifies a cache of every change from now on. @returns the cache */
  subscribe<T extends Cache>(cache: T): T {
    this.#caches.push(cache);
    return cache;
  }

  /** Sets the gate that every transaction of a call has to pass. */
  guardBy(gate: Gate): void {
    this.#gate = gate;
  }

  /** True for a call that needs approvals. Returns a promise only if something isn't cached. */
  needsApproval(call: Call): boolean | Promise<boolean> {
    const passage = this.#gate?.of(call);
    return passage instanceof Promise ? passage.then((found) => found !== undefined) : passage !== undefined;
  }

  /** Clears every cache, because changes may have been missed. */
  clear(): void {
    for (const cache of this.#caches) cache.clear();
  }

  /** Notifies the caches of the other processes, outside of a transaction. */
  async announce(arn: string): Promise<void> {
    await this.database.query('SELECT pg_notify($1, $2)', [CHANNEL, arn]);
  }

  /**
   * Runs a transaction that changes something for a call, and writes the call's audit event in the same transaction. A call
   * that needs approvals passes the gate: without them, the change is rolled back and they are requested.
   *
   * @param work calls `changed` with the ARN of each key, alias, user or role that it changes; all caches drop it. Calls
   *             `note` for each further audit event.
   * @throws ApprovalRequiredException
   */
  async transaction<T>(
    call: Call,
    work: (manager: EntityManager, changed: (arn: string) => void, note: (act: ServiceAct) => void) => Promise<T>,
  ): Promise<T> {
    const found = this.#gate?.of(call);
    const passage = found instanceof Promise ? await found : found;
    const acts: ServiceAct[] = [];
    try {
      const result = await this.#run(async (manager, changed) => {
        await passage?.enter(manager);
        const result = await work(manager, changed, (act) => acts.push(act));
        await passage?.leave(manager);
        return { result, events: () => [callEvent(call), ...acts.map((act) => serviceEvent(act, this.clock.now()))] };
      });
      call.record.written();
      return result;
    } catch (error) {
      throw error instanceof Unapproved && passage ? await passage.request() : error;
    }
  }

  /**
   * Consumes the approvals of a call that changes nothing, such as an export.
   *
   * @returns undefined if the call needs none
   * @throws ApprovalRequiredException
   */
  approve(call: Call): Promise<void> | undefined {
    const needed = this.needsApproval(call);
    if (needed === false) return undefined;
    return Promise.resolve(needed).then((isNeeded) =>
      isNeeded ? this.transaction(call, () => Promise.resolve()) : undefined,
    );
  }

  /**
   * Runs a transaction that the service or an operator starts without a call.
   *
   * @param work as in `transaction`; calls `note` for each audit event that the transaction writes
   */
  async ownTransaction<T>(
    work: (manager: EntityManager, changed: (arn: string) => void, note: (act: ServiceAct) => void) => Promise<T>,
  ): Promise<T> {
    const acts: ServiceAct[] = [];
    return this.#run(async (manager, changed) => ({
      result: await work(manager, changed, (act) => acts.push(act)),
      events: () => acts.map((act) => serviceEvent(act, this.clock.now())),
    }));
  }

  async #run<T>(
    work: (manager: EntityManager, changed: (arn: string) => void) => Promise<{ result: T; events: () => string[] }>,
  ): Promise<T> {
    const arns: string[] = [];
    let number: number | undefined;
    const announce = async (manager: EntityManager) => {
      if (arns.length > 0) number = await this.#announce(manager, arns);
    };
    let result: T;
    try {
      result = await this.audit.transaction(async (manager) => {
        const done = await work(manager, (arn) => arns.push(arn));
        return { result: done.result, events: done.events(), atEnd: announce };
      });
    } finally {
      for (const arn of arns) this.#forget(arn);
    }
    if (number !== undefined) this.#epoch.heard(number);
    return result;
  }

  /**
   * Numbers the change and notifies all processes when the transaction commits. The row's lock keeps the numbers in the
   * order of the commits. The number is sent last, so a process that has received it has received all ARNs.
   */
  async #announce(manager: EntityManager, arns: string[]): Promise<number> {
    const [announced] = await manager.query<[{ n: string }]>(
      `WITH epoch AS (UPDATE change_epoch SET n = n + 1 RETURNING n)
       SELECT n, pg_notify($1, payload) FROM epoch, unnest($2::text[] || n::text) AS payload`,
      [CHANNEL, arns],
    );
    return Number(announced.n);
  }

  /**
   * Reads the number of the last change, which keeps the caches fresh, and, in the same round trip, all rows of a
   * table.
   *
   * @returns the rows; a single row of nulls if the table is empty
   */
  async readEpochAnd(table: string): Promise<Record<string, unknown>[]> {
    const sentAt = performance.now();
    const answered = this.#epoch.ask();
    let rows: Record<string, unknown>[];
    try {
      rows = await inTime(
        this.#listener.query(
          `SELECT change_epoch.n, extract(epoch FROM pg_postmaster_start_time()) AS server,
                  extract(epoch FROM clock_timestamp()) AS time, ${table}.*
             FROM change_epoch LEFT JOIN ${table} ON true`,
        ),
      );
    } catch (error) {
      this.staleServing.failed(error, performance.now() - sentAt);
      throw error;
    }
    this.staleServing.reached();
    const [row] = rows;
    if (!row) throw new Error('The row of change_epoch is missing');
    answered({ n: Number(row['n']), server: String(row['server']), time: Number(row['time']) * 1000 });
    return rows;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#listener.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.staleServing.stop();
    await this.#listener.stop();
  }

  #notified(payload: string): void {
    if (/^\d+$/.test(payload)) this.#epoch.heard(Number(payload));
    else this.#forget(payload);
  }

  #forget(arn: string): void {
    for (const cache of this.#caches) if (cache.owns(arn)) cache.forget(arn);
  }
}
