import type { EntityManager } from 'typeorm';

/** Number of days after today for which there are partitions. */
const DAYS_AHEAD = 7;
/**
 * Time to wait for the lock that adding or dropping a partition needs. While the lock is awaited, readers of the
 * partition also delay writers.
 */
const LOCK_TIMEOUT = '1s';
/** SQLSTATE of a lock that was not granted in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/** The partition for rows of days without a partition. */
export const DEFAULT_PARTITION = 'audit_log_default';

/** A partition of the table audit_log, for days from one, inclusive, to another, exclusive. */
export interface Partition {
  name: string;
  /** ISO 8601; undefined for the partition of all days before `to`, or for the default partition. */
  from?: string;
  /** Undefined for the default partition. */
  to?: string;
}

/** Lists the partitions in the order of their days; the default partition is the last. */
export async function partitions(manager: EntityManager): Promise<Partition[]> {
  const rows = await manager.query<{ name: string; bound: string }[]>(
    `SELECT part.relname AS name, pg_get_expr(part.relpartbound, part.oid) AS bound
       FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
      WHERE inhparent = 'audit_log'::regclass`,
  );
  const found = rows.map(({ name, bound }) => {
    const [, from, to] = /FROM \((?:'(.+)'|MINVALUE)\) TO \('(.+)'\)/.exec(bound) ?? [];
    return { name, from, to };
  });
  return found.sort((a, b) => ((a.to ?? 'z') < (b.to ?? 'z') ? -1 : 1));
}

/** Returns the partition that rows of a day are in. @param day ISO 8601 */
export function partitionOf(all: readonly Partition[], day: string): Partition | undefined {
  return all.find(({ from = '', to = '' }) => from <= day && day < to);
}

/**
 * Creates missing partitions for today and the next 7 days, and for rows of the default partition, which move there. A
 * partition whose lock isn't granted in time is left to the next call: there are partitions for a week.
 *
 * @param manager of a connection that holds LOCKS.migration
 */
export async function makePartitions(manager: EntityManager): Promise<void> {
  const all = await partitions(manager);
  const days = await manager.query<{ day: string }[]>(
    `SELECT (today + ahead)::text AS day
       FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) AS now, generate_series(0, $1::int) AS ahead
      UNION SELECT DISTINCT day::text FROM ${DEFAULT_PARTITION} ORDER BY day`,
    [DAYS_AHEAD],
  );
  for (const { day } of days) if (!partitionOf(all, day)) await inTime(manager, (inner) => makePartition(inner, day));
}

/** Number of rows in the default partition. */
export async function countDefaultRows(manager: EntityManager): Promise<number> {
  const [row] = await manager.query<{ rows: number }[]>(`SELECT count(*)::int AS rows FROM ${DEFAULT_PARTITION}`);
  return row?.rows ?? 0;
}

/**
 * Runs a transaction that changes partitions, unless a lock isn't granted in time.
 *
 * @returns false if it isn't; nothing was changed
 */
async function inTime(manager: EntityManager, work: (manager: EntityManager) => Promise<void>): Promise<boolean> {
  try {
    await manager.transaction(async (inner) => {
      await limitLocks(inner);
      await work(inner);
    });
    return true;
  } catch (error) {
    if (isLocked(error)) return false;
    throw error;
  }
}

/** Limits how long statements of a transaction wait for locks of tables. */
export async function limitLocks(manager: EntityManager): Promise<void> {
  await manager.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
}

/** True for the error of a statement whose lock wasn't granted in time. */
export function isLocked(error: unknown): boolean {
  return (error as { code?: string }).code === LOCK_NOT_AVAILABLE;
}

/**
 * Creates the partition of a day. Attaching a table, unlike creating it as a partition, doesn't stop those who read or
 * write other partitions.
 */
async function makePartition(manager: EntityManager, day: string): Promise<void> {
  const name = nameOf(day);
  await manager.query(`CREATE TABLE ${name} (LIKE audit_log INCLUDING ALL)`);
  await manager.query(`LOCK TABLE ${DEFAULT_PARTITION} IN ACCESS EXCLUSIVE MODE`);
  await manager.query(
    `WITH moved AS (DELETE FROM ${DEFAULT_PARTITION} WHERE day = $1 RETURNING *) INSERT INTO ${name} SELECT * FROM moved`,
    [day],
  );
  await manager.query(
    `ALTER TABLE audit_log ATTACH PARTITION ${name} FOR VALUES FROM ('${day}') TO ('${dayAfter(day)}')`,
  );
}

function nameOf(day: string): string {
  return `audit_log_${day.replaceAll('-', '')}`;
}

/** @param day ISO 8601 */
export function dayAfter(day: string, days = 1): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}
