import { readFileSync, writeFileSync } from 'node:fs';
import { type KeyTableRow, withRow } from '../hostcommands/key-table.js';
import type { KeyOutput } from '../payment/controlplane/keys/keys.schema.js';
import { EXIT, Failure } from './failure.js';
import type { ServiceClient } from './service/client.js';

/** A row of a key table and what is known of its key. */
export interface VerifiedRow {
  match: string;
  key: string;
  /** Check value of an enabled key. */
  kcv?: string;
  /** Why the key can't be used. */
  fault?: string;
}

/** Appends a row to a key table. @throws KeyFileError */
export function addRow(path: string, match: string, row: KeyTableRow): void {
  writeFileSync(path, withRow(textOf(path), match, row));
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
 * @throws KeyFileError, Failure
 */
export async function importRow(
  client: ServiceClient,
  path: string,
  match: string,
  { block, under, usage }: BlockRow,
): Promise<VerifiedRow> {
  const rest = usage && { usage };
  withRow(textOf(path), match, { key: 'alias/to-be-imported', ...rest });
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

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
