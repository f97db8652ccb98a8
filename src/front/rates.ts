import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { LastUses } from '../changes/last-uses.js';
import { Clock } from '../clock.js';
import { BOUNDS, bucketOf } from '../http/request-counts.js';
import { LOGGER } from '../logger.js';

const MINUTE_MS = 60_000;
/** Number of hours to keep. */
export const KEPT_HOURS = 168;
/**
 * Maximum number of combinations of minute and operation that wait to be written, e.g. while the database can't be
 * reached.
 */
const MAX_WAITING = 20_000;

const BUCKETS = BOUNDS.length + 1;

/** Requests of one operation in one minute. */
interface Minute {
  /** Number of the minute since 1970-01-01. */
  minute: number;
  api: string;
  operation: string;
  served: number;
  refused: number;
  /** Number of requests in each bucket of the histogram, not cumulative. */
  buckets: number[];
}

/** Requests of a step of time; of all operations if it has no operation. */
export interface Rate {
  /** Number of the step, from 0. */
  step: number;
  api?: string;
  operation?: string;
  served: number;
  refused: number;
  buckets: number[];
}

/** The steps to read. */
export interface RateSteps {
  from: Date;
  stepMinutes: number;
  byOperation: boolean;
}

/** Maximum number of rows per read. */
const MAX_ROWS = 50_000;

/** Counts requests by minute, API and operation, for all processes of the deployment. */
@Injectable()
export class Rates extends LastUses<Minute> {
  constructor(
    private readonly database: DataSource,
    private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(logger, 'the rates of requests could not be written');
  }

  /** @param api name of the API */
  count(api: string, operation: string, isServed: boolean, seconds: number): void {
    const minute = Math.floor(this.clock.now().getTime() / MINUTE_MS);
    const id = `${minute} ${api} ${operation}`;
    let found = this.collected(id);
    if (!found) {
      if (this.size >= MAX_WAITING) return;
      const buckets = Array.from({ length: BUCKETS }, () => 0);
      found = { minute, api, operation, served: 0, refused: 0, buckets };
      this.collect(id, found);
    }
    if (isServed) found.served += 1;
    else found.refused += 1;
    const bucket = bucketOf(seconds);
    found.buckets[bucket] = (found.buckets[bucket] ?? 0) + 1;
  }

  /** Reads the stored requests since a time, summed by step. */
  read({ from, stepMinutes, byOperation }: RateSteps): Promise<Rate[]> {
    const sums = Array.from({ length: BUCKETS }, (_, i) => `sum(buckets[${i + 1}])`);
    const names = byOperation ? ', api, operation' : '';
    return this.database.query<Rate[]>(
      `SELECT floor(extract(epoch FROM minute - $1::timestamptz) / ($2 * 60))::int AS step${names},
              sum(served)::float8 AS served, sum(refused)::float8 AS refused, ARRAY[${sums.join(', ')}]::float8[] AS buckets
         FROM rates WHERE minute >= $1 GROUP BY 1${names} ORDER BY 1${names} LIMIT ${MAX_ROWS}`,
      [from, stepMinutes],
    );
  }

  protected override merge(older: Minute, newer: Minute): Minute {
    return {
      ...newer,
      served: older.served + newer.served,
      refused: older.refused + newer.refused,
      buckets: newer.buckets.map((count, i) => count + (older.buckets[i] ?? 0)),
    };
  }

  /** Adds to the counts of other processes, in one order, and removes minutes that are no longer kept. */
  protected async store(counts: ReadonlyMap<string, Minute>): Promise<void> {
    if (counts.size === 0) return;
    const all = [...counts.values()];
    await this.database.query(
      `INSERT INTO rates (minute, api, operation, served, refused, buckets)
       SELECT to_timestamp(minute * 60::float8), api, operation, served, refused, buckets::bigint[]
         FROM unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::int[], $6::text[])
              AS counted (minute, api, operation, served, refused, buckets)
        ORDER BY minute, api, operation
       ON CONFLICT (minute, api, operation) DO UPDATE
         SET served = rates.served + excluded.served, refused = rates.refused + excluded.refused,
             buckets = (SELECT array_agg(coalesce(one, 0) + coalesce(other, 0) ORDER BY place)
                          FROM unnest(rates.buckets, excluded.buckets) WITH ORDINALITY AS sums (one, other, place))`,
      [
        all.map(({ minute }) => minute),
        all.map(({ api }) => api),
        all.map(({ operation }) => operation),
        all.map(({ served }) => served),
        all.map(({ refused }) => refused),
        all.map(({ buckets }) => `{${buckets.join(',')}}`),
      ],
    );
    await this.database.query('DELETE FROM rates WHERE minute < $1', [
      new Date(this.clock.now().getTime() - KEPT_HOURS * 60 * MINUTE_MS),
    ]);
  }
}

/**
 * Estimates a percentile from a histogram, by interpolation within a bucket as Prometheus does.
 *
 * @param part e.g. 0.99
 * @returns milliseconds; undefined without requests
 */
export function percentileMs(buckets: readonly number[], part: number): number | undefined {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let below = 0;
  for (const [i, count] of buckets.entries()) {
    if (count > 0 && below + count >= part * total) {
      const lower = i === 0 ? 0 : (BOUNDS[i - 1] ?? 0);
      // Only the lower bound of the last bucket is known.
      const upper = BOUNDS[i] ?? lower;
      return 1000 * (lower + ((upper - lower) * (part * total - below)) / count);
    }
    below += count;
  }
  return undefined;
}
