import { KmsException } from '../exceptions.js';
import { currentOf } from '../keys/key-state.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import type { KmsMaterial } from '../materials/kms-material.entity.js';

/** Returns the current material, which encrypts and signs. Every usable key has one. */
export function currentMaterial({ key, materials }: KnownKey): KmsMaterial {
  const material = currentOf(materials);
  if (!material) throw new KmsException('KMSInternalException', `${key.arn} has no key material.`);
  return material;
}
