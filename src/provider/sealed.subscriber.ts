import type {
  EntityManager,
  EntitySubscriberInterface,
  InsertEvent,
  LoadEvent,
  QueryRunner,
  UpdateEvent,
} from 'typeorm';
import { checkMasterKey } from './master-key-check.js';
import { type MasterKey, sealedUnder } from './master-key.js';
import { aadOf, type SealedRow } from './sealed.js';

/**
 * Keeps a node in step with a rotation of the master key that it may not have heard of, wherever sealed values are read or
 * written: it looks for a key that it doesn't know before the value is opened, and writes under the active one alone.
 */
export class SealedSubscriber implements EntitySubscriberInterface {
  /** Id of the active master key, by transaction: it stays until the transaction ends. */
  readonly #active = new WeakMap<QueryRunner, Promise<string>>();

  /** What is being looked up, by who reads: many rows may be read at once. */
  readonly #lookups = new WeakMap<QueryRunner, Promise<void>>();

  constructor(private readonly masterKey: MasterKey) {}

  afterLoad(row: Partial<SealedRow>, event?: LoadEvent<unknown>): Promise<void> | undefined {
    if (!event || !row.sealed || this.masterKey.has(sealedUnder(row.sealed))) return undefined;
    return this.#lookUp(event.queryRunner);
  }

  beforeInsert({ entity, metadata, queryRunner }: InsertEvent<unknown>): Promise<void> | undefined {
    return this.#sealUnderActive(entity, metadata.target, queryRunner);
  }

  beforeUpdate({ entity, metadata, queryRunner }: UpdateEvent<unknown>): Promise<void> | undefined {
    return this.#sealUnderActive(entity, metadata.target, queryRunner);
  }

  #lookUp(runner: QueryRunner): Promise<void> {
    const lookup =
      this.#lookups.get(runner) ??
      checkMasterKey(runner.manager, this.masterKey).finally(() => this.#lookups.delete(runner));
    this.#lookups.set(runner, lookup);
    return lookup;
  }

  #sealUnderActive(entity: unknown, target: unknown, runner: QueryRunner): Promise<void> | undefined {
    const row = entity as Partial<SealedRow> | undefined;
    return row?.sealed ? this.#resealIfNeeded(row as SealedRow, row.sealed, target, runner) : undefined;
  }

  /** Many rows may be written at once in a transaction: it asks once. */
  async #resealIfNeeded(row: SealedRow, sealed: Buffer, target: unknown, runner: QueryRunner): Promise<void> {
    if (!runner.isTransactionActive) throw new Error('A sealed value is written in a transaction');
    const active = this.#active.get(runner) ?? activeId(runner.manager);
    this.#active.set(runner, active);
    const id = await active;
    if (sealedUnder(sealed) === id) return;
    if (this.masterKey.id !== id) await this.#lookUp(runner);
    row.sealed = this.masterKey.reseal(aadOf(target, row), sealed, id);
  }
}

/** A rotation that is about to begin waits for the end of the transaction. */
async function activeId(manager: EntityManager): Promise<string> {
  const [answer] = await manager.query<{ id: string }[]>('SELECT active_master_key() AS id');
  return answer?.id ?? '';
}
