import type { EntityManager } from 'typeorm';
import { removeRows } from '../../provider/changed-rows.js';
import { isReplica } from '../keys/key-kinds.js';
import { isPresent } from '../keys/key-state.js';
import type { KmsKey } from '../keys/kms-key.entity.js';
import { relatedTo } from '../keys/kms-key.repository.js';
import { KmsMaterial, type MaterialState } from './kms-material.entity.js';

/** A key that is locked together with all related keys. */
export interface ChangedKey {
  manager: EntityManager;
  key: KmsKey;
  changed: (arn: string) => void;
}

const PENDING: readonly MaterialState[] = ['PENDING_ROTATION', 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION'];

/** True for an imported material that waits for a rotation. */
export function isPending({ state }: { state: MaterialState }): boolean {
  return PENDING.includes(state);
}

/**
 * Sets the state of a material that waits for a rotation: the primary key can't be rotated until all related keys have imported it.
 * Called when a related key imports it, is added or removed, or becomes the primary key.
 */
export async function updatePending({ manager, key, changed }: ChangedKey, now: Date): Promise<void> {
  const { accountId, keyId } = key;
  const materials = await manager
    .createQueryBuilder(KmsMaterial, 'material')
    .addSelect('material.sealed')
    .where({ accountId, keyId })
    .getMany();
  const waiting = materials.filter(isPending);
  if (waiting.length === 0) return;
  const related = await relatedTo(key, manager);
  const isEverywhere = related.every(({ arn }) =>
    waiting.some((material) => material.keyArn === arn && isPresent(material, now)),
  );
  for (const material of waiting) {
    const owner = related.find(({ arn }) => arn === material.keyArn);
    const isReady = isEverywhere || (owner !== undefined && isReplica(owner));
    const state = isReady ? 'PENDING_ROTATION' : 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION';
    if (state === material.state) continue;
    await manager.save(Object.assign(material, { state }));
    changed(material.keyArn);
  }
}

/**
 * Deletes the bytes of an imported material. Its metadata stays, so that only the same material can be imported again;
 * material that waits for a rotation is removed, from the replicas too.
 */
export async function eraseMaterial({ manager, key, changed }: ChangedKey, material: KmsMaterial): Promise<void> {
  if (isPending(material) && !isReplica(key)) {
    const { accountId, keyId, materialId } = material;
    await removeRows(manager, KmsMaterial, { accountId, keyId, materialId });
    for (const { arn } of await relatedTo(key, manager)) changed(arn);
    return;
  }
  if (material.sealed === null) return;
  await manager.save(Object.assign(material, { sealed: null, isExpiring: null, validTo: null }));
  changed(key.arn);
}
