import type { DataSource, EntityMetadata } from 'typeorm';

/**
 * A bound row, which is a row with a MAC. When the row is read, the MAC reveals an edit that was made directly in the
 * database.
 */
export interface BoundRow {
  /**
   * Absent if the row wasn't read from the database, or only some columns were. Null in rows written by a version of
   * the service without MACs.
   */
  mac?: Buffer | null;
}

const REGISTRY = new Map<unknown, readonly string[]>();

/**
 * Registers an entity whose rows have MACs, and the properties that the MAC covers: all that determine the row's
 * effect. Rows are inserted with `insert`, changed with `save` and removed with `remove`, each with the whole row,
 * which is locked first: BoundSubscriber refuses anything else.
 *
 * The lists are final, because stored MACs are computed over them: test/vectors/bound-rows.json pins them.
 */
export function Bound<T>(...properties: (keyof T & string)[]) {
  return (entity: new () => T & BoundRow): void => {
    REGISTRY.set(entity, properties);
  };
}

/** Returns the tables whose rows are bound. */
export function boundTables(database: DataSource): EntityMetadata[] {
  return database.entityMetadatas.filter(isBound);
}

/** True for a table whose rows are bound. */
export function isBound({ target }: EntityMetadata): boolean {
  return REGISTRY.has(target);
}

/** True if any of the bound properties is among these values. */
export function touchesBound({ target }: EntityMetadata, values: object): boolean {
  return REGISTRY.get(target)?.some((property) => property in values) === true;
}

/**
 * Returns the bytes for the MAC of a row: a JSON array of the table and the values, in UTF-8. JSON
 * quotes its elements, so no two rows share one encoding.
 *
 * @throws Error for a row that lacks a bound value
 */
export function boundBytes(metadata: EntityMetadata, row: object): Buffer {
  const values = (REGISTRY.get(metadata.target) ?? []).map((property) => {
    const value: unknown = metadata.findColumnWithPropertyName(property)?.getEntityValue(row, true);
    if (value === undefined) throw new Error(`The row of ${metadata.tableName} lacks its ${property}`);
    if (Buffer.isBuffer(value)) return value.toString('base64');
    return value instanceof Date ? value.toISOString() : value;
  });
  return Buffer.from(JSON.stringify([metadata.tableName, ...values]));
}

/** The name of a row in messages: its table and primary key. */
export function nameOf(metadata: EntityMetadata, row: object): string {
  return [metadata.tableName, ...keyOf(metadata, row)].join(' ');
}

/** The values of a row's primary key. */
export function keyOf(metadata: EntityMetadata, row: object): string[] {
  return metadata.primaryColumns.map((column) => String(column.getEntityValue(row)));
}
