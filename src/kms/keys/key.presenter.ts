import type { z } from 'zod';
import { epochSeconds } from '../../http/fields.js';
import type { NewKmsMaterial } from '../materials/kms-material.entity.js';
import type { KmsCustomKeyStore } from '../stores/kms-custom-key-store.entity.js';
import { arnInRegion } from './key-id.js';
import { ALGORITHM_MEMBERS, algorithmsOf, isSymmetric } from './key-specs.js';
import { currentOf, isPresent, stateOf } from './key-state.js';
import type { NewKmsKey } from './kms-key.entity.js';
import type { KeyMetadata, MultiRegionConfiguration } from './keys.schema.js';

/**
 * Converts a key for a response.
 *
 * @param related all keys of a multi-Region key; unused for a single-Region key
 */
export function presentKey(
  { key, materials, store }: { key: NewKmsKey; materials: readonly NewKmsMaterial[]; store?: KmsCustomKeyStore },
  related: readonly NewKmsKey[],
  now: Date,
): KeyMetadata {
  const state = stateOf(key, materials, now, store);
  const present = materials.filter((material) => isPresent(material, now));
  const hasSymmetricMaterial = isSymmetric(key) && state !== 'Creating' && key.customKeyStoreId === null;
  return {
    AWSAccountId: key.accountId,
    KeyId: key.keyId,
    Arn: key.arn,
    CreationDate: epochSeconds(key.createdAt),
    Enabled: state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: state,
    ...(key.deletionDate && { DeletionDate: epochSeconds(key.deletionDate) }),
    ...(state === 'PendingReplicaDeletion' && { PendingDeletionWindowInDays: key.pendingWindowDays ?? undefined }),
    Origin: key.origin,
    ...(key.customKeyStoreId !== null && { CustomKeyStoreId: key.customKeyStoreId }),
    ...(store?.clusterId && { CloudHsmClusterId: store.clusterId }),
    ...(key.xksKeyId !== null && { XksKeyConfiguration: { Id: key.xksKeyId } }),
    ...(key.origin === 'EXTERNAL' && expiryOf(present)),
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.spec,
    KeySpec: key.spec,
    [ALGORITHM_MEMBERS[key.usage]]: algorithmsOf(key),
    MultiRegion: key.primaryRegion !== null,
    ...(key.primaryRegion !== null && { MultiRegionConfiguration: multiRegionOf(key, key.primaryRegion, related) }),
    ...(hasSymmetricMaterial && { CurrentKeyMaterialId: currentOf(materials)?.materialId }),
  };
}

/** ExpirationModel and earliest expiry date of an imported key's materials. */
function expiryOf(present: readonly NewKmsMaterial[]): Pick<KeyMetadata, 'ExpirationModel' | 'ValidTo'> | undefined {
  if (present.length === 0) return undefined;
  const dates = present.flatMap(({ validTo }) => (validTo ? [epochSeconds(validTo)] : []));
  return dates.length > 0
    ? { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: Math.min(...dates) }
    : { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' };
}

function multiRegionOf(
  { arn, region }: NewKmsKey,
  primaryRegion: string,
  related: readonly NewKmsKey[],
): z.infer<typeof MultiRegionConfiguration> {
  const named = (regionOfKey: string) => ({ Arn: arnInRegion(regionOfKey, arn), Region: regionOfKey });
  return {
    MultiRegionKeyType: region === primaryRegion ? 'PRIMARY' : 'REPLICA',
    PrimaryKey: named(primaryRegion),
    ReplicaKeys: related.filter((key) => key.region !== primaryRegion).map((key) => named(key.region)),
  };
}
