import cluster from 'node:cluster';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { WorkersMetrics } from '../workers.js';

/** Outcome of a request: `ok`, or the name of the exception. */
export type Outcome = string;

/** Metrics for Prometheus: requests by service, operation and outcome, and those of the process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'keyblock_requests_total',
    help: 'Requests by service, operation and outcome, which is ok or the name of the exception',
    labelNames: ['service', 'operation', 'outcome'],
    registers: [this.#registry],
  });
  readonly #duration = new Histogram({
    name: 'keyblock_request_duration_seconds',
    help: 'Time from the arrival of a request until its response is ready, by service, operation and outcome',
    labelNames: ['service', 'operation', 'outcome'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });
  /** Series by their labels: prom-client's lookup costs more than counting does. */
  readonly #series = new Map<string, { requests: Counter.Internal; duration: Histogram.Internal<string> }>();

  readonly #workers = cluster.isWorker ? new WorkersMetrics(this.#registry) : undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @param service `name` of the API */
  count(service: string, operation: string, outcome: Outcome, seconds: number): void {
    const name = `${service} ${operation} ${outcome}`;
    let series = this.#series.get(name);
    if (!series) {
      series = {
        requests: this.#requests.labels(service, operation, outcome),
        duration: this.#duration.labels(service, operation, outcome),
      };
      this.#series.set(name, series);
    }
    series.requests.inc();
    series.duration.observe(seconds);
  }

  /** Prometheus' text format; covers all workers if there are several. */
  text(): Promise<string> {
    return this.#workers?.text() ?? this.#registry.metrics();
  }
}
