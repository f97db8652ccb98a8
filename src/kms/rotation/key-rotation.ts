import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { KmsException } from '../exceptions.js';
import { newMaterial } from '../materials/new-material.js';
import { isReplica } from '../keys/key-kinds.js';
import { isPresent } from '../keys/key-state.js';
import { relatedTo } from '../keys/kms-key.repository.js';
import type { KmsKey } from '../keys/kms-key.entity.js';
import { KmsMaterial, type NewKmsMaterial } from '../materials/kms-material.entity.js';
import { generateAesKey } from '../materials/material.js';
import { nextRotation } from './rotation-schedule.js';

/** A key that is locked together with all related keys. */
export interface RotatedKey {
  manager: EntityManager;
  /** A single-Region key or a primary key. */
  key: KmsKey;
  changed: (arn: string) => void;
}

/** The old and the new material of a rotation. */
export interface Rotation {
  previous: string;
  current: string;
}

/**
 * Replaces the current material of symmetric encryption keys. Former materials are kept to decrypt their ciphertexts.
 */
@Injectable()
export class KeyRotation {
  constructor(private readonly provider: CryptoProvider) {}

  /** Rotates an enabled key if its automatic rotation is due by the database's clock, and sets the time of the next one. */
  async rotateIfDue({ manager, key, changed }: RotatedKey, now: Date): Promise<Rotation | undefined> {
    const { nextRotationAt, rotationPeriodDays } = key;
    if (!nextRotationAt || rotationPeriodDays === null || nextRotationAt > now || isReplica(key)) return undefined;
    const rotation = await this.rotate({ manager, key, changed }, 'AUTOMATIC', now);
    await setSchedule({ manager, key, changed }, nextRotation(now, rotationPeriodDays));
    return rotation;
  }

  /**
   * Rotates a key and all related keys: they get a new material, or the pending imported one.
   *
   * @throws KmsException KMSInvalidStateException if no imported material waits
   */
  async rotate(
    { manager, key, changed }: RotatedKey,
    rotationType: 'AUTOMATIC' | 'ON_DEMAND',
    now: Date,
  ): Promise<Rotation> {
    const { accountId, keyId } = key;
    const materials = await manager
      .createQueryBuilder(KmsMaterial, 'material')
      .addSelect('material.sealed')
      .where({ accountId, keyId })
      .getMany();
    const next = key.origin === 'EXTERNAL' ? waitingOf(key, materials, now) : this.#generate(key);
    const rotated = { state: 'CURRENT', rotatedAt: now, rotationType } as const;
    const former = materials.filter(({ state }) => state === 'CURRENT');
    await manager.save(former.map((material) => Object.assign(material, { state: 'NON_CURRENT' })));
    for (const { arn } of await relatedTo(key, manager)) {
      const imported = materials.find(({ keyArn, materialId }) => keyArn === arn && materialId === next.materialId);
      if (imported) await manager.save(Object.assign(imported, rotated));
      else await manager.insert(KmsMaterial, manager.create(KmsMaterial, { ...next, ...rotated, keyArn: arn }));
      changed(arn);
    }
    const previous = former.find(({ keyArn }) => keyArn === key.arn);
    return { previous: previous?.materialId ?? '', current: next.materialId };
  }

  #generate(key: KmsKey): NewKmsMaterial {
    const clear = generateAesKey();
    try {
      return newMaterial(this.provider, key, { clear, publicKey: null });
    } finally {
      clear.fill(0);
    }
  }
}

/** Copies the rotation setting of a key to the related keys. @param setting columns of the key */
export async function setSchedule(
  { manager, key, changed }: RotatedKey,
  setting: Pick<KmsKey, 'rotationPeriodDays' | 'nextRotationAt'>,
): Promise<void> {
  Object.assign(key, setting);
  const others = (await relatedTo(key, manager)).filter(({ arn }) => arn !== key.arn);
  await manager.save([key, ...others.map((other) => Object.assign(other, setting))]);
  for (const { arn } of [key, ...others]) changed(arn);
}

/**
 * Returns the imported material of a key that waits for a rotation, without its bytes, for a related key that has yet
 * to import it.
 *
 * @param materials with their sealed bytes
 * @throws KmsException KMSInvalidStateException
 */
export function waitingOf({ arn }: KmsKey, materials: readonly KmsMaterial[], now: Date): NewKmsMaterial {
  const waiting = materials.find(({ keyArn, state }) => keyArn === arn && state === 'PENDING_ROTATION');
  if (!waiting || !isPresent(waiting, now))
    throw new KmsException(
      'KMSInvalidStateException',
      `No available key material pending rotation for the key: ${arn}.`,
    );
  const { accountId, keyId, keyArn, materialId, state, rotatedAt, rotationType, description } = waiting;
  return {
    ...{ accountId, keyId, keyArn, materialId, state, rotatedAt, rotationType, description },
    ...{ isExpiring: null, validTo: null, sealed: null },
  };
}
