import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { Clock } from '../clock.js';
import { type Config, readConfig } from '../config/config.js';
import { DataDirectoryInUseError } from '../config/data-directory.js';
import { type EmbeddedDatabase, joinEmbeddedDatabase, openStore, runEmbeddedDatabase, type Store } from '../store.js';

/** How long a command waits for a database that starts or stops, and for other commands before it stops its own. */
const WAIT_MS = 60_000;
const POLL_MS = 50;
/** The name of a command's connection in pg_stat_activity. */
const COMMAND = 'keyblock command';
/** Errors of a connection to a server that is not there yet or not any more: the system's, and SQLSTATEs of PostgreSQL. */
const NOT_NOW = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '3D000']);

/** What a command has of a deployment: what the service itself starts from. */
export interface Deployment extends Store {
  config: Config;
  clock: Clock;
}

/**
 * Opens the deployment that the environment names, as the service would, with its schema brought up to date.
 *
 * @throws ConfigError, MasterKeyError, DataDirectoryError where the embedded database can't be run
 */
export function withDeployment(work: (deployment: Deployment) => Promise<void>): Promise<void> {
  return withConfig(async (config) => {
    const clock = new Clock();
    const embedded = config.databaseUrl === undefined ? await embeddedDatabase(config) : undefined;
    const store = await openStore(config, clock, embedded);
    try {
      await work({ ...store, config, clock });
    } finally {
      await store.close();
    }
  });
}

/**
 * Opens the database in the data directory, which the service or another command runs, and otherwise this command; it then
 * waits for the commands that have joined it. A database that is starting or stopping is waited for.
 */
export async function embeddedDatabase(config: Config): Promise<EmbeddedDatabase> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    try {
      const embedded = await runEmbeddedDatabase(config, pino({ level: 'silent' }));
      return { ...embedded, close: () => untilAlone(embedded).finally(embedded.close) };
    } catch (error) {
      if (!(error instanceof DataDirectoryInUseError)) throw error;
      const joined = await joinedDatabase(config);
      if (joined) return joined;
      if (performance.now() > deadline) throw error;
      await pause(POLL_MS);
    }
  }
}

/** @returns undefined where the database is starting or stopping */
async function joinedDatabase(config: Config): Promise<EmbeddedDatabase | undefined> {
  const joined = joinEmbeddedDatabase(config);
  // Stays open to the end of the command, for a command that runs the database to see.
  const presence = client(joined);
  try {
    await presence.connect();
  } catch (error) {
    await joined.close();
    if (NOT_NOW.has((error as { code?: string }).code ?? '')) return undefined;
    throw error;
  }
  return { ...joined, close: () => presence.end().finally(joined.close) };
}

async function untilAlone(embedded: EmbeddedDatabase): Promise<void> {
  const watcher = client(embedded);
  const others = `SELECT FROM pg_stat_activity WHERE application_name = '${COMMAND}' AND pid <> pg_backend_pid()`;
  try {
    await watcher.connect();
    const deadline = performance.now() + WAIT_MS;
    while ((await watcher.query(others)).rowCount !== 0 && performance.now() < deadline) await pause(POLL_MS);
  } catch {
    // A database that does not answer has no other users.
  } finally {
    await watcher.end();
  }
}

function client({ directory }: EmbeddedDatabase): pg.Client {
  const made = new pg.Client({ connectionString: directory.databaseUrl, application_name: COMMAND });
  made.on('error', () => undefined); // what works on the database reports it
  return made;
}

/** Reads the configuration that the service would. @throws ConfigError */
export async function withConfig(work: (config: Config) => Promise<void>): Promise<void> {
  await work(readConfig(process.env));
}
