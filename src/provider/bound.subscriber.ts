import type {
  EntityMetadata,
  EntitySubscriberInterface,
  InsertEvent,
  LoadEvent,
  QueryRunner,
  RemoveEvent,
  TransactionCommitEvent,
  TransactionRollbackEvent,
  UpdateEvent,
} from 'typeorm';
import { type BoundRow, isBound, touchesBound } from './bound.js';
import type { RowSeal, Tally } from './row-seal.js';
import { addToTally } from './row-tally.js';

/**
 * Verifies bound rows when they are read, computes their MACs when they are written, and adds each transaction's
 * changes to the tally of all bound rows as its last step, so that the lock of the tally's row is held for the commit
 * alone.
 */
export class BoundSubscriber implements EntitySubscriberInterface {
  /** The changes of each connection's current transaction so far. */
  readonly #changes = new WeakMap<QueryRunner, Tally>();

  constructor(readonly seal: RowSeal) {}

  afterLoad(row: BoundRow, event?: LoadEvent<unknown>): void {
    // A query that selects only some columns of a row doesn't read the MAC.
    if (event && row.mac !== undefined && isBound(event.metadata)) this.seal.verify(event.metadata, row);
  }

  beforeInsert({ entity, metadata, queryRunner }: InsertEvent<unknown>): void {
    if (!isBound(metadata)) return;
    const row = entity as BoundRow;
    row.mac = this.seal.macOf(metadata, row);
    this.seal.count(this.#changesOf(queryRunner), metadata, row);
  }

  beforeUpdate({ entity, databaseEntity, metadata, queryRunner }: UpdateEvent<unknown>): void {
    if (!isBound(metadata)) return;
    const row = entity as BoundRow | undefined;
    const before = databaseEntity as BoundRow | undefined;
    if (!before && row && !touchesBound(metadata, row)) return;
    if (!before || !row) throw new Error(`Change rows of ${metadata.tableName} with save, which receives whole rows`);
    row.mac = this.seal.macOf(metadata, row);
    const changes = this.#changesOf(queryRunner);
    this.seal.count(changes, metadata, before, -1);
    this.seal.count(changes, metadata, row);
  }

  beforeRemove({ databaseEntity, metadata, queryRunner }: RemoveEvent<unknown>): void {
    if (!isBound(metadata)) return;
    if (!databaseEntity) throw new Error(`Remove rows of ${metadata.tableName} with remove, which receives whole rows`);
    this.seal.count(this.#changesOf(queryRunner), metadata, databaseEntity, -1);
  }

  async beforeTransactionCommit({ queryRunner, manager }: TransactionCommitEvent): Promise<void> {
    const changes = this.#changes.get(queryRunner);
    this.#changes.delete(queryRunner);
    if (changes) await addToTally(manager, this.seal, changes);
  }

  afterTransactionRollback({ queryRunner }: TransactionRollbackEvent): void {
    this.#changes.delete(queryRunner);
  }

  #changesOf(runner: QueryRunner): Tally {
    if (!runner.isTransactionActive) throw new Error('A bound row must be written in a transaction');
    const changes = this.#changes.get(runner) ?? { rows: 0, sum: 0n };
    this.#changes.set(runner, changes);
    return changes;
  }
}

/** The seal of a connected database. */
export function sealOf({ subscribers }: { subscribers: unknown[] }): RowSeal {
  const subscriber = subscribers.find((each) => each instanceof BoundSubscriber);
  if (!subscriber) throw new Error('The rows of this database have no MACs yet');
  return subscriber.seal;
}

/** Splits rows that were read without listeners into unmodified and modified ones. */
export function sorted<T extends BoundRow>(
  seal: RowSeal,
  metadata: EntityMetadata,
  rows: readonly T[],
): { intact: T[]; modified: T[] } {
  const isIntact = rows.map((row) => seal.matches(metadata, row));
  return { intact: rows.filter((_, i) => isIntact[i]), modified: rows.filter((_, i) => !isIntact[i]) };
}
