import type { DataSource, EntityManager, EntityMetadata } from 'typeorm';
import { boundTables, keyOf } from './bound.js';
import { areRowsBound, MasterKeyError, noteRowsBound } from './master-key-check.js';
import type { MasterKey } from './master-key.js';
import { rowPages } from './row-pages.js';
import { RowSeal, type Tally } from './row-seal.js';
import { writeTally } from './row-tally.js';
import { knownSecret, serviceSecret } from './service-secret.js';

/**
 * Returns the seal of a database's rows. If the database comes from a version without MACs, computes the MACs now. That
 * happens only once: the check value of the master key records it, which can't be undone without the master key.
 *
 * @throws MasterKeyError if the rows have MACs but the secret of the MACs is missing
 */
export async function rowSeal(database: DataSource, manager: EntityManager, masterKey: MasterKey): Promise<RowSeal> {
  if (await areRowsBound(manager, masterKey)) {
    const secret = await knownSecret(manager, masterKey, 'bound rows');
    if (!secret)
      throw new MasterKeyError(
        'The secret for the MACs of the database rows is missing from service_secrets: restore the database from a backup.',
      );
    return new RowSeal(secret);
  }
  const seal = new RowSeal(await serviceSecret(manager, masterKey, 'bound rows'));
  await manager.transaction(async (inner) => {
    await bindRows(database, inner, seal);
    await noteRowsBound(inner, masterKey);
  });
  return seal;
}

/** Computes the MACs of the current rows. */
export async function bindRows(database: DataSource, manager: EntityManager, seal: RowSeal): Promise<void> {
  const tally: Tally = { rows: 0, sum: 0n };
  for (const metadata of boundTables(database)) await bindTable(manager, metadata, seal, tally);
  await writeTally(manager, seal, tally);
}

async function bindTable(manager: EntityManager, metadata: EntityMetadata, seal: RowSeal, tally: Tally): Promise<void> {
  const columns = metadata.primaryColumns.map(({ databaseName }) => `"${databaseName}"`);
  await manager.query(`LOCK TABLE "${metadata.tableName}" IN SHARE ROW EXCLUSIVE MODE`);
  for await (const rows of rowPages(manager, metadata)) {
    for (const row of rows) seal.count(tally, metadata, row);
    const lists = [
      ...columns.map((_, i) => rows.map((row) => keyOf(metadata, row)[i])),
      rows.map((row) => seal.macOf(metadata, row).toString('hex')),
    ];
    await manager.query(
      `UPDATE "${metadata.tableName}" AS "row" SET "mac" = decode("new"."mac", 'hex')
         FROM unnest(${lists.map((_, i) => `$${i + 1}::text[]`).join()}) AS "new" (${columns.join()}, "mac")
        WHERE ${columns.map((column) => `"row".${column} = "new".${column}`).join(' AND ')}`,
      lists,
    );
  }
}
