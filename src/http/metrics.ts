import cluster from 'node:cluster';
import { type Aggregator, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditLog } from '../audit/audit-log.js';
import type { Primary } from '../database/primary.js';
import type { LogOutput } from '../log-output.js';
import { WorkersMetrics } from '../workers.js';
import { RequestCounts } from './request-counts.js';

/** Outcome of a request: `ok`, or the name of the exception. */
export type Outcome = string;

/** Bounds of the waits for a connection, in seconds. */
const WAITS = [0.001, 0.005, 0.025, 0.1, 0.5, 2, 10];

/** Metrics for Prometheus: requests by service, operation and outcome, and those of the process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new RequestCounts();
  readonly #failedVerifications = new Counter({
    name: 'keyblock_failed_verifications_total',
    help: 'Verifications that failed and PIN blocks that could not be opened, by operation and reason',
    labelNames: ['operation', 'reason'],
    registers: [this.#registry],
  });
  readonly #workers = cluster.isWorker ? new WorkersMetrics(this.#registry) : undefined;

  constructor() {
    this.#requests.register(this.#registry);
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Adds metrics of the audit log: events that wait to be written, and chains that broke. */
  watchAudit(audit: Pick<AuditLog, 'waiting' | 'chainsBroken'>): void {
    this.#gauge('keyblock_audit_waiting_events', 'Audit events that wait to be written', () => audit.waiting);
    this.#counter(
      'keyblock_audit_chains_broken_total',
      'Audit chains that could not be continued, because the database lost events or somebody changed them',
      () => audit.chainsBroken,
    );
  }

  /** Adds metrics of the connections to the database. */
  watchDatabase(primary: Primary): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'keyblock_database_connections',
      help: 'Connections of the pool to the database that are busy or idle, and calls that wait for one',
      labelNames: ['state'],
      registers,
      collect() {
        const { totalCount = 0, idleCount = 0, waitingCount = 0 } = primary.pool ?? {};
        this.set({ state: 'busy' }, totalCount - idleCount);
        this.set({ state: 'idle' }, idleCount);
        this.set({ state: 'waiting' }, waitingCount);
      },
    });
    const waits = new Histogram({
      name: 'keyblock_database_wait_seconds',
      help: 'Time until a query or a transaction has a connection to the database',
      buckets: WAITS,
      registers,
    });
    primary.waited = (seconds) => waits.observe(seconds);
    new Counter({
      name: 'keyblock_database_errors_total',
      help: "Errors of the database by SQLSTATE, and of its connections by the system's code",
      labelNames: ['code'],
      registers,
      collect() {
        this.reset();
        for (const [code, count] of primary.errors) this.inc({ code }, count);
      },
    });
  }

  /** Adds the metric of the crypto thread. */
  watchCryptoThread(thread: { readonly waiting: number }): void {
    this.#gauge(
      'keyblock_crypto_waiting_computations',
      'Computations that the crypto thread computes or that wait for it',
      () => thread.waiting,
    );
  }

  /** @param service `name` of the API */
  count(service: string, operation: string, outcome: Outcome, seconds: number): void {
    this.#requests.count(service, operation, outcome, seconds);
  }

  /** Adds metrics of the log: failed writes and dropped lines. */
  watchLog(output: Pick<LogOutput, 'failures' | 'dropped'>): void {
    const failures = 'Writes to standard output that failed, for another reason than a slow reader';
    this.#counter('keyblock_log_write_failures_total', failures, () => output.failures);
    const dropped = 'Lines of the log that were dropped, because they could not be written';
    this.#counter('keyblock_log_lines_dropped_total', dropped, () => output.dropped);
  }

  /** Adds a metric of the token that encrypts the master key. @param read returns 1 if it is reachable, otherwise 0 */
  watchToken(read: () => number): void {
    // Workers reach the token separately: it is up if all of them do.
    this.#gauge('keyblock_token_up', '1 while the token that encrypts the master key can be reached', read, 'min');
  }

  /** @param aggregator how the values of several workers become one */
  #gauge(name: string, help: string, read: () => number, aggregator: Aggregator = 'sum'): void {
    const registers = [this.#registry];
    const gauge: Gauge = new Gauge({ name, help, registers, aggregator, collect: () => gauge.set(read()) });
  }

  /** @param read returns a number that never decreases */
  #counter(name: string, help: string, read: () => number): void {
    let last = 0;
    const collect = () => {
      const total = read();
      counter.inc(total - last);
      last = total;
    };
    const counter: Counter = new Counter({ name, help, registers: [this.#registry], collect });
  }

  countFailedVerification(operation: string, reason: string): void {
    this.#failedVerifications.inc({ operation, reason });
  }

  /**
   * Adds a gauge with a label, whose values are the same in all processes of a service.
   *
   * @param read returns the gauge's values by the label's value
   */
  addGauge(
    definition: { name: string; help: string; label: string },
    read: () => Iterable<readonly [string, number]>,
  ): void {
    const { name, help, label } = definition;
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      aggregator: 'max',
      collect() {
        this.reset();
        for (const [value, number] of read()) this.set({ [label]: value }, number);
      },
    });
  }

  /** Prometheus' text format; covers all workers if there are several. */
  text(): Promise<string> {
    return this.#workers?.text() ?? this.#registry.metrics();
  }
}
