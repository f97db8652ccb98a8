import type { CryptoProvider } from '../../provider/crypto-provider.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import { KmsMaterial, type NewKmsMaterial } from './kms-material.entity.js';
import { type Material, materialIdOf } from './material.js';

/** Returns a material for a key, sealed. @param material its bytes stay the caller's to zeroize */
export function newMaterial(
  provider: CryptoProvider,
  { arn, accountId, keyId }: Pick<NewKmsKey, 'arn' | 'accountId' | 'keyId'>,
  material: Material,
): NewKmsMaterial {
  const identity = { accountId, keyId, materialId: materialIdOf({ accountId, keyId }, material) };
  return {
    ...identity,
    keyArn: arn,
    state: 'CURRENT',
    rotatedAt: null,
    rotationType: null,
    description: null,
    isExpiring: null,
    validTo: null,
    sealed: provider.seal(KmsMaterial, identity, material.clear),
  };
}
