import type { EntityManager } from 'typeorm';
import type { RowSeal, Tally } from './row-seal.js';

/** Thrown if the row that tallies the bound rows is missing. */
export class TallyMissingError extends Error {
  override readonly name = 'TallyMissingError';

  constructor() {
    super('The row of bound_tally is missing from the database: run keyblock check.');
  }
}

/** Reads the tally of all bound rows. @throws SealError, TallyMissingError */
export async function readTally(manager: EntityManager, seal: RowSeal, { lock = false } = {}): Promise<Tally> {
  const [row] = await manager.query<{ tally: Buffer }[]>(
    `SELECT tally FROM bound_tally WHERE id = 1${lock ? ' FOR UPDATE' : ''}`,
  );
  if (!row) throw new TallyMissingError();
  return seal.openTally(row.tally);
}

/** Stores the tally of all bound rows. */
export async function writeTally(manager: EntityManager, seal: RowSeal, tally: Tally): Promise<void> {
  await manager.query('INSERT INTO bound_tally (id, tally) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET tally = $1', [
    seal.sealTally(tally),
  ]);
}

/** Adds changes to the tally, whose row the transaction keeps locked. */
export async function addToTally(manager: EntityManager, seal: RowSeal, changes: Tally): Promise<void> {
  const { rows, sum } = await readTally(manager, seal, { lock: true });
  await writeTally(manager, seal, { rows: rows + changes.rows, sum: BigInt.asUintN(256, sum + changes.sum) });
}
