import type { EntityManager } from 'typeorm';
import { MasterKeyRow } from './master-key.entity.js';
import { type MasterKey, SealError } from './master-key.js';

/** The master key isn't the one that the database is sealed under, or can't be replaced as it was asked for. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

const BOUND = Buffer.from('keyblock master key check value');

/**
 * Brings the ring to what the database says: takes in what is wrapped there under a key that it has, and seals under the active
 * one from then on. Nothing is changed in the database.
 *
 * @throws MasterKeyError where it has no key that leads to the active one, or that key doesn't open the check value
 */
export async function checkMasterKey(manager: EntityManager, masterKey: MasterKey): Promise<void> {
  const rows = await masterKeyRows(manager);
  const active = rows.find(({ state }) => state === 'ACTIVE');
  const retiring = rows.find(({ state }) => state === 'RETIRING');
  if (!active) return;
  try {
    if (!masterKey.has(active.id) && retiring && masterKey.has(retiring.id) && active.wrapped)
      masterKey.unwrap(active.id, active.wrapped);
    if (!masterKey.has(active.id)) throw new MasterKeyError(refusal(rows, active, masterKey));
    masterKey.open(BOUND, active.checkValue);
    if (retiring?.wrapped && !masterKey.has(retiring.id)) masterKey.unwrap(retiring.id, retiring.wrapped);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new MasterKeyError(`The row of master key ${active.id} in the database was changed: it doesn't open.`);
  }
  masterKey.use(active.id, retiring?.id);
}

function refusal(rows: MasterKeyRow[], active: MasterKeyRow, masterKey: MasterKey): string {
  const retired = rows.find(({ id, state }) => state === 'RETIRED' && masterKey.has(id));
  const given = retired
    ? `the master key given, ${retired.id}, was replaced at ${retired.retiredAt?.toISOString()}`
    : `the master key given is ${masterKey.id}`;
  return (
    `The database is sealed under master key ${active.id}, but ${given}. ` +
    'Start with the master key of this database; nothing was changed.'
  );
}

/** All master keys that the database has known. It may be as an older version left it. */
export async function masterKeyRows(manager: EntityManager): Promise<MasterKeyRow[]> {
  const rows = await manager.query<Record<string, unknown>[]>('SELECT * FROM master_key');
  return rows.map((row) => ({
    id: row['id'] as string,
    checkValue: row['check_value'] as Buffer,
    createdAt: row['created_at'] as Date,
    state: (row['state'] ?? 'ACTIVE') as MasterKeyRow['state'],
    wrapped: (row['wrapped'] ?? null) as Buffer | null,
    retiredAt: (row['retired_at'] ?? null) as Date | null,
  }));
}

/** A check value by a key of the ring. */
export function checkValueOf(masterKey: MasterKey, id: string): Buffer {
  return masterKey.seal(BOUND, Buffer.alloc(32), id);
}

/** Stores the check value of the first master key of a database. */
export async function storeMasterKeyCheck(manager: EntityManager, masterKey: MasterKey, now: Date): Promise<void> {
  if (await manager.exists(MasterKeyRow)) return;
  const checkValue = checkValueOf(masterKey, masterKey.id);
  await manager.insert(MasterKeyRow, { id: masterKey.id, checkValue, createdAt: now, state: 'ACTIVE' });
}
