import type pg from 'pg';
import { DataSource, type EntityManager, MigrationExecutor, type QueryRunner } from 'typeorm';
import { makePartitions } from '../audit/partitions.js';
import { cut, endInTime, TIMEOUT_MS } from './connection.js';
import { LOCKS, withTransactionLock } from './locks.js';
import { Primary } from './primary.js';
import { ENTITIES, MIGRATIONS } from './schema.js';

const CONNECTIONS = 10;

/**
 * Connects to a PostgreSQL database, version 14 or newer, without looking at its schema.
 *
 * @param urls        of its hosts, of which one is the primary
 * @param connections maximum number of connections
 */
export async function connect(urls: string | readonly string[], connections = CONNECTIONS): Promise<DataSource> {
  const database = new Database(typeof urls === 'string' ? [urls] : urls, connections);
  await database.initialize();
  return database;
}

/** A pool of connections that is closed in time, even if the server doesn't answer. */
class Database extends DataSource {
  readonly #clients: ReadonlySet<pg.Client>;

  constructor(urls: readonly string[], connections: number) {
    const primary = new Primary(urls);
    super({
      type: 'postgres',
      url: primary.url,
      driver: { Pool: primary.Pool },
      applicationName: 'keyblock',
      poolSize: connections,
      connectTimeoutMS: TIMEOUT_MS,
      entities: ENTITIES,
      migrations: MIGRATIONS,
      migrationsTransactionMode: 'all',
      extra: {
        primary,
        Client: primary.Client,
        query_timeout: TIMEOUT_MS,
        onConnect: (client: InstanceType<Primary['Client']>) => primary.prepare(client),
      },
    });
    this.#clients = primary.clients;
  }

  override async initialize(): Promise<this> {
    try {
      return await super.initialize();
    } catch (error) {
      // The pool doesn't close a connection whose authentication failed.
      cut(this.#clients);
      throw /client password must be/.test((error as Error).message) ? new PasswordError() : error;
    }
  }

  override destroy(): Promise<void> {
    return endInTime(this.#clients, async () => {
      await super.destroy();
      // The pool doesn't wait until the server has closed its connections, and they keep the process alive until then.
      await Promise.all(Array.from(this.#clients, (client) => new Promise((resolve) => client.once('end', resolve))));
    });
  }
}

/** The server requires a password and none is configured, which the driver reports as a programming error. */
class PasswordError extends Error {
  readonly code = '28P01'; // invalid_password
  constructor() {
    super(
      'the database requires a password, and none is in DATABASE_URL, in PGPASSWORD or in a matching line of PGPASSFILE',
    );
  }
}

/** Thrown if migrations are due and the deployment runs them by a command. */
export class MigrationsDueError extends Error {
  override readonly name = 'MigrationsDueError';
  constructor(names: readonly string[]) {
    super(
      `The database lacks ${names.length} migrations (${names.join(', ')}), and KEYBLOCK_MIGRATE is off: run ` +
        'keyblock migrate. Nothing was changed.',
    );
  }
}

/** Returns the names of the migrations that a database lacks, in the order in which they run. */
export async function dueMigrations(database: DataSource, runner?: QueryRunner): Promise<string[]> {
  return (await new MigrationExecutor(database, runner).getPendingMigrations()).map(({ name }) => name);
}

/**
 * Brings the schema and the partitions of the audit log up to date in one transaction, under a lock that the transaction
 * holds, so that nodes that start at the same time wait for each other, also behind a connection pooler.
 *
 * @param before    runs under the lock before the migrations; if it throws, the database stays as it was
 * @param after     runs under the lock after the migrations
 * @param isAllowed if false, a database that lacks migrations is refused
 * @returns the names of the migrations that were run
 * @throws MigrationsDueError
 */
export async function migrate(
  database: DataSource,
  before: (manager: EntityManager) => Promise<void>,
  after: (manager: EntityManager) => Promise<void>,
  isAllowed = true,
): Promise<string[]> {
  return withTransactionLock(database, LOCKS.migration, async (runner) => {
    await before(runner.manager);
    const due = await dueMigrations(database, runner);
    if (due.length > 0 && !isAllowed) throw new MigrationsDueError(due);
    await new MigrationExecutor(database, runner).executePendingMigrations();
    await makePartitions(runner.manager);
    await after(runner.manager);
    return due;
  });
}
