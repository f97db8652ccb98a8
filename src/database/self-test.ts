import { randomInt } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { sealedTables } from '../provider/sealed.js';
import { LOCKS } from './locks.js';

/** The database doesn't do something on which the service relies. */
export class UnfitDatabaseError extends Error {
  override readonly name = 'UnfitDatabaseError';
}

/**
 * Checks that another connection sees the advisory lock of a transaction, and that it is gone when the transaction has
 * ended. Quotas and lists of keys would silently be wrong in a database that accepts such locks and ignores them, as
 * some databases with PostgreSQL's protocol do.
 *
 * @throws UnfitDatabaseError
 */
export async function checkLocks(database: DataSource): Promise<void> {
  const part = randomInt(2 ** 31);
  const isFree = async () => {
    const [row] = await database.query<{ isFree: boolean }[]>('SELECT pg_try_advisory_xact_lock($1, $2) AS "isFree"', [
      LOCKS.selfTest,
      part,
    ]);
    return row?.isFree === true;
  };
  await database.transaction(async (manager) => {
    await manager.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCKS.selfTest, part]);
    if (await isFree())
      throw new UnfitDatabaseError(
        'The database ignores advisory locks of transactions, on which quotas and lists of keys rely: use PostgreSQL 14 or newer.',
      );
  });
  if (!(await isFree()))
    throw new UnfitDatabaseError(
      'The database keeps the advisory lock of a transaction that has ended: use PostgreSQL 14 or newer.',
    );
}

/**
 * Checks that two kinds of triggers exist and are enabled: those that refuse values sealed under a retired master key,
 * and those that keep lists of keys whole. A restored copy may lack them, and a role may have them disabled.
 *
 * @throws UnfitDatabaseError
 */
export async function checkTriggers(database: DataSource): Promise<void> {
  const sealed = sealedTables(database).map(({ tableName }) => `${tableName}.sealed_under_active`);
  const [row] = await database.query<{ role: string; missing: string[] }[]>(
    `SELECT current_setting('session_replication_role') AS "role",
            ARRAY(SELECT name FROM unnest($1::text[]) AS name WHERE name NOT IN (
              SELECT relname || '.' || tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
               WHERE tgenabled IN ('O', 'A') AND relnamespace = current_schema()::regnamespace)) AS "missing"`,
    [['keys.keys_share_order', ...sealed]],
  );
  if (row?.role === 'replica')
    throw new UnfitDatabaseError(
      'The database runs no triggers for this user: ALTER ROLE … RESET session_replication_role.',
    );
  const missing = row?.missing ?? [];
  if (missing.length > 0)
    throw new UnfitDatabaseError(
      `The database lacks triggers, or has them disabled: ${missing.join(', ')}. Restore it from a complete backup, or enable them with ALTER TABLE … ENABLE TRIGGER.`,
    );
}
