import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { SESSION_STATES } from '../approvals/approval-session.entity.js';
import { DatabaseTime } from '../changes/database-time.js';
import { Rounds } from '../changes/rounds.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { Metrics, type Samples } from '../http/metrics.js';
import { LOGGER } from '../logger.js';
import { Nodes } from './nodes.js';

const INTERVAL_MS = 60_000;

/** Payment keys by Region and state. */
const PAYMENT_KEYS = `SELECT 'payment-cryptography' AS service, region, state, count(*)::float8 AS n
  FROM keys GROUP BY region, state`;

/** KMS keys by Region and state, as far as the keys' own rows determine it. */
const KMS_KEYS = `SELECT 'kms' AS service, region,
         CASE WHEN deletion_date IS NOT NULL THEN 'PendingDeletion'
              WHEN pending_window_days IS NOT NULL THEN 'PendingReplicaDeletion'
              WHEN enabled THEN 'Enabled' ELSE 'Disabled' END AS state,
         count(*)::float8 AS n
    FROM kms_keys GROUP BY 2, 3`;

const DELETIONS = `SELECT count(*) FILTER (WHERE due <= now())::float8 AS due, count(*)::float8 AS soon
  FROM (SELECT delete_pending_at AS due FROM keys WHERE state = 'DELETE_PENDING'
        UNION ALL SELECT deletion_date FROM kms_keys WHERE deletion_date IS NOT NULL) AS pending
 WHERE due <= now() + interval '7 days'`;

const REPLICATIONS = `SELECT region, count(due_at)::float8 AS due, count(*) FILTER (WHERE status = 'FAILED')::float8 AS failed,
       greatest(0, extract(epoch FROM now() - min(due_at)))::float8 AS "oldestSeconds"
  FROM replications WHERE due_at IS NOT NULL GROUP BY region`;

const APPROVALS = `SELECT state, count(*)::float8 AS n, count(break_glass_reason)::float8 AS "brokenGlass"
  FROM approval_sessions GROUP BY state`;

interface KeyCount {
  service: string;
  region: string;
  state: string;
  n: number;
}

interface ReplicationCount {
  region: string;
  due: number;
  failed: number;
  oldestSeconds: number;
}

interface ApprovalCount {
  state: string;
  n: number;
  /** Break-glass approvals by an operator of the host. */
  brokenGlass: number;
}

interface Counts {
  keys: readonly KeyCount[];
  deletions: { due: number; soon: number };
  replications: readonly ReplicationCount[];
  approvals: readonly ApprovalCount[];
}

/**
 * Counts keys, replicas and deletions in the database once a minute, for metrics. One node counts, and the others have
 * no such metrics; each process compares its clock with the database's.
 */
@Injectable()
export class DeploymentCounts implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;
  #counts?: Counts;
  #offsetSeconds?: number;

  constructor(
    private readonly database: DataSource,
    private readonly databaseTime: DatabaseTime,
    private readonly nodes: Nodes,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    @Inject(CONFIG) private readonly config: Pick<Config, 'regions'>,
    @Inject(LOGGER) logger: Logger,
  ) {
    const failure = 'the contents of the database could not be counted; retrying every minute';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.count(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#addMetrics();
    this.#rounds.start();
    void this.#rounds.run();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Counts now if this process is responsible for counting, and otherwise discards its counts. */
  async count(): Promise<void> {
    await this.#compareClocks();
    this.#counts = (await this.nodes.isFirst()) ? await this.#read() : undefined;
  }

  async #compareClocks(): Promise<void> {
    const before = this.clock.now().getTime();
    const there = await this.databaseTime.read();
    const after = this.clock.now().getTime();
    this.#offsetSeconds = ((before + after) / 2 - there.getTime()) / 1000;
  }

  async #read(): Promise<Counts> {
    const keys = await this.database.query<KeyCount[]>(`${PAYMENT_KEYS} UNION ALL ${KMS_KEYS}`);
    const [deletions = { due: 0, soon: 0 }] = await this.database.query<Counts['deletions'][]>(DELETIONS);
    const replications = await this.database.query<ReplicationCount[]>(REPLICATIONS);
    const idle = this.config.regions.filter((name) => !replications.some(({ region }) => region === name));
    const none = idle.map((region) => ({ region, due: 0, failed: 0, oldestSeconds: 0 }));
    const approvals = await this.database.query<ApprovalCount[]>(APPROVALS);
    return { keys, deletions, replications: [...replications, ...none], approvals };
  }

  #addMetrics(): void {
    this.#gauges(
      'keys',
      'Keys in the database, by service, Region and state, including Regions that are no longer served',
      ['service', 'region', 'state'],
      ({ keys }) => keys.map(({ n, ...labels }) => [labels, n]),
    );
    this.#gauges('deletions_due', 'Keys whose waiting period is over and that are not destroyed yet', [], (counts) => [
      [{}, counts.deletions.due],
    ]);
    this.#gauges('deletions_within_7d', 'Keys that will be destroyed within 7 days, or are due', [], (counts) => [
      [{}, counts.deletions.soon],
    ]);
    this.#gauges('replication_due', 'Replicas that wait to be created, updated or removed', [], ({ replications }) => [
      [{}, replications.reduce((sum, { due }) => sum + due, 0)],
    ]);
    this.#gauges(
      'replication_oldest_seconds',
      'Time for which the oldest work on a replica has been due, by Region of the replica',
      ['region'],
      ({ replications }) => replications.map(({ region, oldestSeconds }) => [{ region }, oldestSeconds]),
    );
    this.#gauges(
      'replication_failed',
      'Replicas whose last attempt failed and that wait for the next, by Region of the replica',
      ['region'],
      ({ replications }) => replications.map(({ region, failed }) => [{ region }, failed]),
    );
    this.#gauges('approvals', 'Requests for approval in the database, by state', ['state'], ({ approvals }) =>
      SESSION_STATES.map((state) => [{ state }, approvals.find((each) => each.state === state)?.n ?? 0]),
    );
    this.metrics.counters(
      {
        name: 'keyblock_break_glass_total',
        help: 'Requests for approval that an operator of the host approved in place of their team',
        labelNames: [],
      },
      () => (this.#counts ? [[{}, this.#counts.approvals.reduce((sum, { brokenGlass }) => sum + brokenGlass, 0)]] : []),
    );
    this.metrics.gauges(
      {
        name: 'keyblock_clock_offset_seconds',
        help: "Difference between this node's clock and the database's, positive if the node is ahead",
        labelNames: [],
      },
      () => (this.#offsetSeconds === undefined ? [] : [[{}, this.#offsetSeconds]]),
    );
  }

  #gauges(name: string, help: string, labelNames: string[], samplesOf: (counts: Counts) => Samples): void {
    this.metrics.gauges({ name: `keyblock_${name}`, help, labelNames }, () =>
      this.#counts ? samplesOf(this.#counts) : [],
    );
  }
}
