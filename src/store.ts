import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from './clock.js';
import type { Config } from './config/config.js';
import { DataDirectory, type Holder } from './config/data-directory.js';
import { connect, dueMigrations, migrate } from './database/database.js';
import { refuseWindows } from './database/embedded/binaries.js';
import { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { LOCKS, tryWithLock } from './database/locks.js';
import { isUnreachable, messageOf } from './database/primary.js';
import { checkLocks, checkTriggers } from './database/self-test.js';
import { rowSeal } from './provider/bind-rows.js';
import { BoundSubscriber } from './provider/bound.subscriber.js';
import { checkMasterKey, MasterKeyError, storeMasterKeyCheck } from './provider/master-key-check.js';
import { MasterKeyEnvelope } from './provider/master-key-envelope.entity.js';
import { type Rotation, rotateMasterKey } from './provider/master-key-rotation.js';
import { MasterKey } from './provider/master-key.js';
import type { RowSeal } from './provider/row-seal.js';
import { SealedSubscriber } from './provider/sealed.subscriber.js';
import { TokenKey } from './provider/token-key.js';

/** The database of a deployment without DATABASE_URL: a data directory and the PostgreSQL server in it. */
export interface EmbeddedDatabase {
  directory: DataDirectory;
  close: () => Promise<void>;
}

/**
 * Takes the data directory and runs its PostgreSQL server.
 *
 * @param holder role of this process, which it tells other processes
 * @param stop   aborts a start in progress
 * @param creating called before the database is created
 * @throws DataDirectoryInUseError if another process holds the directory
 * @throws DataDirectoryError if the database can't run here
 * @throws the reason of `stop`
 */
export async function runEmbeddedDatabase(
  config: Config,
  logger: Logger,
  holder: Holder,
  stop?: AbortSignal,
  creating?: () => void,
): Promise<EmbeddedDatabase> {
  refuseWindows();
  ignoreOtherServers();
  const directory = await DataDirectory.hold(config.dataDir, holder);
  try {
    if (hasOwnKeyFile(config)) directory.makeMasterKey();
    const postgres = await EmbeddedPostgres.start(directory, connectionsOf(config), logger, stop, creating);
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

/** Number of connections that the processes of a service hold, each with one that listens for changes. */
function connectionsOf({ workers, databaseConnections }: Config): number {
  return workers * (databaseConnections + 1);
}

/** Joins the PostgreSQL server that another process runs in the data directory. */
export function joinEmbeddedDatabase(config: Config): EmbeddedDatabase {
  ignoreOtherServers();
  const directory = DataDirectory.join(config.dataDir);
  return { directory, close: () => directory.close() };
}

/**
 * Removes PGPORT, PGSSLMODE, PGOPTIONS and the like from the environment: the driver would use them for anything
 * missing in a URL, although they describe another server.
 */
function ignoreOtherServers(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) Reflect.deleteProperty(process.env, name);
}

/** The open database and master key of a deployment, for the service and for commands. */
export interface Store {
  database: DataSource;
  masterKey: MasterKey;
  /** The key of a token that encrypts the master key, if one does. */
  tokenKey?: TokenKey;
  /** The database is new, and its master key was encrypted by the key of the token just now. */
  hasNewEnvelope: boolean;
  /** Names of the migrations that were run just now. */
  migrated: readonly string[];
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
    const tokenKey = config.masterKeyToken && (await TokenKey.open(config.masterKeyToken));
    if (tokenKey) opened.push(() => tokenKey.close());
    const database = await openDatabase(config, directory);
    opened.push(() => database.destroy());
    let hasNewEnvelope = false;
    const source = tokenKey
      ? tokenSource(tokenKey, clock, () => (hasNewEnvelope = true))
      : { read: () => masterKeyOf(config, directory) };
    const { masterKey, migrated } = await prepare(database, source, clock, config.migrates);
    await checkTriggers(database);
    masterKey.wipeRetired();
    // Skipped while a rotation command is running, because that command owns the key files.
    if (directory && hasOwnKeyFile(config))
      await tryWithLock(database, LOCKS.masterKeyRotation, () => recoverKeyFile(directory, masterKey));
    return { database, masterKey, tokenKey, hasNewEnvelope, migrated, directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The only host of the database doesn't answer, which the errors of the driver and the system don't say. */
class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly code: string;

  constructor(url: string, cause: unknown) {
    super(`the database of DATABASE_URL, ${new URL(url).host}, does not answer: ${messageOf(cause)}`);
    this.code = (cause as NodeJS.ErrnoException).code ?? 'ETIMEDOUT';
  }
}

/** Connects to the database of a deployment, and checks that it has the required behaviour. */
async function openDatabase(config: Config, directory?: DataDirectory): Promise<DataSource> {
  const { databaseUrls, databaseConnections } = config;
  const database = await connect(databaseUrls ?? assertDefined(directory?.databaseUrl), databaseConnections).catch(
    (error: unknown) => {
      const [url, ...others] = databaseUrls ?? [];
      throw url !== undefined && others.length === 0 && isUnreachable(error) ? new NoAnswerError(url, error) : error;
    },
  );
  try {
    await checkLocks(database);
  } catch (error) {
    await database.destroy();
    throw error;
  }
  return database;
}

/** Returns the names of the migrations that the database of a deployment lacks. */
export async function lackingMigrations(config: Config, directory?: DataDirectory): Promise<string[]> {
  const database = await openDatabase(config, directory);
  try {
    return await dueMigrations(database);
  } finally {
    await database.destroy();
  }
}

/** True if the master key is a file of the data directory, which this service creates and replaces. */
function hasOwnKeyFile(config: Config): boolean {
  return config.masterKey === undefined && config.masterKeyToken === undefined;
}

/** Source of the master key. */
interface MasterKeySource {
  /** @throws MasterKeyError */
  read: (manager: EntityManager) => MasterKey | Promise<MasterKey>;
  /** Keeps the master key of a new database, before anything is sealed under it. */
  keep?: (manager: EntityManager, masterKey: MasterKey) => Promise<void>;
}

/** @param made called when the master key of a new database has been created and encrypted */
function tokenSource(tokenKey: TokenKey, clock: Clock, made: () => void): MasterKeySource {
  return {
    read: async (manager) => (await tokenKey.unwrap(manager)) ?? new MasterKey(await tokenKey.newMasterKey()),
    keep: async (manager, masterKey) => {
      if (await manager.exists(MasterKeyEnvelope)) return;
      await manager.insert(MasterKeyEnvelope, await tokenKey.wrap(masterKey, masterKey.id, clock.now()));
      made();
    },
  };
}

function masterKeyOf(config: Config, directory: DataDirectory | undefined): MasterKey {
  if (config.masterKey) return new MasterKey(config.masterKey);
  // If a rotation replaces the key file meanwhile, this order ensures that its key is found in one of the two places.
  const next = directory?.nextMasterKey();
  const key = assertDefined(directory).masterKey();
  return next ? new MasterKey(key, next) : new MasterKey(key);
}

/**
 * Recovers from a rotation that stopped after retiring the old key but before replacing the key file: master-key.next
 * then holds the active key.
 */
function recoverKeyFile(directory: DataDirectory, masterKey: MasterKey): void {
  const next = directory.nextMasterKey();
  if (!next || masterKey.retiringId !== undefined) return;
  const nextId = new MasterKey(next).id;
  if (nextId === masterKey.id) directory.replaceMasterKey(next);
  next.fill(0);
}

/**
 * Migrates an open database, and computes the MACs of its rows if they have none yet. Nodes that start at the same time
 * on a new database do this one after another, so that they get the same master key.
 *
 * @param migrates if false, a database that lacks migrations is refused
 * @throws MasterKeyError if the database is sealed under another master key
 * @throws MigrationsDueError
 */
async function prepare(
  database: DataSource,
  source: MasterKeySource,
  clock: Clock,
  migrates: boolean,
): Promise<{ masterKey: MasterKey; migrated: string[] }> {
  let read: MasterKey | undefined;
  let seal: RowSeal | undefined;
  const migrated = await migrate(
    database,
    async (manager) => {
      read = await source.read(manager);
      const [found] = await manager.query<{ exists: boolean }[]>(
        `SELECT to_regclass('master_key') IS NOT NULL AS "exists"`,
      );
      if (found?.exists) await checkMasterKey(manager, read);
    },
    async (manager) => {
      const masterKey = assertDefined(read);
      await source.keep?.(manager, masterKey);
      await storeMasterKeyCheck(manager, masterKey, clock.now());
      await checkMasterKey(manager, masterKey);
      seal = await rowSeal(database, manager, masterKey);
    },
    migrates,
  );
  const masterKey = assertDefined(read);
  database.subscribers.push(new SealedSubscriber(masterKey), new BoundSubscriber(assertDefined(seal)));
  return { masterKey, migrated };
}

/**
 * Rotates the master key, or resumes a rotation; only one command can do so at a time. If the master key is a file of
 * the data directory, the new one is generated unless it is given, is kept beside the old file during the rotation, and
 * replaces it at the end.
 *
 * @throws MasterKeyError
 */
export async function rotateStore(store: Store, config: Config, rotation: Rotation): Promise<void> {
  const { database, masterKey, directory, tokenKey } = store;
  const isExclusive = await tryWithLock(database, LOCKS.masterKeyRotation, () => {
    if (tokenKey) return rotateInToken(database, masterKey, tokenKey, rotation);
    if (directory && hasOwnKeyFile(config)) return rotateFile(database, masterKey, directory, rotation);
    return rotateMasterKey(database, masterKey, rotation);
  });
  if (!isExclusive) throw new MasterKeyError('Another command is rotating the master key: wait until it has finished.');
}

/** Rotates a master key that a token encrypts. Unless it is given, the new one is random bytes of the token and ours. */
async function rotateInToken(
  database: DataSource,
  masterKey: MasterKey,
  tokenKey: TokenKey,
  rotation: Rotation,
): Promise<void> {
  const isResumed = masterKey.retiringId !== undefined;
  const newKey = rotation.newKey ?? (isResumed ? undefined : await tokenKey.newMasterKey());
  const envelope = (id: string) => tokenKey.wrap(masterKey, id, rotation.now());
  await rotateMasterKey(database, masterKey, { ...rotation, newKey, envelope });
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
