import { Injectable } from '@nestjs/common';
import { type Call, isDataCall } from '../call.js';
import { FreshCache } from '../changes/fresh-cache.js';
import { inTime } from '../changes/in-time.js';
import { stateOf, worksIn } from '../kms/keys/key-state.js';
import { KmsKeyRepository } from '../kms/keys/kms-key.repository.js';
import type { KnownKey } from '../kms/keys/kms-key-cache.js';
import { whenReady } from '../when-ready.js';
import { XksException } from './exceptions.js';
import { isPrefixArn, prefixArn } from './prefix-principal.js';
import { usagesOf, type XksKey, type XksUsage } from './xks-key.entity.js';
import type { XksKeyPath } from './xks-proxy.schema.js';
import { XksProxyRepository } from './xks-proxy.repository.js';

/** Released keys, by `<ARN of the prefix>/keys/<XksKeyId>`. */
export class XksKeyCache extends FreshCache<XksKey> {
  owns(arn: string): boolean {
    return isPrefixArn(arn);
  }

  protected sourceOf({ accountId, prefix }: XksKey): string {
    return prefixArn(accountId, prefix);
  }
}

/** A released key with the KMS key behind it. */
export interface FoundKey {
  readonly released: XksKey;
  readonly known: KnownKey;
}

/** The keys that calls may use: those that an operator has released to the prefix of the call. */
@Injectable()
export class XksKeys {
  constructor(
    private readonly repository: XksProxyRepository,
    private readonly cache: XksKeyCache,
    private readonly kmsKeys: KmsKeyRepository,
  ) {}

  /**
   * Finds a key in any state.
   *
   * @param materialId beginning of the id of a material that the call needs
   * @returns a promise only if something isn't cached
   * @throws XksException KeyNotFoundException
   */
  find(call: Call, { prefix, xksKeyId }: XksKeyPath, materialId?: string): FoundKey | Promise<FoundKey> {
    const suffices = ({ materials }: KnownKey) =>
      materialId === undefined || materials.some((each) => each.materialId.startsWith(materialId));
    return whenReady(this.#released(call, prefix, xksKeyId), (released) => {
      if (!released) throw notFound();
      return whenReady(this.kmsKeys.released(call, released.keyArn, suffices), (known) => {
        if (!known) throw notFound();
        call.record.uses(known.key.arn);
        return { released, known };
      });
    });
  }

  /**
   * Finds a key that is released for all of these usages and in a state in which it works.
   *
   * @throws XksException KeyNotFoundException, InvalidKeyUsageException, InvalidStateException
   */
  usable(call: Call, path: XksKeyPath, usages: readonly XksUsage[], materialId?: string): KnownKey | Promise<KnownKey> {
    return whenReady(this.find(call, path, materialId), (found) => {
      const missing = usages.find((usage) => !usagesOf(found.released).includes(usage));
      if (missing)
        throw new XksException('InvalidKeyUsageException', `The key is not released for the usage ${missing}.`);
      if (!isEnabled(call, found)) throw new XksException('InvalidStateException', 'The key is not enabled.');
      return found.known;
    });
  }

  #released(call: Call, prefix: string, xksKeyId: string): XksKey | null | Promise<XksKey | null> {
    const name = `${prefixArn(call.principal.accountId, prefix)}/keys/${xksKeyId}`;
    return this.cache.find(name, isDataCall(call), () => inTime(this.repository.key(prefix, xksKeyId)));
  }
}

/** True for a KMS key that encrypts and decrypts at present. */
export function isEnabled(call: Call, { known: { key, materials } }: FoundKey): boolean {
  return worksIn(stateOf(key, materials, call.origin.time), 'Decrypt');
}

function notFound(): XksException {
  return new XksException('KeyNotFoundException', 'No key of this XksKeyId is released to this path.');
}
