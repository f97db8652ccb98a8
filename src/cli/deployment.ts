import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { Clock } from '../clock.js';
import { type Config, readConfig } from '../config/config.js';
import { DataDirectoryInUseError } from '../config/data-directory.js';
import { LOCKS } from '../database/locks.js';
import {
  type EmbeddedDatabase,
  joinEmbeddedDatabase,
  lackingMigrations,
  openStore,
  runEmbeddedDatabase,
  type Store,
} from '../store.js';

/**
 * Time limit for waiting until a database has started or stopped, and for waiting until other commands have ended,
 * before this command stops its own database.
 */
const WAIT_MS = 60_000;
const POLL_MS = 50;
/**
 * Error codes of a connection to a server that is starting or stopping: those of the system and PostgreSQL's SQLSTATEs.
 */
const NOT_NOW = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P03', '3D000']);
/** Message of the driver's error, which has no code, if that server closes the connection before it answers. */
const CLOSED = 'Connection terminated unexpectedly';

/** The parts of a deployment that commands use, the same as those that the service starts from. */
export interface Deployment extends Store {
  config: Config;
  clock: Clock;
}

/**
 * Opens the deployment that the environment names, as the service would, and migrates its schema.
 *
 * @param before reads the database at these URLs before anything is changed; if it throws, nothing is changed
 * @throws ConfigError, MasterKeyError, DataDirectoryError if the embedded database can't be run
 */
export function withDeployment(
  work: (deployment: Deployment) => Promise<void>,
  before?: (urls: readonly string[]) => Promise<void>,
): Promise<void> {
  return withConfig((config) => withStore(config, work, before));
}

async function withStore(
  config: Config,
  work: (deployment: Deployment) => Promise<void>,
  before?: (urls: readonly string[]) => Promise<void>,
): Promise<void> {
  const clock = new Clock();
  const embedded = config.databaseUrls === undefined ? await embeddedDatabase(config) : undefined;
  try {
    await before?.(urlsOf({ config, directory: embedded?.directory }));
  } catch (error) {
    await embedded?.close();
    throw error;
  }
  const store = await openStore(config, clock, embedded);
  try {
    await work({ ...store, config, clock });
  } finally {
    await store.close();
  }
}

/**
 * Brings the schema of the deployment up to date, regardless of KEYBLOCK_MIGRATE.
 *
 * @returns the names of the migrations that were run
 * @throws ConfigError, MasterKeyError, DataDirectoryError
 */
export async function migrateDeployment(): Promise<readonly string[]> {
  let done: readonly string[] = [];
  await withConfig((config) =>
    withStore({ ...config, migrates: true }, ({ migrated }) => {
      done = migrated;
      return Promise.resolve();
    }),
  );
  return done;
}

/** Returns the names of the migrations that the database of the deployment lacks. @throws ConfigError */
export async function migrationsDue(): Promise<readonly string[]> {
  let due: readonly string[] = [];
  await withConfig(async (config) => {
    const embedded = config.databaseUrls === undefined ? await embeddedDatabase(config) : undefined;
    try {
      due = await lackingMigrations(config, embedded?.directory);
    } finally {
      await embedded?.close();
    }
  });
  return due;
}

/** URLs of the hosts of the database of a deployment. */
export function urlsOf({ config, directory }: Pick<Deployment, 'config' | 'directory'>): readonly string[] {
  return config.databaseUrls ?? (directory ? [directory.databaseUrl] : []);
}

/**
 * Opens the database in the data directory: joins the service or the command that runs it, waiting while it starts or
 * stops. If there is none, this command runs the database, and at its end waits for the commands that have joined it.
 */
export async function embeddedDatabase(config: Config): Promise<EmbeddedDatabase> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    try {
      const embedded = await runEmbeddedDatabase(config, pino({ level: 'silent' }), 'command');
      return { ...embedded, close: () => stopAlone(embedded) };
    } catch (error) {
      if (!(error instanceof DataDirectoryInUseError)) throw error;
      const joined = await joinedDatabase(config);
      if (joined) return joined;
      if (performance.now() > deadline) throw error;
      await pause(POLL_MS);
    }
  }
}

/** @returns undefined if the database is starting or stopping */
async function joinedDatabase(config: Config): Promise<EmbeddedDatabase | undefined> {
  const joined = joinEmbeddedDatabase(config);
  // Holds the shared lock until the command ends.
  const presence = client(joined);
  const leave = () => presence.end().finally(joined.close);
  try {
    await presence.connect();
    if (await tries(presence, 'pg_try_advisory_lock_shared')) return { ...joined, close: leave };
  } catch (error) {
    if (!isNotNow(error as Error & { code?: string })) {
      await leave();
      throw error;
    }
  }
  await leave();
  return undefined;
}

function isNotNow({ code = '', message }: Error & { code?: string }): boolean {
  return NOT_NOW.has(code) || message === CLOSED;
}

/** Waits for the commands that have joined a database, and stops it. No other command can join it in between. */
async function stopAlone(embedded: EmbeddedDatabase): Promise<void> {
  const watcher = client(embedded);
  try {
    await watcher.connect();
    const deadline = performance.now() + WAIT_MS;
    while (!(await tries(watcher, 'pg_try_advisory_lock')) && performance.now() < deadline) await pause(POLL_MS);
  } catch {
    // A database that doesn't respond has no other users.
  } finally {
    await embedded.close();
    await watcher.end();
  }
}

async function tries(connection: pg.Client, lock: 'pg_try_advisory_lock' | 'pg_try_advisory_lock_shared') {
  const { rows } = await connection.query<{ isTaken: boolean }>(`SELECT ${lock}($1) AS "isTaken"`, [
    LOCKS.embeddedDatabase,
  ]);
  return rows[0]?.isTaken === true;
}

function client({ directory }: EmbeddedDatabase): pg.Client {
  const made = new pg.Client({ connectionString: directory.databaseUrl, application_name: 'keyblock command' });
  made.on('error', () => undefined); // users of the database report the error
  return made;
}

/** Runs work with the configuration that the service would read. @throws ConfigError */
export async function withConfig(work: (config: Config) => Promise<void>): Promise<void> {
  await work(readConfig(process.env));
}
