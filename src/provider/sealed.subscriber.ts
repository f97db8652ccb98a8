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
 * Keeps a node in step with a rotation of the master key, even a rotation that it doesn't know about yet. Before a
 * sealed value is opened, loads the key that the value names. Before a sealed value is written, reseals it under the
 * active key.
 */
export class SealedSubscriber implements EntitySubscriberInterface {
  /** Id of the active master key by transaction; that key stays active until the transaction ends. */
  readonly #active = new WeakMap<QueryRunner, Promise<string>>();

  /** Checks that are running: many rows may be read at once. */
  readonly #checks = new WeakMap<QueryRunner, Promise<void>>();

  constructor(private readonly masterKey: MasterKey) {}

  afterLoad(row: Partial<SealedRow>, event?: LoadEvent<unknown>): Promise<void> | undefined {
    if (!event || !row.sealed || this.masterKey.has(sealedUnder(row.sealed))) return undefined;
    return this.#check(event.queryRunner);
  }

  beforeInsert({ entity, metadata, queryRunner }: InsertEvent<unknown>): Promise<void> | undefined {
    return this.#sealUnderActive(entity, metadata.target, queryRunner);
  }

  beforeUpdate({ entity, metadata, queryRunner }: UpdateEvent<unknown>): Promise<void> | undefined {
    return this.#sealUnderActive(entity, metadata.target, queryRunner);
  }

  #check(runner: QueryRunner): Promise<void> {
    const check =
      this.#checks.get(runner) ??
      checkMasterKey(runner.manager, this.masterKey).finally(() => this.#checks.delete(runner));
    this.#checks.set(runner, check);
    return check;
  }

  #sealUnderActive(entity: unknown, target: unknown, runner: QueryRunner): Promise<void> | undefined {
    const row = entity as Partial<SealedRow> | undefined;
    return row?.sealed ? this.#resealIfNeeded(row as SealedRow, row.sealed, target, runner) : undefined;
  }

  /** Reads the id of the active key only once per transaction, because a transaction may write many rows. */
  async #resealIfNeeded(row: SealedRow, sealed: Buffer, target: unknown, runner: QueryRunner): Promise<void> {
    if (!runner.isTransactionActive) throw new Error('A sealed value must be written in a transaction');
    const active = this.#active.get(runner) ?? activeId(runner.manager);
    this.#active.set(runner, active);
    const id = await active;
    if (sealedUnder(sealed) === id) return;
    if (this.masterKey.id !== id) await this.#check(runner);
    row.sealed = this.masterKey.reseal(aadOf(target, row), sealed, id);
  }
}

/** Reads the id of the active key under a shared lock: a rotation can't begin until the transaction ends. */
async function activeId(manager: EntityManager): Promise<string> {
  const [answer] = await manager.query<{ id: string }[]>('SELECT active_master_key() AS id');
  return answer?.id ?? '';
}
