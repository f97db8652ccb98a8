import { FreshCache } from '../../changes/fresh-cache.js';
import { inSpan } from '../../tracing/tracing.js';
import type { KeyAccess } from '../authorization/authorize.js';
import type { Key } from './key.entity.js';

/** A key with the data that policies need. */
export interface KnownKey {
  readonly key: Key;
  readonly access: KeyAccess;
}

/**
 * Caches keys, by their own ARNs and by the ARNs of the aliases that calls have used. Every call gets the same frozen
 * `Key` object, because CryptoProvider and ReplicationWork use the object as the key of their own caches.
 */
export class KeyCache extends FreshCache<KnownKey> {
  /**
   * Returns the key with a name: from memory, without a promise, or otherwise from `load`.
   *
   * @param name       ARN of the key or of an alias
   * @param mayBeStale see FreshCache
   * @param load       returns null if there is no such key; null is not cached
   */
  get(name: string, mayBeStale: boolean, load: () => Promise<KnownKey | null>): KnownKey | Promise<KnownKey | null> {
    return this.find(name, mayBeStale, () => inSpan('key read', 'internal', {}, load));
  }

  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:payment-cryptography:');
  }

  /** Returns the key's ARN, so that a changed key is dropped under all its names. */
  protected sourceOf({ key }: KnownKey): string {
    return key.arn;
  }
}
