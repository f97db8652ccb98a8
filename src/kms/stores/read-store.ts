import type { EntityManager } from 'typeorm';
import { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';

/** Reads a custom key store with its sealed value; null if there is none. */
export function findStore(manager: EntityManager, id: string): Promise<KmsCustomKeyStore | null> {
  return manager.createQueryBuilder(KmsCustomKeyStore, 'store').addSelect('store.sealed').where({ id }).getOne();
}
