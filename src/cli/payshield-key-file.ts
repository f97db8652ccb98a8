import { readFileSync, writeFileSync } from 'node:fs';
import { KeyFileError } from '../config/key-file.js';
import { type KeyTable, type KeyTableRow, readKeyTable, withRow } from '../hostcommands/key-table.js';
import type { KeyOutput } from '../payment/controlplane/keys/keys.schema.js';
import { EXIT, Failure } from './failure.js';
import type { ServiceClient } from './service/client.js';

/** A row of a key table and what is known of its key. */
export interface VerifiedRow {
  match: string;
  key: string;
  /** Check value of an enabled key. */
  kcv?: string;
  /** Reason why the key can't be used. */
  fault?: string;
}

/** Reads a key table. @throws Failure that names the file and the line */
export function readTable(path: string): KeyTable {
  return usable(path, () => readKeyTable(path));
}

/** Appends a row to a key table. @throws Failure if the table then isn't usable */
export function addRow(path: string, match: string, row: KeyTableRow): void {
  writeFileSync(path, tableWith(path, match, row));
}

/** A key block that is imported for a row. */
export interface BlockRow {
  /** TR-31 key block; the letter R before it, as hosts send it, is not part of it. */
  readonly block: string;
  /** The key that the block is wrapped under: ARN or alias. */
  readonly under: string;
  readonly usage?: ReadonlySet<string>;
}

/**
 * Imports a key block by ImportKey, and appends a row with its key. The table is checked first, so that no key is imported
 * for a row that can't be.
 *
 * @throws Failure
 */
export async function importRow(
  client: ServiceClient,
  path: string,
  match: string,
  { block, under, usage }: BlockRow,
): Promise<VerifiedRow> {
  const rest = usage && { usage };
  tableWith(path, match, { key: 'alias/to-be-imported', ...rest });
  const WrappedKeyBlock = block.replace(/\s/g, '').replace(/^R/, '');
  const { Key } = await client.control<KeyOutput>('ImportKey', {
    KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: under, WrappedKeyBlock } },
  });
  try {
    addRow(path, match, { key: Key.KeyArn, ...rest });
  } catch (error) {
    throw new Failure(
      EXIT.unavailable,
      `The key was imported as ${Key.KeyArn}, but ${path} can't be written: ${(error as Error).message}. Add the row with that ARN.`,
    );
  }
  return { match, key: Key.KeyArn, kcv: Key.KeyCheckValue };
}

function tableWith(path: string, match: string, row: KeyTableRow): string {
  return usable(path, () => withRow(textOf(path), match, row));
}

function usable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof KeyFileError ? new Failure(EXIT.usage, `${path} ${error.message}`) : error;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
