import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, EntityManager, EntityMetadata } from 'typeorm';
import { lockTransaction, LOCKS } from '../database/locks.js';
import { keyOf, nameOf } from './bound.js';
import { MasterKeyEnvelope } from './master-key-envelope.entity.js';
import { MasterKeyRow } from './master-key.entity.js';
import { areRowsBound, checkMasterKey, checkValueOf, MasterKeyError, masterKeyRows } from './master-key-check.js';
import { type MasterKey, SealError } from './master-key.js';
import { aadOf, sealedTables, type SealedRow } from './sealed.js';

/** Number of rows that are resealed in one transaction; writers of these rows wait for it. */
const BATCH = 100;
/** Delay before rows that other transactions had locked are tried again. */
const AGAIN_MS = 100;
/** Time that other nodes have to load the new key; they check four times a second. */
export const NODES_MS = 5000;

/** The start of a rotation. */
export interface RotationStart {
  /** Id of the key that is replaced. */
  from: string;
  /** Id of the new key. */
  to: string;
}

export interface Rotation {
  /** 32 bytes; the keyring takes ownership and zeroizes it. Absent to resume a rotation. */
  newKey?: Buffer;
  /** Returns the envelope of the new key, if a token encrypts the master key; stored with the new key. */
  envelope?: (id: string) => Promise<MasterKeyEnvelope>;
  /**
   * Runs the transaction that makes a new key the active one. It isn't called to resume a rotation.
   *
   * @param start ids of the keys
   */
  begin: (start: RotationStart, work: (manager: EntityManager) => Promise<void>) => Promise<void>;
  now: () => Date;
  /** Receives lines of progress. */
  print: (line: string) => void;
  /** Stops the rotation between two batches; it can be resumed. */
  signal: AbortSignal;
}

/**
 * Replaces the active master key with a new one while the service runs, or resumes a rotation: reseals every sealed
 * value in batches, and retires the old key when no value is left under it. It can be killed at any point and run
 * concurrently.
 *
 * @throws MasterKeyError if the rotation can't begin, or a value doesn't open, in which case the old key is not retired
 */
export async function rotateMasterKey(database: DataSource, masterKey: MasterKey, rotation: Rotation): Promise<void> {
  const { print, signal } = rotation;
  const tables = sealedTables(database);
  const began = performance.now();
  if (!(await begin(database, masterKey, rotation))) return;
  const [id, retiring] = [masterKey.id, masterKey.retiringId ?? ''];
  print(`Master key ${id} replaces ${retiring}.`);

  const broken = new Set<string>();
  for (;;) {
    const left = await countLeft(database.manager, tables, id);
    if (left === 0) break;
    if (left <= broken.size) throw new MasterKeyError(notRetired(retiring, broken));
    broken.clear();
    for (const table of tables) await sweep(database, masterKey, table, { id, broken, print, signal });
    await pause(AGAIN_MS, undefined, { signal });
  }

  const waitMs = began + NODES_MS - performance.now();
  if (waitMs > 0) {
    print('All values are resealed. Waiting for other nodes to load the new key.');
    await pause(waitMs, undefined, { signal });
  }
  await retire(database, tables, { id, retiring, now: rotation.now() });
  await checkMasterKey(database.manager, masterKey);
  print(`Master key ${retiring} is retired: nothing is sealed under it.`);
}

/** Makes the new key the active one, unless a rotation is in progress. @returns false if there is nothing to do */
async function begin(database: DataSource, masterKey: MasterKey, rotation: Rotation): Promise<boolean> {
  const { newKey, now, print } = rotation;
  await checkMasterKey(database.manager, masterKey);
  const newId = newKey && masterKey.add(newKey);
  const rows = await masterKeyRows(database.manager);
  const [active, retiring] = ['ACTIVE', 'RETIRING'].map((state) => rows.find((row) => row.state === state));
  if (!active) throw new MasterKeyError('The database has no master key yet: start the service once.');
  if (retiring) {
    if (newId !== undefined && newId !== active.id)
      throw new MasterKeyError(
        `A rotation from master key ${retiring.id} to ${active.id} is in progress: finish it first, by the same command without a new key.`,
      );
    return true;
  }
  if (newId === undefined) throw new MasterKeyError('No rotation is in progress: give the new master key.');
  if (newId === active.id) {
    print(`Master key ${masterKey.id} is already the active master key: there is nothing to do.`);
    return false;
  }
  const known = rows.find(({ id }) => id === newId);
  if (known)
    throw new MasterKeyError(
      `Master key ${newId} was replaced at ${known.retiredAt?.toISOString()}: a master key can't be used again.`,
    );
  const envelope = await rotation.envelope?.(newId);
  await rotation.begin({ from: active.id, to: newId }, async (manager) => {
    // Waits for transactions that write under the old key.
    await lockTransaction(manager, LOCKS.activeMasterKey);
    const wrapped = { old: masterKey.wrap(active.id, newId), new: masterKey.wrap(newId, active.id) };
    const checkValue = checkValueOf(masterKey, newId, await areRowsBound(manager, masterKey));
    const replaced = { state: 'RETIRING' as const, wrapped: wrapped.old };
    const { affected } = await manager.update(MasterKeyRow, { id: active.id, state: 'ACTIVE' }, replaced);
    if (affected !== 1)
      throw new MasterKeyError('Another command has begun a rotation meanwhile: run the command without a new key.');
    await manager.insert(MasterKeyRow, {
      id: newId,
      checkValue,
      createdAt: now(),
      state: 'ACTIVE',
      wrapped: wrapped.new,
    });
    if (envelope) await manager.insert(MasterKeyEnvelope, envelope);
  });
  await checkMasterKey(database.manager, masterKey);
  return true;
}

