import { type EntityManager, Not } from 'typeorm';
import { MasterKeyRow } from './master-key.entity.js';
import { type MasterKey, SealError } from './master-key.js';

/** Thrown if the master key isn't the one that the database is sealed under, or can't be rotated as requested. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

/** Associated data of the check value. */
const CHECK_VALUE_AAD = Buffer.from('keyblock master key check value');

/**
 * Brings the keyring in line with `master_key`: unwraps the keys that are wrapped under a key of the keyring, and makes
 * the active key the current one. Doesn't write to the database.
 *
 * @throws MasterKeyError if the keyring can't obtain the active key, or the active key doesn't open its check value
 */
export async function checkMasterKey(manager: EntityManager, masterKey: MasterKey): Promise<void> {
  checkMasterKeyRows(await masterKeyRows(manager), masterKey);
}

/** Does the same as `checkMasterKey`, with rows that were read already. */
export function checkMasterKeyRows(rows: MasterKeyRow[], masterKey: MasterKey): void {
  const active = rows.find(({ state }) => state === 'ACTIVE');
  const retiring = rows.find(({ state }) => state === 'RETIRING');
  if (!active) return;
  try {
    if (!masterKey.has(active.id) && retiring && masterKey.has(retiring.id) && active.wrapped)
      masterKey.unwrap(active.id, active.wrapped);
    if (!masterKey.has(active.id)) throw new MasterKeyError(mismatch(rows, active, masterKey));
    masterKey.open(CHECK_VALUE_AAD, active.checkValue);
    if (retiring?.wrapped && !masterKey.has(retiring.id)) masterKey.unwrap(retiring.id, retiring.wrapped);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new MasterKeyError(`The row of master key ${active.id} in the database was modified: it doesn't open.`);
  }
  masterKey.use(active.id, retiring?.id);
}

function mismatch(rows: MasterKeyRow[], active: MasterKeyRow, masterKey: MasterKey): string {
  const retired = rows.find(({ id, state }) => state === 'RETIRED' && masterKey.has(id));
  const given = retired
    ? `the master key given, ${retired.id}, was replaced at ${retired.retiredAt?.toISOString()}`
    : `the master key given is ${masterKey.id}`;
  return (
    `The database is sealed under master key ${active.id}, but ${given}. ` +
    'Start with the master key of this database; nothing was changed.'
  );
}

/**
 * Reads all current and former master keys of the database. The schema may be that of an older version, without some
 * columns.
 */
export async function masterKeyRows(manager: EntityManager): Promise<MasterKeyRow[]> {
  return masterKeyRowsOf(await manager.query<Record<string, unknown>[]>('SELECT * FROM master_key'));
}

/** Converts rows from PostgreSQL. */
export function masterKeyRowsOf(rows: Record<string, unknown>[]): MasterKeyRow[] {
  return rows.map((row) => ({
    id: row['id'] as string,
    checkValue: row['check_value'] as Buffer,
    createdAt: row['created_at'] as Date,
    state: (row['state'] ?? 'ACTIVE') as MasterKeyRow['state'],
    wrapped: (row['wrapped'] ?? null) as Buffer | null,
    retiredAt: (row['retired_at'] ?? null) as Date | null,
  }));
}

/**
 * Returns a check value under a key of the keyring. Its clear text states whether the rows of the database have MACs.
 */
export function checkValueOf(masterKey: MasterKey, id: string, areBound: boolean): Buffer {
  return masterKey.seal(CHECK_VALUE_AAD, Buffer.alloc(32, areBound ? 1 : 0), id);
}

/** True once the rows of the database have MACs, according to the check value of the active master key. */
export async function areRowsBound(manager: EntityManager, masterKey: MasterKey): Promise<boolean> {
  const active = await manager.findOneByOrFail(MasterKeyRow, { state: 'ACTIVE' });
  return masterKey.open(CHECK_VALUE_AAD, active.checkValue)[0] === 1;
}

/** Records in the check value of each master key in use that the rows of the database have MACs. */
export async function noteRowsBound(manager: EntityManager, masterKey: MasterKey): Promise<void> {
  for (const { id } of await manager.findBy(MasterKeyRow, { state: Not('RETIRED' as const) }))
    await manager.update(MasterKeyRow, { id }, { checkValue: checkValueOf(masterKey, id, true) });
}

/**
 * Stores the check value of a new database's master key; does nothing if the database has one.
 *
 * @throws MasterKeyError if the database has none although it contains sealed values
 */
export async function storeMasterKeyCheck(manager: EntityManager, masterKey: MasterKey, now: Date): Promise<void> {
  if (await manager.exists(MasterKeyRow)) return;
  const [found] = await manager.query<[{ isInUse: boolean }]>(
    `SELECT EXISTS (SELECT FROM keys) OR EXISTS (SELECT FROM principals) OR EXISTS (SELECT FROM service_secrets) AS "isInUse"`,
  );
  if (found.isInUse)
    throw new MasterKeyError('The rows of master_key are missing from the database: restore it from a backup.');
  const checkValue = checkValueOf(masterKey, masterKey.id, false);
  await manager.insert(MasterKeyRow, { id: masterKey.id, checkValue, createdAt: now, state: 'ACTIVE' });
}
