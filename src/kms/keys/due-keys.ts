import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import type { ServiceAct } from '../../audit/audit-event.js';
import { Changes } from '../../changes/changes.js';
import { isNotHeld } from '../../changes/destruction-hold.entity.js';
import type { BoundRow } from '../../provider/bound.js';
import { removeRows } from '../../provider/changed-rows.js';
import { KmsAlias } from '../aliases/kms-alias.entity.js';
import { KMS } from '../api.js';
import { KmsGrant } from '../grants/kms-grant.entity.js';
import { KmsMaterial } from '../materials/kms-material.entity.js';
import { updatePending } from '../materials/pending-material.js';
import { noteRemoval } from '../stores/kms-token-key-removal.entity.js';
import { KmsTag } from '../tags/kms-tag.entity.js';
import { deletionDateOf } from './key-life-cycle.js';
import { isReplica } from './key-kinds.js';
import { lockKey, relatedTo } from './kms-key.repository.js';
import { KmsKey } from './kms-key.entity.js';

/** Number of keys per query. */
const BATCH = 500;

/** The entities whose rows belong to a key. */
const PARTS = [KmsAlias, KmsGrant, KmsTag, KmsMaterial];

/** A transaction that the service starts by itself. */
export interface OwnWork {
  manager: EntityManager;
  changed: (arn: string) => void;
  /** Records an audit event. */
  note: (act: ServiceAct) => void;
}

/** The keys with due background work, in all accounts and Regions. */
@Injectable()
export class DueKeys {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
  ) {}

  /** Returns a batch of keys whose waiting period is over and whose deletion isn't held, by ARN. */
  deletions(now: Date, after?: string): Promise<string[]> {
    return batchOf(this.#dueDeletions(now), after);
  }

  /** Counts the keys whose waiting period is over but whose deletion is held. */
  countHeldDeletions(now: Date): Promise<number> {
    return this.#pastDeletionDate(now)
      .andWhere(`NOT ${isNotHeld('key.deletionDate')}`)
      .getCount();
  }

  /** Returns a batch of keys whose automatic rotation is due, by ARN. Replicas follow their primary key. */
  rotations(now: Date, after?: string): Promise<string[]> {
    const due = this.#select()
      .where('key.nextRotationAt <= :now', { now })
      .andWhere('key.enabled AND key.deletionDate IS NULL AND key.pendingWindowDays IS NULL')
      .andWhere('(key.primaryRegion IS NULL OR key.primaryRegion = key.region)');
    return batchOf(due, after);
  }

  /** Returns a batch of keys with imported material that has expired and whose erasure isn't held, by ARN. */
  expiries(now: Date, after?: string): Promise<string[]> {
    return batchOf(this.#withExpired(now, isNotHeld('material.valid_to')), after);
  }

  /** Counts the keys with imported material that has expired but whose erasure is held. */
  countHeldExpiries(now: Date): Promise<number> {
    return this.#withExpired(now, `NOT ${isNotHeld('material.valid_to')}`).getCount();
  }

  /**
   * Works on a key while holding its lock and those of all related keys.
   *
   * @returns undefined if the key no longer exists
   * @throws BoundRowError if a row that is read was modified in the database
   */
  async change<T>(arn: string, work: (key: KmsKey, own: OwnWork) => Promise<T>): Promise<T | undefined> {
    return this.changes.ownTransaction(async (manager, changed, note) => {
      const key = await lockKey(manager, arn);
      return key ? work(key, { manager, changed, note }) : undefined;
    });
  }

  /**
   * Deletes a key and its dependent rows, if its waiting period is over and its deletion isn't on hold. The deletion of
   * the last replica begins the waiting period of a primary key in the state PendingReplicaDeletion.
   *
   * @returns true if the key is deleted; false if its deletion was canceled or put on hold, or another node was faster
   * @throws BoundRowError if a row was modified in the database; the key is left as it is
   */
  async delete(arn: string, now: Date): Promise<boolean> {
    const isDeleted = await this.change(arn, async (key, { manager, changed, note }) => {
      if (!(await this.#dueDeletions(now, manager).andWhere({ arn }).getExists())) return false;
      const others = (await relatedTo(key, manager)).filter((related) => related.arn !== arn);
      const [primary] = others;
      if (isReplica(key) && primary && others.length === 1 && primary.pendingWindowDays !== null) {
        primary.deletionDate = deletionDateOf(now, primary.pendingWindowDays);
        await manager.save(primary);
        changed(primary.arn);
      }
      await removeKey(manager, key);
      if (key.origin === 'AWS_CLOUDHSM' && key.customKeyStoreId !== null)
        await noteRemoval(manager, { keyArn: arn, customKeyStoreId: key.customKeyStoreId, dueAt: now });
      changed(arn);
      if (primary) await updatePending({ manager, key: primary, changed }, now);
      note({ api: KMS, name: 'DeleteKey', keyArn: arn });
      return true;
    });
    return isDeleted === true;
  }

  #select(manager = this.database.manager): SelectQueryBuilder<KmsKey> {
    return manager.createQueryBuilder(KmsKey, 'key').select('key.arn');
  }

  #pastDeletionDate(now: Date, manager?: EntityManager): SelectQueryBuilder<KmsKey> {
    return this.#select(manager).where('key.deletionDate <= :now', { now });
  }

  #dueDeletions(now: Date, manager?: EntityManager): SelectQueryBuilder<KmsKey> {
    return this.#pastDeletionDate(now, manager).andWhere(isNotHeld('key.deletionDate'));
  }

  /** @param condition SQL about the material */
  #withExpired(now: Date, condition: string): SelectQueryBuilder<KmsKey> {
    return this.#select().where(
      `EXISTS (SELECT FROM kms_materials material
                WHERE material.key_arn = key.arn AND material.valid_to <= :now AND ${condition})`,
      { now },
    );
  }
}

/** Removes a locked key and its dependent rows. */
export async function removeKey(manager: EntityManager, key: KmsKey): Promise<void> {
  for (const entity of PARTS) await removeRows<BoundRow & { keyArn: string }>(manager, entity, { keyArn: key.arn });
  await manager.remove(key);
}

async function batchOf(due: SelectQueryBuilder<KmsKey>, after = ''): Promise<string[]> {
  const keys = await due.andWhere('key.arn > :after', { after }).orderBy('key.arn').limit(BATCH).getMany();
  return keys.map(({ arn }) => arn);
}
