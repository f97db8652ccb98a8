import type { EntityManager } from 'typeorm';
import { MasterKeyRow } from '../database/master-key.entity.js';
import { type MasterKey, SealError } from './master-key.js';

/** The master key isn't the one that the database is sealed under. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

const BOUND = Buffer.from('keyblock master key check value');

/** @throws MasterKeyError where the stored check value doesn't open; changes nothing */
export async function checkMasterKey(manager: EntityManager, masterKey: MasterKey): Promise<void> {
  const [found] = await manager.query<{ exists: boolean }[]>(
    `SELECT to_regclass('master_key') IS NOT NULL AS "exists"`,
  );
  if (!found?.exists) return;
  for (const { id, checkValue } of await manager.find(MasterKeyRow)) {
    try {
      masterKey.open(BOUND, checkValue);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new MasterKeyError(
        `The database is sealed under master key ${id}, but the master key given is ${masterKey.id}. ` +
          'Start with the master key of this database; nothing was changed.',
      );
    }
  }
}

/** Stores the check value of the first master key of a database. */
export async function storeMasterKeyCheck(manager: EntityManager, masterKey: MasterKey, now: Date): Promise<void> {
  if (await manager.exists(MasterKeyRow)) return;
  await manager.insert(MasterKeyRow, {
    id: masterKey.id,
    checkValue: masterKey.seal(BOUND, Buffer.alloc(32)),
    createdAt: now,
  });
}
