import cluster from 'node:cluster';
import { type Aggregator, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditLog, SinkState } from '../audit/audit-log.js';
import type { Primary } from '../database/primary.js';
import type { LogOutput } from '../log-output.js';
import { WorkersMetrics } from '../workers.js';
import { RequestCounts } from './request-counts.js';
import { sharedWork } from './shared-work.js';

/** Outcome of a request: `ok`, or the name of the exception. */
export type Outcome = string;

/** Planes as labels of metrics. */
const PLANES = { controlPlane: 'control', dataPlane: 'data' } as const;

interface GaugeDefinition {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly aggregator?: Aggregator;
}

/** A value of a metric with its labels. */
type Sample = readonly [Readonly<Record<string, string>>, number];

/** Values of a metric, each with its labels. */
export type Samples = Iterable<Sample>;

/** Bounds of the waits for a connection, in seconds. */
const WAITS = [0.001, 0.005, 0.025, 0.1, 0.5, 2, 10];

let collected: Registry | undefined;

/**
 * Returns the default metrics of the process. They are collected once, because the timer and the observer that feed
 * them last as long as the process and keep their registry.
 */
function defaultMetrics(): Registry {
  if (!collected) {
    collected = new Registry();
    collectDefaultMetrics({ register: collected });
  }
  return collected;
}

