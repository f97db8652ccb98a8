import { Clock } from '../clock.js';
import { type Config, readConfig } from '../config/config.js';
import { openStore, type Store } from '../store.js';

/** What a command has of a deployment: what the service itself starts from. */
export interface Deployment extends Store {
  config: Config;
  clock: Clock;
}

/**
 * Opens the deployment that the environment names, as the service would, with its schema brought up to date.
 *
 * @throws ConfigError, MasterKeyError, DataDirectoryError where the embedded database is in use
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

/** Reads the configuration that the service would. @throws ConfigError */
export async function withConfig(work: (config: Config) => Promise<void>): Promise<void> {
  await work(readConfig(process.env));
}
