import { pino } from 'pino';
import { Clock } from '../clock.js';
import { type Config, readConfig } from '../config/config.js';
import { DataDirectoryInUseError } from '../config/data-directory.js';
import { type EmbeddedDatabase, joinEmbeddedDatabase, openStore, runEmbeddedDatabase, type Store } from '../store.js';

/** The parts of a deployment that commands use, the same as those that the service starts from. */
export interface Deployment extends Store {
  config: Config;
  clock: Clock;
}

/**
 * Opens the deployment that the environment names, as the service would, with its schema brought up to date.
 *
 * @throws ConfigError, MasterKeyError, DataDirectoryError if the embedded database can't be run
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

/** Opens the database in the data directory: joins the service that runs it, if there is one, and otherwise runs it. */
export async function embeddedDatabase(config: Config): Promise<EmbeddedDatabase> {
  try {
    return await runEmbeddedDatabase(config, pino({ level: 'silent' }));
  } catch (error) {
    if (error instanceof DataDirectoryInUseError) return joinEmbeddedDatabase(config);
    throw error;
  }
}

/** Runs work with the configuration that the service would read. @throws ConfigError */
export async function withConfig(work: (config: Config) => Promise<void>): Promise<void> {
  await work(readConfig(process.env));
}
