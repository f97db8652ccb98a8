import pg from 'pg';
import { DataSource, type EntityManager, MigrationExecutor, type QueryRunner } from 'typeorm';
import { ENTITIES, MIGRATIONS } from './schema.js';

/** Any number that other users of the same PostgreSQL don't take: "keyblock" on a telephone's keys. */
const MIGRATION_LOCK = 53932562;

/** Longest wait for a connection, and for an answer. */
const TIMEOUT_MS = 10_000;

/** Where the data is: PostgreSQL 14 or newer, or an embedded PGlite in a folder. */
export type Location = { url: string } | { path: string };

/** Opens the database; its schema is not looked at. */
export async function connect(location: Location): Promise<DataSource> {
  const options = {
    type: 'postgres' as const,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'all' as const,
  };
  if ('url' in location) {
    return new DataSource({
      ...options,
      url: location.url,
      driver: pg,
      applicationName: 'keyblock',
      poolSize: 10,
      connectTimeoutMS: TIMEOUT_MS,
      extra: {
        query_timeout: TIMEOUT_MS,
        // A node that stands still in a transaction would keep what it locked from all others.
        onConnect: (client: pg.Client) => client.query(`SET idle_in_transaction_session_timeout = ${TIMEOUT_MS}`),
      },
    }).initialize();
  }
  // Loaded where it is used only: it is large.
  const { openPglite, PglitePool } = await import('./pglite-pool.js');
  const pglite = await openPglite(location.path);
  return new DataSource({ ...options, driver: { Pool: PglitePool }, extra: { pglite } }).initialize();
}

/**
 * Brings the schema up to date, one node at a time: others that start meanwhile wait at an advisory lock.
 *
 * @param before runs under the lock before anything changes; what it throws leaves the database as it was
 * @param after  runs under the lock when the schema is up to date
 */
export async function migrate(
  database: DataSource,
  before: (manager: EntityManager) => Promise<void>,
  after: (manager: EntityManager) => Promise<void>,
): Promise<void> {
  const runner = database.createQueryRunner();
  try {
    await lock(runner);
    await before(runner.manager);
    await new MigrationExecutor(database, runner).executePendingMigrations();
    await after(runner.manager);
  } finally {
    await unlock(runner);
    await runner.release();
  }
}

/** Asks until it is free: a query that waited for it would meet the time limit. */
async function lock(runner: QueryRunner): Promise<void> {
  for (;;) {
    const [answer] = await runner.manager.query<{ locked: boolean }[]>('SELECT pg_try_advisory_lock($1) AS locked', [
      MIGRATION_LOCK,
    ]);
    if (answer?.locked) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function unlock(runner: QueryRunner): Promise<void> {
  await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
}
