import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Clock } from './clock.js';
import type { Config } from './config/config.js';
import { DataDirectory, DataDirectoryError } from './config/data-directory.js';
import { connect, migrate } from './database/database.js';
import { SEALED_TABLES } from './database/sealed-tables.js';
import { checkMasterKey, storeMasterKeyCheck } from './provider/master-key-check.js';
import { type Rotation, rotateMasterKey } from './provider/master-key-rotation.js';
import { MasterKey } from './provider/master-key.js';
import { SealedSubscriber } from './provider/sealed.subscriber.js';

/** Name of the request to the process that has a data directory; its body is the new key, 32 bytes, or nothing. */
export const ROTATE = 'rotate master key';

/** What a deployment keeps, open: for the service, and for commands that work on it. */
export interface Store {
  database: DataSource;
  masterKey: MasterKey;
  /** Of an embedded deployment. */
  directory?: DataDirectory;
  close: () => Promise<void>;
}

/** Opens the database of a deployment, up to date, with the master key that it is sealed under. What fails leaves nothing open. */
export async function openStore(config: Config, clock: Clock): Promise<Store> {
  const { databaseUrl: url } = config;
  const directory = url === undefined ? await DataDirectory.open(config.dataDir) : undefined;
  const opened: (() => Promise<void>)[] = directory ? [() => directory.close()] : [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const masterKey = masterKeyOf(config, directory);
    const database = await connect(url === undefined ? { path: required(directory).databasePath } : { url });
    opened.push(() => database.destroy());
    await prepare(database, masterKey, clock);
    masterKey.wipeRetired();
    if (config.masterKey === undefined && directory) settleFile(directory, masterKey);
    return { database, masterKey, directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function masterKeyOf(config: Config, directory: DataDirectory | undefined): MasterKey {
  if (config.masterKey) return new MasterKey(config.masterKey);
  const key = required(directory).masterKey();
  const next = directory?.nextMasterKey();
  return next ? new MasterKey(key, next) : new MasterKey(key);
}

/** A rotation that ended when it had retired the old key, and no later, has left its file: it has the active key. */
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
 * Puts a new master key in the place of the active one, or goes on with that. Where the master key is a generated file, the new
 * one is generated too unless it is given, lies beside the old one meanwhile, and takes its place at the end.
 *
 * @throws MasterKeyError
 */
export async function rotateStore(store: Store, config: Config, rotation: Rotation): Promise<void> {
  const { database, masterKey, directory } = store;
  if (!directory || config.masterKey) return rotateMasterKey(database, masterKey, SEALED_TABLES, rotation);
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

/**
 * Rotates the master key for commands that ask the process which has the data directory, one at a time.
 *
 * @returns stops the one that is under way; it can be gone on with
 */
export function serveRotation(store: Store, config: Config, clock: Clock): () => Promise<void> {
  const stopping = new AbortController();
  let current: Promise<void> | undefined;
  store.directory?.serve(ROTATE, async (body, print, gone) => {
    if (current) throw new DataDirectoryError('Another command is rotating the master key: let it end.');
    const newKey = body.length > 0 ? Buffer.from(body) : undefined;
    const signal = AbortSignal.any([stopping.signal, gone]);
    current = rotateStore(store, config, { newKey, now: () => clock.now(), print, signal });
    try {
      await current;
    } catch (error) {
      throw stopping.signal.aborted ? stopping.signal.reason : error;
    } finally {
      current = undefined;
    }
  });
  return async () => {
    stopping.abort(new DataDirectoryError('The service stopped before the end: run the same command again.'));
    await current?.catch(() => undefined);
  };
}

/** The configuration is refused where there is neither a value nor a folder to take it from. */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The configuration was not checked');
  return value;
}
