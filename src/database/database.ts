import pg from 'pg';
import { DataSource, type EntityManager, MigrationExecutor } from 'typeorm';
import { LOCKS, withLock } from './locks.js';
import { ENTITIES, MIGRATIONS } from './schema.js';

/** Time limit of connecting, and of a query. */
const TIMEOUT_MS = 10_000;

/** Connects to a PostgreSQL database, version 14 or newer, whatever its schema. */
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
      // A node that hangs in a transaction would otherwise keep its locks.
      onConnect: (client: pg.Client) => client.query(`SET idle_in_transaction_session_timeout = ${TIMEOUT_MS}`),
    },
  }).initialize();
}

/**
 * Brings the schema up to date under an advisory lock, so that nodes that start at the same time wait for each other.
 *
 * @param before runs under the lock before the migrations; if it throws, the database stays as it was
 * @param after  runs under the lock after the migrations
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