interface Progress extends Pick<Rotation, 'print' | 'signal'> {
  /** Id of the new key. */
  id: string;
  /** Collects the names of rows that don't open. */
  broken: Set<string>;
}

/** Reseals the rows of a table, except those that other transactions hold locked. */
async function sweep(
  database: DataSource,
  masterKey: MasterKey,
  metadata: EntityMetadata,
  progress: Progress,
): Promise<void> {
  let [done, after] = [0, undefined as string[] | undefined];
  for (;;) {
    progress.signal.throwIfAborted();
    const batch = await database.transaction(async (manager) => {
      const rows = await nextRows(manager, metadata, progress.id, after);
      const resealed = rows.flatMap((row) => resealedRow(masterKey, metadata, row, progress));
      await write(manager, metadata, resealed);
      return { rows, count: resealed.length };
    });
    const last = batch.rows.at(-1);
    if (!last) break;
    after = keyOf(metadata, last);
    done += batch.count;
    progress.print(`${metadata.tableName}: ${done} resealed`);
  }
}

/**
 * Reads and locks the next rows that are not under the new key, in the order of the primary key, with their sealed
 * values.
 */
async function nextRows(
  manager: EntityManager,
  metadata: EntityMetadata,
  newId: string,
  after: string[] | undefined,
): Promise<SealedRow[]> {
  const query = manager
    .createQueryBuilder<SealedRow>(metadata.target, 'row')
    // Values that don't open are reported. Other changes of a row don't affect the rotation.
    .callListeners(false)
    .addSelect('row.sealed')
    .where(`"row".${NOT_UNDER}`, { newId });
  if (after)
    query.andWhere(`(${primaryKey(metadata, '"row".')}) > (${after.map((_, i) => `:after${i}`).join()})`, {
      ...Object.fromEntries(after.map((value, i) => [`after${i}`, value])),
    });
  for (const { propertyName } of metadata.primaryColumns) query.addOrderBy(`row.${propertyName}`);
  return query.limit(BATCH).setLock('for_no_key_update').setOnLocked('skip_locked').getMany();
}

const NOT_UNDER = `"sealed" IS NOT NULL AND encode(substring("sealed" FROM 2 FOR 8), 'hex') <> :newId`;

function resealedRow(
  masterKey: MasterKey,
  metadata: EntityMetadata,
  row: SealedRow,
  { id, broken }: Progress,
): { key: string[]; sealed: Buffer }[] {
  const key = keyOf(metadata, row);
  try {
    return row.sealed ? [{ key, sealed: masterKey.reseal(aadOf(metadata.target, row), row.sealed, id) }] : [];
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    broken.add(nameOf(metadata, row));
    return [];
  }
}

async function write(manager: EntityManager, metadata: EntityMetadata, rows: { key: string[]; sealed: Buffer }[]) {
  const columns = metadata.primaryColumns.map(({ databaseName }) => `"${databaseName}"`);
  const lists = [
    ...columns.map((_, i) => rows.map(({ key }) => key[i])),
    rows.map(({ sealed }) => sealed.toString('hex')),
  ];
  await manager.query(
    `UPDATE "${metadata.tableName}" AS "row" SET "sealed" = decode("new"."sealed", 'hex')
       FROM unnest(${lists.map((_, i) => `$${i + 1}::text[]`).join()}) AS "new" (${columns.join()}, "sealed")
      WHERE ${columns.map((column) => `"row".${column} = "new".${column}`).join(' AND ')}`,
    lists,
  );
}

/** Counts the values that are not under the new key. */
async function countLeft(manager: EntityManager, tables: readonly EntityMetadata[], newId: string): Promise<number> {
  let left = 0;
  for (const { target } of tables)
    left += await manager.createQueryBuilder(target, 'row').where(`"row".${NOT_UNDER}`, { newId }).getCount();
  return left;
}

/** Retires the old key, unless another command has done so. */
async function retire(
  database: DataSource,
  tables: readonly EntityMetadata[],
  { id, retiring, now }: { id: string; retiring: string; now: Date },
): Promise<void> {
  await database.transaction(async (manager) => {
    const left = await countLeft(manager, tables, id);
    if (left > 0) throw new MasterKeyError(`${left} values are not resealed: run the same command again.`);
    const retired = { state: 'RETIRED' as const, wrapped: null, retiredAt: now };
    const { affected } = await manager.update(MasterKeyRow, { id: retiring, state: 'RETIRING' }, retired);
    if (!affected) return;
    await manager.update(MasterKeyRow, { id }, { wrapped: null });
    await manager.delete(MasterKeyEnvelope, { masterKeyId: retiring });
  });
}

function notRetired(retiring: string, broken: ReadonlySet<string>): string {
  return [
    `${broken.size} ${broken.size === 1 ? 'value does' : 'values do'} not open: they were modified in the database, or sealed under another key.`,
    ...[...broken].map((name) => `  ${name}`),
    `Master key ${retiring} is not retired; all other values are resealed, and the service continues with both keys.`,
    'Restore these rows from a backup, made before or during the rotation, or delete them; then run the same command without a new key.',
  ].join('\n');
}

function primaryKey(metadata: EntityMetadata, prefix: string): string {
  return metadata.primaryColumns.map(({ databaseName }) => `${prefix}"${databaseName}"`).join();
}
