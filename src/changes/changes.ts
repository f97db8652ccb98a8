import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Logger } from 'pino';
import { DataSource, type EntityManager } from 'typeorm';
import { callEvent, type ServiceAct, serviceEvent } from '../audit/audit-event.js';
import { AuditLog } from '../audit/audit-log.js';
import type { Call } from '../call.js';
import { Clock } from '../clock.js';
import { LOGGER } from '../logger.js';

/** The longest time until a change made by another process is seen by this one. */
export const MAX_STALE_MS = 1000;

const CHANNEL = 'keyblock_changes';
const RECONNECT_MS = 1000;

/** A cache of what was read from the database. */
export interface Cache {
  /** True for the ARNs of resources that the cache may hold. */
  owns(arn: string): boolean;
  /** Drops what depends on a changed resource. */
  forget(arn: string): void;
  /** Drops everything. */
  clear(): void;
}

/**
 * Runs the transactions that change keys, aliases, users and roles, and notifies the caches of every process with PostgreSQL's
 * NOTIFY. While a process can't listen, its caches are bounded by the age of their entries.
 */
@Injectable()
export class Changes implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #caches: Cache[] = [];
  #listener?: pg.Client;
  #retry?: NodeJS.Timeout;
  #stopped = false;

  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Notifies a cache of every change from now on. @returns the cache */
  subscribe<T extends Cache>(cache: T): T {
    this.#caches.push(cache);
    return cache;
  }

  /** Clears every cache, because changes may have been missed. */
  clear(): void {
    for (const cache of this.#caches) cache.clear();
  }

  /**
   * Runs a transaction that changes something for a call, and writes the call's audit event in it.
   *
   * @param work calls `changed` with the ARN of each key, alias, user or role that it changes; all caches drop it
   */
  async transaction<T>(
    call: Call,
    work: (manager: EntityManager, changed: (arn: string) => void) => Promise<T>,
  ): Promise<T> {
    const result = await this.#run(async (manager, changed) => ({
      result: await work(manager, changed),
      events: () => [callEvent(call)],
    }));
    call.record.written();
    return result;
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
    try {
      return await this.audit.transaction(async (manager) => {
        const { result, events } = await work(manager, (arn) => arns.push(arn));
        // PostgreSQL sends the notifications when the transaction commits.
        if (arns.length > 0)
          await manager.query('SELECT pg_notify($1, arn) FROM unnest($2::text[]) AS arn', [CHANNEL, arns]);
        return { result, events: events() };
      });
    } finally {
      for (const arn of arns) this.#forget(arn);
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#listen();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#listener?.end();
  }

  async #listen(): Promise<void> {
    if (this.#stopped) return;
    const { url } = this.database.options as { url: string };
    const listener = new pg.Client({ connectionString: url, application_name: 'keyblock listener', keepAlive: true });
    this.#listener = listener;
    listener.on('notification', ({ payload }) => payload !== undefined && this.#forget(payload));
    listener.on('error', () => undefined); // 'end' follows
    listener.once('end', () => this.#reconnect());
    try {
      await listener.connect();
      await listener.query(`LISTEN ${CHANNEL}`);
      // Changes made before LISTEN were missed.
      this.clear();
    } catch {
      await listener.end().catch(() => undefined);
    }
  }

  #forget(arn: string): void {
    for (const cache of this.#caches) if (cache.owns(arn)) cache.forget(arn);
  }

  #reconnect(): void {
    if (this.#stopped) return;
    this.logger.warn('the connection that listens for changes was lost; reconnecting');
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#listen(), RECONNECT_MS).unref();
  }
}
