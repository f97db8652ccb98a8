import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Clock } from './clock.js';
import type { Config } from './config/config.js';
import { DataDirectory } from './config/data-directory.js';
import { connect, migrate } from './database/database.js';
import { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { LOCKS, tryWithLock } from './database/locks.js';
import { checkMasterKey, MasterKeyError, storeMasterKeyCheck } from './provider/master-key-check.js';
import { type Rotation, rotateMasterKey } from './provider/master-key-rotation.js';
import { MasterKey } from './provider/master-key.js';
import { SealedSubscriber } from './provider/sealed.subscriber.js';

/** The database of a deployment without DATABASE_URL: a data directory and the PostgreSQL server in it. */
export interface EmbeddedDatabase {
  directory: DataDirectory;
  close: () => Promise<void>;
}

/**
 * Takes the data directory and runs its PostgreSQL server.
 *
 * @throws DataDirectoryInUseError if another process holds the directory
 */
export async function runEmbeddedDatabase(config: Config, logger: Logger): Promise<EmbeddedDatabase> {
  ignoreOtherServers();
  const directory = await DataDirectory.hold(config.dataDir);
  try {
    if (config.masterKey === undefined) directory.makeMasterKey();
    const postgres = await EmbeddedPostgres.start(directory, config.workers, logger);
    const close = async () => {
      await postgres.stop();
      await directory.close();
    };
    return { directory, close };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

/** Joins the PostgreSQL server that another process runs in the data directory. */
export function joinEmbeddedDatabase(config: Config): EmbeddedDatabase {
  ignoreOtherServers();
  const directory = DataDirectory.join(config.dataDir);
  return { directory, close: () => directory.close() };
}

/**
 * Removes PGPORT, PGSSLMODE, PGOPTIONS and the like from the environment: the driver takes from them whatever a URL doesn't
 * state, and they describe another server.
 */
function ignoreOtherServers(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) Reflect.deleteProperty(process.env, name);
}

/** The open database and master key of a deployment, for the service and for commands. */
export interface Store {
  database: DataSource;
  masterKey: MasterKey;
  /** Present in an embedded deployment. */
  directory?: DataDirectory;
  close: () => Promise<void>;
}

/**
 * Opens the database of a deployment, migrates it, and checks the master key. Closes everything if a step fails.
 *
 * @param embedded required without DATABASE_URL; closed with the store
 */
export async function openStore(config: Config, clock: Clock, embedded?: EmbeddedDatabase): Promise<Store> {
  const opened: (() => Promise<void>)[] = embedded ? [embedded.close] : [];
  const directory = embedded?.directory;
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const masterKey = masterKeyOf(config, directory);
    const database = await connect(assertDefined(config.databaseUrl ?? directory?.databaseUrl));
    opened.push(() => database.destroy());
    await prepare(database, masterKey, clock);
    masterKey.wipeRetired();
    // Skipped while a command rotates the master key, which owns the files then.
    if (directory && !config.masterKey)
      await tryWithLock(database, LOCKS.masterKeyRotation, () => recoverKeyFile(directory, masterKey));
    return { database, masterKey, directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function masterKeyOf(config: Config, directory: DataDirectory | undefined): MasterKey {
  if (config.masterKey) return new MasterKey(config.masterKey);
  // In this order, a key file that is replaced meanwhile is still found in one of the two places.
  const next = directory?.nextMasterKey();
  const key = assertDefined(directory).masterKey();
  return next ? new MasterKey(key, next) : new MasterKey(key);
}

/**
 * Recovers from a rotation that stopped after retiring the old key but before replacing the key file: master-key.next then
 * holds the active key.
 */
function recoverKeyFile(directory: DataDirectory, masterKey: MasterKey): void {
  const next = directory.nextMasterKey();
  if (!next || masterKey.retiringId !== undefined) return;
  const nextId = new MasterKey(next).id;
  if (nextId === masterKey.id) directory.replaceMasterKey(next);
  next.fill(0);
}

/** Migrates an open database. @throws MasterKeyError if it is sealed under another master key */
export async function prepare(database: DataSource, masterKey: MasterKey, clock: Clock): Promise<void> {
  await migrate(
    database,
    async (manager) => {
      const [found] = await manager.query<{ exists: boolean }[]>(
        `SELECT to_regclass('master_key') IS NOT NULL AS "exists"`,
      );
      if (found?.exists) await checkMasterKey(manager, masterKey);
    },
    (manager) => storeMasterKeyCheck(manager, masterKey, clock.now()),
  );
  database.subscribers.push(new SealedSubscriber(masterKey));
}

/**
 * Rotates the master key, or resumes a rotation; one command at a time. If the master key is a file of the data directory, the new
 * one is generated unless it is given, is kept beside the old file during the rotation, and replaces it at the end.
 *
 * @throws MasterKeyError
 */
export async function rotateStore(store: Store, config: Config, rotation: Rotation): Promise<void> {
  const { database, masterKey, directory } = store;
  const isExclusive = await tryWithLock(database, LOCKS.masterKeyRotation, () =>
    directory && !config.masterKey
      ? rotateFile(database, masterKey, directory, rotation)
      : rotateMasterKey(database, masterKey, rotation),
  );
  if (!isExclusive) throw new MasterKeyError('Another command is rotating the master key: wait until it has finished.');
}

async function rotateFile(
  database: DataSource,
  masterKey: MasterKey,
  directory: DataDirectory,
  rotation: Rotation,
): Promise<void> {
  let { newKey } = rotation;
  if (masterKey.retiringId === undefined) {
    recoverKeyFile(directory, masterKey);
    newKey ??= directory.nextMasterKey() ?? randomBytes(32);
    directory.writeNextMasterKey(newKey);
  } else {
    masterKey.lend((key) => directory.writeNextMasterKey(key));
  }
  try {
    await rotateMasterKey(database, masterKey, { ...rotation, newKey });
  } catch (error) {
    if (masterKey.retiringId === undefined) {
      // If the old key was retired before the failure, only master-key.next has the active key.
      recoverKeyFile(directory, masterKey);
      directory.removeNextMasterKey();
    }
    throw error;
  }
  masterKey.lend((key) => directory.replaceMasterKey(key));
}

/** Asserts that a value is in the configuration or the data directory; `readConfig` makes sure of it. */
export function assertDefined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The configuration was not checked');
  return value;
}
