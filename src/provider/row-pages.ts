import type { EntityManager, EntityMetadata } from 'typeorm';
import { type BoundRow, keyOf } from './bound.js';
import type { SealedRow } from './sealed.js';

const PAGE = 500;

export type StoredRow = BoundRow & Partial<SealedRow>;

/** Reads all rows of a table with all their columns, unverified, in the order of the primary key and in pages. */
export async function* rowPages(manager: EntityManager, metadata: EntityMetadata): AsyncGenerator<StoredRow[]> {
  const columns = metadata.primaryColumns.map(({ databaseName }) => `"row"."${databaseName}"`);
  const hidden = metadata.columns.filter(({ isSelect }) => !isSelect);
  let after: string[] | undefined;
  for (;;) {
    const query = manager.createQueryBuilder<StoredRow>(metadata.target, 'row').callListeners(false);
    for (const { propertyName } of hidden) query.addSelect(`row.${propertyName}`);
    if (after)
      query.where(`(${columns.join()}) > (${after.map((_, i) => `:after${i}`).join()})`, {
        ...Object.fromEntries(after.map((value, i) => [`after${i}`, value])),
      });
    for (const { propertyName } of metadata.primaryColumns) query.addOrderBy(`row.${propertyName}`);
    const rows = await query.limit(PAGE).getMany();
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = keyOf(metadata, last);
  }
}
