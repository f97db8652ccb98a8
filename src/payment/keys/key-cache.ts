import { FreshCache } from '../../changes/fresh-cache.js';
import type { KeyAccess } from '../authorization/authorize.js';
import type { Key } from './key.entity.js';

/** A key with the data that policies need. */
export interface KnownKey {
  readonly key: Key;
  readonly access: KeyAccess;
}

/**
 * Keys, by their ARN and by the ARNs of aliases that calls named them by. Every call gets the same frozen `Key`: MaskedKeys and
 * ReplicationWork remember more of it under the object itself.
 */
export class KeyCache extends FreshCache<KnownKey> {
  /**
   * Returns the key of a name, from memory without a promise, or from `load`.
   *
   * @param name ARN of the key or of an alias
   * @param load returns null if there is no such key; that is not remembered
   */
  get(name: string, load: () => Promise<KnownKey | null>): KnownKey | Promise<KnownKey | null> {
    return this.known(name)?.value ?? this.read(name, load);
  }

  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:payment-cryptography:');
  }

  /** A changed key is forgotten under all its names, a changed alias under its own. */
  protected dependsOn(arn: string, name: string, { key }: KnownKey): boolean {
    return name === arn || key.arn === arn;
  }
}
