import { KmsException } from '../exceptions.js';
import { currentOf } from '../keys/key-state.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import type { KmsMaterial } from '../materials/kms-material.entity.js';

/** Returns the material that encrypts, signs and so on. A key in a state in which it may be used has one. */
export function currentMaterial({ key, materials }: KnownKey): KmsMaterial {
  const material = currentOf(materials);
  if (!material) throw new KmsException('KMSInternalException', `${key.arn} has no key material.`);
  return material;
}
