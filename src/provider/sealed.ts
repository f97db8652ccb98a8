import type { DataSource, EntityMetadata } from 'typeorm';

/** A row with a value sealed under the master key in its column `sealed`. The primary key of its table is text. */
export interface SealedRow {
  /** Null once the value is destroyed. */
  sealed: Buffer | null;
}

const REGISTRY = new Map<unknown, (row: never) => readonly unknown[]>();

/**
 * Registers an entity with a sealed value, and the values of its row that the sealed value is bound to: its associated
 * data. When one of them is changed in the database, the sealed value no longer opens.
 *
 * The arrays are final, because stored values are sealed with them: test/vectors/sealed-rows.json pins them. The first
 * element must be unique to the table.
 */
export function Sealed<T>(associatedData: (row: T) => readonly unknown[]) {
  return (entity: new () => T & SealedRow): void => {
    REGISTRY.set(entity, associatedData);
  };
}

/**
 * Returns the associated data of a row, a JSON array in UTF-8. JSON quotes its elements, so no two rows share one
 * encoding.
 *
 * @param entity the class of the entity; the `constructor` of a row that TypeORM read
 * @param row    may lack columns that the sealed value isn't bound to
 * @throws Error for a class that isn't registered with `@Sealed`, and for a row that lacks a value
 */
export function aadOf(entity: unknown, row: object): Buffer {
  const associatedData = REGISTRY.get(entity);
  const name = typeof entity === 'function' ? entity.name : String(entity);
  if (!associatedData) throw new Error(`${name} is not an entity with @Sealed`);
  const values = associatedData(row as never);
  // JSON would write undefined as null, and the sealed value would be bound to null.
  if (values.includes(undefined)) throw new Error(`The row of ${name} lacks a part of its associated data`);
  return Buffer.from(JSON.stringify(values));
}

/** Returns the tables with sealed values, which a rotation of the master key reseals. */
export function sealedTables(database: DataSource): EntityMetadata[] {
  return database.entityMetadatas.filter(({ target }) => REGISTRY.has(target));
}
