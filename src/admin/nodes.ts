import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { Rounds } from '../changes/rounds.js';
import { CONFIG, type Config } from '../config/config.js';
import { VERSION } from '../config/version.js';
import { type ListenerReport, ListenerReports } from '../hostcommands/listener-reports.js';
import { LOGGER } from '../logger.js';

const INTERVAL_MS = 10_000;
/** Time after which a process that doesn't update its row counts as stopped. */
export const GONE_SECONDS = 60;
const MAX_NODES = 1000;

/** A process of the deployment. */
export interface Node {
  host: string;
  pid: number;
  version: string;
  /** Processes that share the port of this one, itself included. */
  workers: number;
  startedAt: Date;
  lastSeenAt: Date;
  auditWaiting: number;
  /** Its listeners for host commands; null for a process of an older version. */
  listeners: ListenerReport[] | null;
}

/** Announces this process to the others: it writes its own row, with times of the database's clock. */
@Injectable()
export class Nodes implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #id = randomUUID();
  readonly #rounds: Rounds;

  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditLog,
    private readonly reports: ListenerReports,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.#rounds = new Rounds({
      intervalMs: INTERVAL_MS,
      round: () => this.write(),
      logger,
      failure: 'the row of this process in the table of nodes could not be written',
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#rounds.run();
    this.#rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
    // A row that isn't updated expires after a minute.
    await this.database.query('DELETE FROM nodes WHERE id = $1', [this.#id]).catch(() => undefined);
  }

  /** Returns the processes that have been seen in the last minute, in the order of their start. */
  list(): Promise<Node[]> {
    return this.database.query<Node[]>(
      `SELECT host, pid, version, workers, started_at AS "startedAt", last_seen_at AS "lastSeenAt",
              audit_waiting AS "auditWaiting", listeners
         FROM nodes WHERE last_seen_at > now() - $1 * interval '1 second' ORDER BY started_at, id LIMIT ${MAX_NODES}`,
      [GONE_SECONDS],
    );
  }

  /** True for the running process that started first. */
  async isFirst(): Promise<boolean> {
    const [first] = await this.database.query<{ id: string }[]>(
      `SELECT id FROM nodes WHERE last_seen_at > now() - $1 * interval '1 second' ORDER BY started_at, id LIMIT 1`,
      [GONE_SECONDS],
    );
    // Before the first row is written there is no other process.
    return first === undefined || first.id === this.#id;
  }

  /** Writes the row of this process now. */
  async write(): Promise<void> {
    await this.database.query(
      `INSERT INTO nodes (id, host, pid, version, workers, started_at, last_seen_at, audit_waiting, listeners)
       VALUES ($1, $2, $3, $4, $5, now(), now(), $6, $7)
       ON CONFLICT (id) DO UPDATE SET last_seen_at = now(), audit_waiting = $6, listeners = $7`,
      [
        this.#id,
        hostname(),
        process.pid,
        VERSION,
        this.config.workers,
        this.audit.waiting,
        JSON.stringify(this.reports.all()),
      ],
    );
    await this.database.query(`DELETE FROM nodes WHERE last_seen_at <= now() - $1 * interval '1 second'`, [
      GONE_SECONDS,
    ]);
  }
}
