import type { DataSource } from 'typeorm';
import { Clock } from '../clock.js';
import { type Config, ConfigError, readConfig } from '../config/config.js';
import { DataDirectory, DataDirectoryError } from '../config/data-directory.js';
import { connect } from '../database/database.js';
import { MasterKeyError } from '../provider/master-key-check.js';
import { MasterKey } from '../provider/master-key.js';
import { prepare } from '../service.js';
import { InputError } from './command.js';

/** What a command has of a deployment: what the service itself starts from. */
export interface Deployment {
  config: Config;
  database: DataSource;
  masterKey: MasterKey;
  clock: Clock;
}

/** What an operator can mend. */
const EXPECTED = [ConfigError, DataDirectoryError, MasterKeyError];

/**
 * Opens the deployment that the environment names, as the service would, with its schema brought up to date.
 *
 * @throws InputError for an environment that is not usable, another master key, an embedded database that is in use
 */
export async function withDeployment(work: (deployment: Deployment) => Promise<void>): Promise<void> {
  try {
    await open(readConfig(process.env), work);
  } catch (error) {
    throw EXPECTED.some((kind) => error instanceof kind) ? new InputError((error as Error).message) : error;
  }
}

async function open(config: Config, work: (deployment: Deployment) => Promise<void>): Promise<void> {
  const { databaseUrl: url } = config;
  const directory = url === undefined ? await DataDirectory.open(config.dataDir) : undefined;
  try {
    const key = config.masterKey ?? directory?.masterKey();
    if (!key) throw new Error('The configuration was not checked');
    const database = await connect(url === undefined ? { path: directory?.databasePath ?? '' } : { url });
    try {
      const [masterKey, clock] = [new MasterKey(key), new Clock()];
      await prepare(database, masterKey, clock);
      await work({ config, database, masterKey, clock });
    } finally {
      await database.destroy();
    }
  } finally {
    await directory?.close();
  }
}
