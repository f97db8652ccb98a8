import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { KmsException } from '../exceptions.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import { type KeyParts, KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { NewKmsMaterial } from '../materials/kms-material.entity.js';
import {
  CustomKeyStoreRepository,
  invalidStoreState,
  lockStore,
  storeNotFound,
} from './custom-key-store.repository.js';
import { Clusters } from './clusters.js';
import { requireUnusedXksKey } from './external-store.js';
import { KeyStores } from './key-stores.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { TokenKeyRemovals } from './token-key-removals.js';

/** Creates KMS keys in custom key stores. */
@Injectable()
export class StoreKeys {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly stores: CustomKeyStoreRepository,
    private readonly clusters: Clusters,
    private readonly keyStores: KeyStores,
    private readonly removals: TokenKeyRemovals,
  ) {}

  /**
   * Returns the custom key store for a new key.
   *
   * @throws ValidationException if its type doesn't match the key's origin
   * @throws KmsException CustomKeyStoreNotFoundException, CustomKeyStoreInvalidStateException
   */
  async storeOf(call: Call, { customKeyStoreId, origin }: NewKmsKey): Promise<KmsCustomKeyStore> {
    const store = await this.stores.getWithSecret(call, customKeyStoreId ?? '');
    if (store.type !== (origin === 'AWS_CLOUDHSM' ? 'AWS_CLOUDHSM' : 'EXTERNAL_KEY_STORE'))
      throw new ValidationException(`Origin ${origin} is not for a custom key store of type ${store.type}.`);
    if (store.connectionState !== 'CONNECTED') throw invalidStoreState(store, 'CONNECTED');
    if (store.type === 'AWS_CLOUDHSM') this.clusters.usable(store.clusterId);
    return store;
  }

  /**
   * Creates the key in its store, and stores the KMS key. If the process ends in between, the key on a token is
   * destroyed later: it is recorded before it is generated.
   *
   * @returns the materials that this service keeps
   */
  async add(
    call: Call,
    store: KmsCustomKeyStore,
    { key, tags }: Omit<KeyParts, 'materials'>,
  ): Promise<NewKmsMaterial[]> {
    const isOnToken = store.type === 'AWS_CLOUDHSM';
    if (isOnToken) await this.removals.noteCreation(key.arn, store.id, call.origin.time);
    const materials = await this.keyStores.of(key).prepare(call, store, key);
    await this.keys.add(call, { key, materials, tags }, async (manager) => {
      const locked = await lockStore(manager, store.id);
      if (!locked) throw storeNotFound(store.id);
      if (locked.connectionState !== 'CONNECTED') throw invalidStoreState(locked, 'CONNECTED');
      // Two calls may have called the proxy at the same time.
      await requireUnusedXksKey(manager, key);
      if (isOnToken && !(await this.removals.keep(manager, key.arn)))
        throw new KmsException('KMSInternalException', 'The key could not be created in time. Try again.');
    });
    return materials;
  }
}
