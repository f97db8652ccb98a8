import pg from 'pg';
import { DataSource, type EntityManager, MigrationExecutor } from 'typeorm';
import { LOCKS, withLock } from './locks.js';
import { ENTITIES, MIGRATIONS } from './schema.js';

/** Longest wait for a connection, and for an answer. */
const TIMEOUT_MS = 10_000;

/** Opens a PostgreSQL database, version 14 or newer; its schema is not looked at. */
export async function connect(url: string): Promise<DataSource> {
  return new DataSource({
    type: 'postgres',
    url,
    driver: pg,
    applicationName: 'keyblock',
    poolSize: 10,
    connectTimeoutMS: TIMEOUT_MS,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'all',
    extra: {
      query_timeout: TIMEOUT_MS,
      // A node that stands still in a transaction would keep what it locked from all others.
      onConnect: (client: pg.Client) => client.query(`SET idle_in_transaction_session_timeout = ${TIMEOUT_MS}`),
    },
  }).initialize();
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
  await withLock(database, LOCKS.migration, async (runner) => {
    await before(runner.manager);
    await new MigrationExecutor(database, runner).executePendingMigrations();
    await after(runner.manager);
  });
}
