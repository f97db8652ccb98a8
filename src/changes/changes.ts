import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Logger } from 'pino';
import { DataSource, type EntityManager } from 'typeorm';
import { callEvent, type ServiceAct, serviceEvent } from '../audit/audit-event.js';
import { AuditLog } from '../audit/audit-log.js';
import type { Call } from '../call.js';
import { Clock } from '../clock.js';
import { LOGGER } from '../logger.js';

/** How long another node's change may go unseen here, at the most. */
export const MAX_STALE_MS = 1000;

const CHANNEL = 'keyblock_changes';
const RECONNECT_MS = 1000;

/** Remembers what it read from the database. */
export interface Cache {
  /** True for the ARNs of what it may remember. */
  owns(arn: string): boolean;
  forget(arn: string): void;
  /** Forgets everything. */
  clear(): void;
}

/**
 * Changes to keys, aliases, users and roles, told to every process that remembers them. They listen to each other; while
 * one is cut off, the age of what it remembers is the bound.
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

  /** Tells a cache of every change from now on. @returns the cache */
  subscribe<T extends Cache>(cache: T): T {
    this.#caches.push(cache);
    return cache;
  }

  /** Clears every cache: changes may have gone unnoticed. */
  clear(): void {
    for (const cache of this.#caches) cache.clear();
  }

  /**
   * A transaction that changes something for a call. The call's event is written with it: who changes what a caller sees
   * does so here.
   *
   * @param work names the ARN of each key, alias, user or role that it changes; no node uses what it remembers of it after
   *   the commit
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
   * A transaction of what the service or an operator does by itself.
   *
   * @param work as in `transaction`; what it notes is written with it
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
        // Sent by the commit, and not at all when there is none.
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
    listener.once('end', () => this.#again());
    try {
      await listener.connect();
      await listener.query(`LISTEN ${CHANNEL}`);
      // What changed while nobody listened went unnoticed.
      this.clear();
    } catch {
      await listener.end().catch(() => undefined);
    }
  }

  #forget(arn: string): void {
    for (const cache of this.#caches) if (cache.owns(arn)) cache.forget(arn);
  }

  #again(): void {
    if (this.#stopped) return;
    this.logger.warn('not told of changes by other nodes; trying again');
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#listen(), RECONNECT_MS).unref();
  }
}
