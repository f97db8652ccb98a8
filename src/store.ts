import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Clock } from './clock.js';
import type { Config } from './config/config.js';
import { DataDirectory } from './config/data-directory.js';
import { connect, migrate } from './database/database.js';
import { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { LOCKS, tryWithLock } from './database/locks.js';
import { SEALED_TABLES } from './database/sealed-tables.js';
import { checkMasterKey, MasterKeyError, storeMasterKeyCheck } from './provider/master-key-check.js';
import { type Rotation, rotateMasterKey } from './provider/master-key-rotation.js';
import { MasterKey } from './provider/master-key.js';
import { SealedSubscriber } from './provider/sealed.subscriber.js';

/** The database of a deployment that has no DATABASE_URL: a data directory, and the PostgreSQL that runs in it. */
export interface EmbeddedDatabase {
  directory: DataDirectory;
  close: () => Promise<void>;
}

/**
 * Takes the data directory and runs its PostgreSQL in this process's care.
 *
 * @throws DataDirectoryInUseError where another process does
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

/** Uses the PostgreSQL that another process runs in the data directory. */
export function joinEmbeddedDatabase(config: Config): EmbeddedDatabase {
  ignoreOtherServers();
  const directory = DataDirectory.join(config.dataDir);
  return { directory, close: () => directory.close() };
}

/**
 * Removes PGPORT, PGSSLMODE, PGOPTIONS and the like from the environment: the driver takes from them whatever a URL leaves
 * open, and they describe another server.
 */
function ignoreOtherServers(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) Reflect.deleteProperty(process.env, name);
}

/** What a deployment keeps, open: for the service, and for commands that work on it. */
export interface Store {
  database: DataSource;
  masterKey: MasterKey;
  /** Of an embedded deployment. */
  directory?: DataDirectory;
  close: () => Promise<void>;
}

/**
 * Opens the database of a deployment, up to date, with the master key that it is sealed under. What fails leaves nothing open.
 *
 * @param embedded where there is no DATABASE_URL; closed with the store
 */
export async function openStore(config: Config, clock: Clock, embedded?: EmbeddedDatabase): Promise<Store> {
  const opened: (() => Promise<void>)[] = embedded ? [embedded.close] : [];
  const directory = embedded?.directory;
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const masterKey = masterKeyOf(config, directory);
    const database = await connect(config.databaseUrl ?? required(directory).databaseUrl);
    opened.push(() => database.destroy());
    await prepare(database, masterKey, clock);
    masterKey.wipeRetired();
    // Not while a command is at it.
    if (directory && !config.masterKey)
      await tryWithLock(database, LOCKS.masterKeyRotation, () => settleFile(directory, masterKey));
    return { database, masterKey, directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function masterKeyOf(config: Config, directory: DataDirectory | undefined): MasterKey {
  if (config.masterKey) return new MasterKey(config.masterKey);
  // In this order, a key that takes the other's place meanwhile is found in one of the two files.
  const next = directory?.nextMasterKey();
  const key = required(directory).masterKey();
  return next ? new MasterKey(key, next) : new MasterKey(key);
}

/**
 * Recovers from a rotation that stopped after retiring the old key but before replacing the key file: master-key.next then
 * holds the active key.
 */
function settleFile(directory: DataDirectory, masterKey: MasterKey): void {
  const next = directory.nextMasterKey();
  if (!next || masterKey.retiringId !== undefined) return;
  const nextId = new MasterKey(next).id;
  if (nextId === masterKey.id) directory.replaceMasterKey(next);
  next.fill(0);
}

/** Brings the schema of an open database up to date; refuses another master key than the one it is sealed under. */
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
  database.subscribers.push(new SealedSubscriber(masterKey, SEALED_TABLES));
}

/**
 * Puts a new master key in the place of the active one, or goes on with that; one command at a time. Where the master key is
 * a generated file, the new one is generated too unless it is given, lies beside the old one meanwhile, and takes its place at
 * the end.
 *
 * @throws MasterKeyError
 */
export async function rotateStore(store: Store, config: Config, rotation: Rotation): Promise<void> {
  const { database, masterKey, directory } = store;
  const isAlone = await tryWithLock(database, LOCKS.masterKeyRotation, () =>
    directory && !config.masterKey
      ? rotateFile(database, masterKey, directory, rotation)
      : rotateMasterKey(database, masterKey, SEALED_TABLES, rotation),
  );
  if (!isAlone) throw new MasterKeyError('Another command is rotating the master key: let it end.');
}

async function rotateFile(
  database: DataSource,
  masterKey: MasterKey,
  directory: DataDirectory,
  rotation: Rotation,
): Promise<void> {
  let { newKey } = rotation;
  if (masterKey.retiringId === undefined) {
    settleFile(directory, masterKey);
    newKey ??= directory.nextMasterKey() ?? randomBytes(32);
    directory.writeNextMasterKey(newKey);
  } else {
    masterKey.lend((key) => directory.writeNextMasterKey(key));
  }
  try {
    await rotateMasterKey(database, masterKey, SEALED_TABLES, { ...rotation, newKey });
  } catch (error) {
    if (masterKey.retiringId === undefined) {
      // It may have failed when all was done: then this file alone has the active key.
      settleFile(directory, masterKey);
      directory.removeNextMasterKey();
    }
    throw error;
  }
  masterKey.lend((key) => directory.replaceMasterKey(key));
}

/** The configuration is refused where there is neither a value nor a folder to take it from. */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The configuration was not checked');
  return value;
}
