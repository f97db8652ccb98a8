import { pino } from 'pino';
import { Clock } from '../clock.js';
import { type Config, readConfig } from '../config/config.js';
import { DataDirectoryInUseError } from '../config/data-directory.js';
import { type EmbeddedDatabase, joinEmbeddedDatabase, openStore, runEmbeddedDatabase, type Store } from '../store.js';

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

/** The database in the data directory, run by the service, if one runs, and otherwise by this command. */
export async function embeddedDatabase(config: Config): Promise<EmbeddedDatabase> {
  try {
    return await runEmbeddedDatabase(config, pino({ level: 'silent' }));
  } catch (error) {
    if (error instanceof DataDirectoryInUseError) return joinEmbeddedDatabase(config);
    throw error;
  }
}

/** Reads the configuration that the service would. @throws ConfigError */
export async function withConfig(work: (config: Config) => Promise<void>): Promise<void> {
  await work(readConfig(process.env));
}
