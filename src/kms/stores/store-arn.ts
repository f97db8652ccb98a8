import { kmsArn } from '../keys/key-id.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';

const RESOURCE = 'custom-key-store/';

/** Names a custom key store for caches; AWS has no ARN for one. */
export function storeArn({ accountId, region, id }: Pick<KmsCustomKeyStore, 'accountId' | 'region' | 'id'>): string {
  return kmsArn({ accountId, region, resource: `${RESOURCE}${id}` });
}

export function isStoreArn(arn: string): boolean {
  return arn.includes(`:${RESOURCE}`);
}

/** Returns the id of the custom key store that an ARN names. */
export function storeIdOf(arn: string): string {
  return arn.slice(arn.indexOf(RESOURCE) + RESOURCE.length);
}
