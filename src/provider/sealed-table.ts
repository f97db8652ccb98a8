import type { EntityTarget } from 'typeorm';

/** A table with a column `sealed`. Its primary key is text. */
export interface SealedTable {
  readonly entity: EntityTarget<SealedRow>;
  /** What the value of a row is bound to. */
  readonly boundOf: (row: SealedRow) => Buffer;
}

export interface SealedRow {
  sealed: Buffer | null;
}
