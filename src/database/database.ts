import pg from 'pg';
import { DataSource, type EntityManager, MigrationExecutor } from 'typeorm';
import { makePartitions } from '../audit/partitions.js';
import { cut, endInTime, TIMEOUT_MS } from './connection.js';
import { LOCKS, withLock } from './locks.js';
import { ENTITIES, MIGRATIONS } from './schema.js';

/** Connects to a PostgreSQL database, version 14 or newer, without looking at its schema. */
export async function connect(url: string): Promise<DataSource> {
  const database = new Database(url);
  await database.initialize();
  return database;
}

/** A pool of connections that is closed in time, even if the server doesn't answer. */
class Database extends DataSource {
  readonly #clients: ReadonlySet<pg.Client>;

  constructor(url: string) {
    const clients = new Set<pg.Client>();
    class Client extends pg.Client {
      constructor(options: pg.ClientConfig) {
        super(options);
        clients.add(this);
        this.once('end', () => clients.delete(this));
      }
    }
    super({
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
        Client,
        query_timeout: TIMEOUT_MS,
        // A node that hangs in a transaction would otherwise keep its locks.
        onConnect: (client: pg.Client) => client.query(`SET idle_in_transaction_session_timeout = ${TIMEOUT_MS}`),
      },
    });
    this.#clients = clients;
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

/**
 * Brings the schema and the partitions of the audit log up to date under an advisory lock, so that nodes that start at
 * the same time wait for each other.
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
    await makePartitions(runner.manager);
    await after(runner.manager);
  });
}