/** Metrics for Prometheus: requests by service, operation and outcome, and those of the process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new RequestCounts();
  readonly #failedVerifications = new Counter({
    name: 'keyblock_failed_verifications_total',
    help: 'Failed verifications and PIN blocks that could not be decoded, by operation and reason',
    labelNames: ['operation', 'reason'],
    registers: [this.#registry],
  });
  readonly #signatureFailures = new Counter({
    name: 'keyblock_signature_failures_total',
    help: 'Requests whose caller could not be authenticated, by the name of the exception',
    labelNames: ['reason'],
    registers: [this.#registry],
  });
  readonly #throttled = new Counter({
    name: 'keyblock_throttled_total',
    help: 'Requests and host commands that were refused because of a rate limit, by plane',
    labelNames: ['plane'],
    registers: [this.#registry],
  });
  readonly #approvalNotices = new Counter({
    name: 'keyblock_approval_notices_total',
    help: 'Notices about approvals for the webhook, by outcome',
    labelNames: ['outcome'],
    registers: [this.#registry],
  });
  readonly #registries = [this.#registry, defaultMetrics()];
  readonly #workers = cluster.isWorker ? new WorkersMetrics(this.#registries) : undefined;

  constructor() {
    this.#requests.register(this.#registry);
  }

  /** Adds metrics of the audit log: events that wait, were written or dropped, by sink, and chains that broke. */
  watchAudit(audit: Pick<AuditLog, 'sinks' | 'oldestWaitingSeconds' | 'onBatch' | 'chainsBroken'>): void {
    this.#watchSinks(audit);
    const oldest = 'Age of the oldest audit event that waits to be written, to the second';
    this.gauge('keyblock_audit_oldest_waiting_seconds', oldest, () => audit.oldestWaitingSeconds, 'max');
    const batches = new Histogram({
      name: 'keyblock_audit_batch_events',
      help: 'Audit events that were written together',
      buckets: [1, 5, 10, 25, 50, 100, 250],
      registers: [this.#registry],
    });
    audit.onBatch((events) => batches.observe(events));
    this.#counter(
      'keyblock_audit_chains_broken_total',
      'Audit chains that could not be continued, because events were lost from the database or changed in it',
      () => audit.chainsBroken,
    );
  }

  /** Adds the metrics of the audit log's partitions. */
  watchAuditPartitions(partitions: {
    readonly defaultRows: number;
    readonly unexportedDays: number | undefined;
  }): void {
    // Every worker counts the same rows and days.
    this.gauge(
      'keyblock_audit_default_partition_rows',
      'Rows of the audit log in the default partition, because their day has no partition',
      () => partitions.defaultRows,
      'max',
    );
    const days = 'Days of the audit log that are over and not exported; absent if no day was ever exported';
    this.gauges({ name: 'keyblock_audit_unexported_days', help: days, labelNames: [] }, () =>
      partitions.unexportedDays === undefined ? [] : [[{}, partitions.unexportedDays]],
    );
  }

  /** Adds metrics of the connections to the database. */
  watchDatabase(primary: Primary): void {
    const connections = 'Connections of the pool to the database that are busy or idle, and calls that wait for one';
    this.gauges(
      { name: 'keyblock_database_connections', help: connections, labelNames: ['state'], aggregator: 'sum' },
      () => {
        const { totalCount = 0, idleCount = 0, waitingCount = 0 } = primary.pool ?? {};
        return [
          [{ state: 'busy' }, totalCount - idleCount],
          [{ state: 'idle' }, idleCount],
          [{ state: 'waiting' }, waitingCount],
        ];
      },
    );
    const waits = new Histogram({
      name: 'keyblock_database_wait_seconds',
      help: 'Time that a query or a transaction waits for a connection to the database',
      buckets: WAITS,
      registers: [this.#registry],
    });
    primary.waited = (seconds) => waits.observe(seconds);
    const errors = "Errors of the database by SQLSTATE, and of its connections by the system's code";
    this.counters({ name: 'keyblock_database_errors_total', help: errors, labelNames: ['code'] }, () =>
      Array.from(primary.errors, ([code, count]) => [{ code }, count] as const),
    );
  }

  /** Adds the metric of the crypto thread. */
  watchCryptoThread(thread: { readonly waiting: number }): void {
    this.gauge(
      'keyblock_crypto_waiting_computations',
      'Computations that run in the crypto thread or wait for it',
      () => thread.waiting,
    );
  }

  /** @param reason name of the exception */
  countSignatureFailure(reason: string): void {
    this.#signatureFailures.inc({ reason });
  }

  countThrottled(plane: keyof typeof PLANES): void {
    this.#throttled.inc({ plane: PLANES[plane] });
  }

  /** @param service `name` of the API */
  count(service: string, operation: string, outcome: Outcome, seconds: number): void {
    this.#requests.count(service, operation, outcome, seconds);
  }

  /** Adds metrics of the log: failed writes and dropped lines. */
  watchLog(output: Pick<LogOutput, 'failures' | 'dropped'>): void {
    const failures = 'Writes to standard output that failed for a reason other than a slow reader';
    this.#counter('keyblock_log_write_failures_total', failures, () => output.failures);
    const dropped = 'Lines of the log that were dropped, because they could not be written';
    this.#counter('keyblock_log_lines_dropped_total', dropped, () => output.dropped);
  }

  /** Adds a metric of the token that encrypts the master key. @param read returns 1 if it is reachable, otherwise 0 */
  watchToken(read: () => number): void {
    // Workers reach the token separately: it is up if all of them do.
    this.gauge('keyblock_token_up', '1 while the token that encrypts the master key can be reached', read, 'min');
  }

  #watchSinks(audit: Pick<AuditLog, 'sinks'>): void {
    const eachSink = (read: (sink: SinkState) => readonly Sample[]) => () => audit.sinks.flatMap(read);
    const waiting = 'Audit events that wait to be written, by sink';
    this.gauges(
      { name: 'keyblock_audit_waiting', help: waiting, labelNames: ['sink'], aggregator: 'sum' },
      eachSink(({ name: sink, waiting: events }) => [[{ sink }, events]]),
    );
    const dropped = 'Audit events that were dropped because the queue of an optional sink was full';
    this.counters(
      { name: 'keyblock_audit_dropped_total', help: dropped, labelNames: ['sink'] },
      eachSink(({ name: sink, dropped: events }) => [[{ sink }, events]]),
    );
    const written = 'Audit events that were written, by sink and kind';
    this.counters(
      { name: 'keyblock_audit_written_total', help: written, labelNames: ['sink', 'kind'] },
      eachSink(({ name: sink, written: { management, data } }) => [
        [{ sink, kind: 'management' }, management],
        [{ sink, kind: 'data' }, data],
      ]),
    );
  }

  /** @param aggregator combines the values of several workers */
  gauge(name: string, help: string, read: () => number, aggregator: Aggregator = 'sum'): void {
    const registers = [this.#registry];
    const gauge: Gauge = new Gauge({ name, help, registers, aggregator, collect: () => gauge.set(read()) });
  }

  /** @param read returns a number that never decreases */
  #counter(name: string, help: string, read: () => number): void {
    this.counters({ name, help, labelNames: [] }, () => [[{}, read()]]);
  }

  /** Adds a counter with labels. @param read returns numbers that never decrease, each with its labels */
  counters({ name, help, labelNames }: { name: string; help: string; labelNames: string[] }, read: () => Samples) {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        // A counter without labels is reset to 0.
        if (labelNames.length === 0) this.remove({});
        for (const [labels, total] of read()) this.inc(labels, total);
      },
    });
  }

  /** @param outcome of a notice about an approval: `delivered`, `failed` or `dropped` */
  countApprovalNotice(outcome: Outcome): void {
    this.#approvalNotices.inc({ outcome });
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
    const { label, ...named } = definition;
    this.gauges({ ...named, labelNames: [label] }, function* () {
      for (const [value, number] of read()) yield [{ [label]: value }, number];
    });
  }

  /** Adds a gauge with labels. @param aggregator combines the values of several workers */
  gauges({ name, help, labelNames, aggregator = 'max' }: GaugeDefinition, read: () => Samples): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      aggregator,
      collect() {
        this.reset();
        // A gauge without labels is reset to 0.
        if (labelNames.length === 0) this.remove({});
        for (const [labels, number] of read()) this.set(labels, number);
      },
    });
  }

  /** Prometheus' text format; covers all workers if there are several. */
  readonly text = sharedWork(() => this.#workers?.text() ?? Registry.merge(this.#registries).metrics());
}
