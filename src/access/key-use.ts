import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { Call } from '../call.js';
import { LastUses } from '../changes/last-uses.js';
import { LOGGER } from '../logger.js';

const DAY_MS = 86_400_000;
/** Number of days to keep; older days are kept only if they contain a key's last use. */
export const KEPT_DAYS = 90;
/**
 * Maximum number of combinations of key, day and operation that wait to be written. It is limited because calls can
 * name keys that don't exist.
 */
const MAX_WAITING = 100_000;

/** Calls of one operation with one key on one day. */
interface DayUse {
  keyArn: string;
  /** Number of the day since 1970-01-01, UTC. */
  day: number;
  operation: string;
  served: number;
  refused: number;
  lastServedAt?: Date;
  /** ARN of the caller. */
  lastServedTo?: string;
}

/** The last call with a key that was served. */
export interface LastUse {
  time: Date;
  operation: string;
  by: string;
}

const READS = /^(?:Get|List|Describe)/;
const EXCHANGE = /^(?:Export|Import)Key$/;

/** Counts the calls with each key, by day and operation. */
@Injectable()
export class KeyUse extends LastUses<DayUse> {
  constructor(
    private readonly database: DataSource,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(logger, 'the use of keys could not be written');
  }

  /** Counts a call that used keys, or tried to. Reading and changing attributes doesn't count as use. */
  note({ api, operation, origin, principal, record }: Call, isServed: boolean): void {
    if (record.keyArns.length === 0) return;
    const { audit } = api;
    const isCryptography = audit.isDataEvent(operation) || (audit.isReadOnly(operation) && !READS.test(operation));
    if (!isCryptography && !EXCHANGE.test(operation)) return;
    const day = Math.floor(origin.time.getTime() / DAY_MS);
    for (const keyArn of new Set(record.keyArns)) {
      const id = `${keyArn} ${day} ${operation}`;
      let use = this.collected(id);
      if (!use) {
        if (this.size >= MAX_WAITING) return;
        use = { keyArn, day, operation, served: 0, refused: 0 };
        this.collect(id, use);
      }
      if (!isServed) use.refused += 1;
      else {
        use.served += 1;
        use.lastServedAt = origin.time;
        use.lastServedTo = principal.arn;
      }
    }
  }

  /** Returns the stored last use of each of the keys. */
  async lastUses(keyArns: readonly string[]): Promise<Map<string, LastUse>> {
    const rows = await this.database.query<(LastUse & { keyArn: string })[]>(
      `SELECT DISTINCT ON (key_arn) key_arn AS "keyArn", last_served_at AS "time", operation, last_served_to AS "by"
         FROM key_use WHERE key_arn = ANY ($1) AND last_served_at IS NOT NULL ORDER BY key_arn, last_served_at DESC`,
      [keyArns],
    );
    return new Map(rows.map(({ keyArn, ...use }) => [keyArn, use]));
  }

  /** Returns the calls with a key of the last days, newest first. */
  daysOf(
    keyArn: string,
    days: number,
    now: Date,
  ): Promise<{ day: string; operation: string; served: number; refused: number }[]> {
    return this.database.query(
      `SELECT day::text AS day, operation, served::float8 AS served, refused::float8 AS refused
         FROM key_use WHERE key_arn = $1 AND day > date '1970-01-01' + $2::int ORDER BY day DESC, operation`,
      [keyArn, Math.floor(now.getTime() / DAY_MS) - days],
    );
  }

  protected override merge(older: DayUse, newer: DayUse): DayUse {
    return { ...older, ...newer, served: older.served + newer.served, refused: older.refused + newer.refused };
  }

  /** Adds to the counts of keys that exist, in one order, and removes days that are no longer kept. */
  protected async store(uses: ReadonlyMap<string, DayUse>): Promise<void> {
    if (uses.size === 0) return;
    const all = [...uses.values()];
    await this.database.query(
      `INSERT INTO key_use (key_arn, day, operation, served, refused, last_served_at, last_served_to)
       SELECT arn, date '1970-01-01' + day, operation, served, refused, at, by
         FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::int[], $6::timestamptz[], $7::text[])
              AS used (arn, day, operation, served, refused, at, by)
        WHERE EXISTS (SELECT FROM keys WHERE keys.arn = used.arn)
           OR EXISTS (SELECT FROM kms_keys WHERE kms_keys.arn = used.arn)
        ORDER BY arn, day, operation
       ON CONFLICT (key_arn, day, operation) DO UPDATE
         SET served = key_use.served + excluded.served, refused = key_use.refused + excluded.refused,
             last_served_to = CASE WHEN excluded.last_served_at >= key_use.last_served_at OR key_use.last_served_at IS NULL
                                   THEN excluded.last_served_to ELSE key_use.last_served_to END,
             last_served_at = greatest(key_use.last_served_at, excluded.last_served_at)`,
      [
        all.map(({ keyArn }) => keyArn),
        all.map(({ day }) => day),
        all.map(({ operation }) => operation),
        all.map(({ served }) => served),
        all.map(({ refused }) => refused),
        all.map(({ lastServedAt }) => lastServedAt?.toISOString() ?? null),
        all.map(({ lastServedTo }) => lastServedTo ?? null),
      ],
    );
    await this.database.query(
      `DELETE FROM key_use AS old
        WHERE day <= date '1970-01-01' + $1::int
          AND (last_served_at IS NULL OR EXISTS (SELECT FROM key_use AS other WHERE other.key_arn = old.key_arn
                                                    AND other.last_served_at > old.last_served_at))`,
      [Math.max(...all.map(({ day }) => day)) - KEPT_DAYS],
    );
  }
}
