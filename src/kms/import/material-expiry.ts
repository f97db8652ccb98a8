import { ValidationException } from '../../errors/exceptions.js';
import type { KmsMaterial } from '../materials/kms-material.entity.js';
import type { ImportKeyMaterialInput } from './import.schema.js';

const MAX_MS = 365 * 86_400_000;

/** Checks the expiry of imported material. @throws ValidationException */
export function expiryOf(
  { ExpirationModel = 'KEY_MATERIAL_EXPIRES', ValidTo }: Pick<ImportKeyMaterialInput, 'ExpirationModel' | 'ValidTo'>,
  now: Date,
): Pick<KmsMaterial, 'isExpiring' | 'validTo'> {
  if (ExpirationModel === 'KEY_MATERIAL_DOES_NOT_EXPIRE') {
    if (ValidTo !== undefined)
      throw new ValidationException(
        'A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE',
      );
    return { isExpiring: false, validTo: null };
  }
  if (ValidTo === undefined)
    throw new ValidationException('A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES');
  const ms = Math.round(ValidTo * 1000);
  if (ms <= now.getTime()) throw new ValidationException('ValidTo must be in the future');
  if (ms > now.getTime() + MAX_MS) throw new ValidationException('ValidTo must be at most 365 days in the future');
  return { isExpiring: true, validTo: new Date(ms) };
}
