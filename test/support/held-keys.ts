import pg from 'pg';
import type { TestStore } from './database.js';
import { until } from './process.js';

/** The locked table of payment keys. */
export interface HeldKeys {
  /** Waits until the creation of a key waits. */
  created: () => Promise<void>;
  release: () => Promise<void>;
}

/** Locks the table of payment keys. Whatever reads or writes it waits until `release`. */
export async function holdKeys({ env }: TestStore): Promise<HeldKeys> {
  const database = new pg.Client({ connectionString: env.DATABASE_URL });
  await database.connect();
  await database.query('BEGIN');
  await database.query('LOCK TABLE keys');
  // Work that the service repeats in the background may wait, too.
  const isWaiting = `SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO "keys"%'`;
  return {
    created: () =>
      until(async () => {
        // Within a transaction, pg_stat_activity does not change until the snapshot is cleared.
        await database.query('SELECT pg_stat_clear_snapshot()');
        return (await database.query(isWaiting)).rowCount === 1;
      }),
    release: async () => {
      await database.query('ROLLBACK');
      await database.end();
    },
  };
}
