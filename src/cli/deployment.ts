import { Clock } from '../clock.js';
import { type Config, ConfigError, readConfig } from '../config/config.js';
import { DataDirectoryError } from '../config/data-directory.js';
import { MasterKeyError } from '../provider/master-key-check.js';
import { openStore, type Store } from '../store.js';
import { InputError } from './command.js';

/** What a command has of a deployment: what the service itself starts from. */
export interface Deployment extends Store {
  config: Config;
  clock: Clock;
}

/**
 * Opens the deployment that the environment names, as the service would, with its schema brought up to date.
 *
 * @throws InputError for an environment that is not usable, another master key, an embedded database that is in use
 */
export function withDeployment(work: (deployment: Deployment) => Promise<void>): Promise<void> {
  return withConfig(async (config) => {
    const clock = new Clock();
    const store = await openStore(config, clock);
    try {
      await work({ ...store, config, clock });
    } finally {
      await store.close();
    }
  });
}

/** What an operator can mend. */
const EXPECTED = [ConfigError, DataDirectoryError, MasterKeyError];

/** Reads the configuration that the service would. @throws InputError for all that an operator can mend */
export async function withConfig(work: (config: Config) => Promise<void>): Promise<void> {
  try {
    await work(readConfig(process.env));
  } catch (error) {
    throw EXPECTED.some((kind) => error instanceof kind) ? new InputError((error as Error).message) : error;
  }
}
