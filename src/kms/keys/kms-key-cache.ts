import { FreshCache } from '../../changes/fresh-cache.js';
import { inSpan } from '../../tracing/tracing.js';
import type { KmsMaterial } from '../materials/kms-material.entity.js';
import type { KmsCustomKeyStore } from '../stores/kms-custom-key-store.entity.js';
import { isStoreArn } from '../stores/store-arn.js';
import type { KmsKey } from './kms-key.entity.js';
import type { KeyFacts } from '../authorization/authorize.js';

/** A key with its materials and the data that policies need. */
export interface KnownKey extends KeyFacts {
  readonly key: KmsKey;
  /** In the order in which they were added, with their sealed bytes. */
  readonly materials: readonly KmsMaterial[];
  /** The custom key store that holds the key, with its sealed bytes. */
  readonly store?: KmsCustomKeyStore;
}

/** KMS keys, by their ARN and by the ARNs of aliases that calls named them by. Every call gets the same frozen objects. */
export class KmsKeyCache extends FreshCache<KnownKey> {
  /**
   * Returns the key of a name, from memory without a promise, or from `load`.
   *
   * @param name       ARN of the key or of an alias
   * @param mayBeStale see FreshCache
   * @param load       returns null if there is no such key; that is not cached
   */
  get(name: string, mayBeStale: boolean, load: () => Promise<KnownKey | null>): KnownKey | Promise<KnownKey | null> {
    return this.find(name, mayBeStale, () => inSpan('key read', 'internal', {}, load));
  }

  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:kms:');
  }

  /** A change of a custom key store, which is rare, invalidates all its keys. */
  override forget(arn: string): void {
    if (isStoreArn(arn)) this.clear();
    else super.forget(arn);
  }

  /** A changed key is dropped under all its names. */
  protected sourceOf({ key }: KnownKey): string {
    return key.arn;
  }
}
