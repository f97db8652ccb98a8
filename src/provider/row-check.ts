import type { DataSource, EntityManager, EntityMetadata } from 'typeorm';
import { boundTables, isBound, nameOf } from './bound.js';
import { checkMasterKey } from './master-key-check.js';
import { type MasterKey, SealError, sealedUnder } from './master-key.js';
import { rowPages, type StoredRow } from './row-pages.js';
import type { RowSeal, Tally } from './row-seal.js';
import { readTally, TallyMissingError, writeTally } from './row-tally.js';
import { aadOf, sealedTables } from './sealed.js';

/** The keys that verify the MACs of rows and open sealed values. */
export interface Keys {
  seal: RowSeal;
  masterKey: MasterKey;
}

/** Receives a line for each fault. */
type Report = (line: string) => void;

export interface CheckedTable {
  name: string;
  rows: number;
  faults: number;
}

/** The result of `checkRows`. */
export interface CheckReport {
  tables: CheckedTable[];
  /**
   * The fault of the rows as a whole, such as a removed row, which the MACs of single rows don't show; undefined if
   * there is none.
   */
  setFault?: string;
}

/**
 * Reads every row with a MAC or a sealed value, in one snapshot and page by page, verifies the MACs, opens the sealed
 * values, and compares all rows with their tally. Doesn't write, and blocks no other transaction.
 */
export async function checkRows(database: DataSource, keys: Keys, report: Report): Promise<CheckReport> {
  return database.transaction('REPEATABLE READ', async (manager) => {
    const { seal } = keys;
    const stored = await readTally(manager, seal).catch((error: unknown) => {
      if (error instanceof SealError) return 'the row of bound_tally was modified';
      if (error instanceof TallyMissingError) return 'the row of bound_tally is missing';
      throw error;
    });
    const { tables, tally } = await scan(manager, keys, report);
    const setFault = typeof stored === 'string' ? stored : differenceOf(stored, tally);
    return { tables, ...(setFault !== undefined && { setFault }) };
  });
}

/**
 * Accepts the current rows as a whole and writes their tally, unless one of them was modified. No other transaction can
 * change a row meanwhile.
 *
 * @returns the tables; if they have faults, nothing was changed
 */
export async function acceptRows(manager: EntityManager, keys: Keys, report: Report): Promise<CheckedTable[]> {
  // Every transaction that changes a row ends by locking the row of the tally.
  await manager.query('LOCK TABLE bound_tally IN EXCLUSIVE MODE');
  const { tables, tally } = await scan(manager, keys, report);
  if (tables.every(({ faults }) => faults === 0)) await writeTally(manager, keys.seal, tally);
  return tables;
}

async function scan(
  manager: EntityManager,
  { seal, masterKey }: Keys,
  report: Report,
): Promise<{ tables: CheckedTable[]; tally: Tally }> {
  const tally: Tally = { rows: 0, sum: 0n };
  const tables: CheckedTable[] = [];
  const { dataSource } = manager;
  for (const metadata of new Set([...boundTables(dataSource), ...sealedTables(dataSource)])) {
    const table = { name: metadata.tableName, rows: 0, faults: 0 };
    tables.push(table);
    for await (const page of rowPages(manager, metadata)) {
      table.rows += page.length;
      await learnMasterKey(manager, masterKey, page);
      for (const row of page) {
        const fault = faultOf(metadata, row, seal, masterKey);
        if (isBound(metadata)) seal.count(tally, metadata, row);
        if (fault === undefined) continue;
        table.faults++;
        report(`${nameOf(metadata, row)}: ${fault}`);
      }
    }
  }
  return { tables, tally };
}

/** Loads the keys of a rotation that this process doesn't know about yet. */
async function learnMasterKey(manager: EntityManager, masterKey: MasterKey, rows: readonly StoredRow[]): Promise<void> {
  const isUnknown = ({ sealed }: StoredRow) => sealed && !masterKey.has(sealedUnder(sealed));
  if (rows.some(isUnknown)) await checkMasterKey(manager, masterKey);
}

function faultOf(metadata: EntityMetadata, row: StoredRow, seal: RowSeal, masterKey: MasterKey): string | undefined {
  if (isBound(metadata) && !seal.matches(metadata, row)) return 'the row was modified';
  if (!row.sealed) return undefined;
  try {
    masterKey.open(aadOf(metadata.target, row), row.sealed).fill(0);
    return undefined;
  } catch (error) {
    if (error instanceof SealError) return `its sealed value does not open: ${error.message}`;
    throw error;
  }
}

function differenceOf(stored: Tally, found: Tally): string | undefined {
  if (stored.rows !== found.rows)
    return `the service has left ${stored.rows} rows and there are ${found.rows}: rows were removed or inserted`;
  return stored.sum === found.sum ? undefined : 'rows were changed or reset to an earlier state';
}
