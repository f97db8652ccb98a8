import cluster from 'node:cluster';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { WorkersMetrics } from '../workers.js';

/** What an operation came to: `ok`, or the name of the exception. */
export type Outcome = string;

/** Figures for Prometheus: requests by operation and outcome, and the process's own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'keyblock_requests_total',
    help: 'Requests by operation and outcome, which is ok or the name of the exception',
    labelNames: ['operation', 'outcome'],
    registers: [this.#registry],
  });
  readonly #duration = new Histogram({
    name: 'keyblock_request_duration_seconds',
    help: 'Time from the arrival of a request until its answer is made, by operation and outcome',
    labelNames: ['operation', 'outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });
  /** Found once for each operation and outcome: looking labels up costs more than counting. */
  readonly #series = new Map<string, { requests: Counter.Internal; duration: Histogram.Internal<string> }>();

  readonly #workers = cluster.isWorker ? new WorkersMetrics(this.#registry) : undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  count(operation: string, outcome: Outcome, seconds: number): void {
    const name = `${operation} ${outcome}`;
    let series = this.#series.get(name);
    if (!series) {
      series = {
        requests: this.#requests.labels(operation, outcome),
        duration: this.#duration.labels(operation, outcome),
      };
      this.#series.set(name, series);
    }
    series.requests.inc();
    series.duration.observe(seconds);
  }

  /** In Prometheus' text format; of all workers, where there are some. */
  text(): Promise<string> {
    return this.#workers?.text() ?? this.#registry.metrics();
  }
}
