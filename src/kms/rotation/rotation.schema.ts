import { z } from 'zod';
import { Timestamp } from '../../http/fields.js';
import { demoKmsKeyId, KeyId, KeyMaterialId, Limit, Marker } from '../fields.js';

const EXAMPLES = [{ KeyId: demoKmsKeyId('rotate') }];
const RotationPeriodInDays = z.int().min(90).max(2560);

export const EnableKeyRotationInput = z
  .object({ KeyId, RotationPeriodInDays: RotationPeriodInDays.optional() })
  .meta({ id: 'EnableKeyRotationInput', examples: [{ ...EXAMPLES[0], RotationPeriodInDays: 180 }] });
export type EnableKeyRotationInput = z.infer<typeof EnableKeyRotationInput>;

export const DisableKeyRotationInput = z.object({ KeyId }).meta({ id: 'DisableKeyRotationInput', examples: EXAMPLES });
export type DisableKeyRotationInput = z.infer<typeof DisableKeyRotationInput>;

export const GetKeyRotationStatusInput = z
  .object({ KeyId })
  .meta({ id: 'GetKeyRotationStatusInput', examples: EXAMPLES });
export type GetKeyRotationStatusInput = z.infer<typeof GetKeyRotationStatusInput>;
export const GetKeyRotationStatusOutput = z
  .object({
    KeyRotationEnabled: z.boolean().optional(),
    KeyId: KeyId.optional(),
    RotationPeriodInDays: RotationPeriodInDays.optional(),
    NextRotationDate: Timestamp.optional(),
    OnDemandRotationStartDate: Timestamp.optional(),
  })
  .meta({ id: 'GetKeyRotationStatusOutput' });
export type GetKeyRotationStatusOutput = z.infer<typeof GetKeyRotationStatusOutput>;

export const RotateKeyOnDemandInput = z.object({ KeyId }).meta({ id: 'RotateKeyOnDemandInput', examples: EXAMPLES });
export type RotateKeyOnDemandInput = z.infer<typeof RotateKeyOnDemandInput>;
export const RotateKeyOnDemandOutput = z.object({ KeyId: KeyId.optional() }).meta({ id: 'RotateKeyOnDemandOutput' });
export type RotateKeyOnDemandOutput = z.infer<typeof RotateKeyOnDemandOutput>;

export const ListKeyRotationsInput = z
  .object({
    KeyId,
    IncludeKeyMaterial: z.enum(['ALL_KEY_MATERIAL', 'ROTATIONS_ONLY']).optional(),
    Limit: Limit.optional(),
    Marker: Marker.optional(),
  })
  .meta({ id: 'ListKeyRotationsInput', examples: [{ ...EXAMPLES[0], IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }] });
export type ListKeyRotationsInput = z.infer<typeof ListKeyRotationsInput>;

const RotationsListEntry = z
  .object({
    KeyId: KeyId.optional(),
    KeyMaterialId: KeyMaterialId.optional(),
    KeyMaterialDescription: z
      .string()
      .min(0)
      .max(256)
      .regex(/^[a-zA-Z0-9:/_\s.-]+$/)
      .optional(),
    ImportState: z.enum(['IMPORTED', 'PENDING_IMPORT']).optional(),
    KeyMaterialState: z
      .enum(['NON_CURRENT', 'CURRENT', 'PENDING_ROTATION', 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION'])
      .optional(),
    ExpirationModel: z.enum(['KEY_MATERIAL_EXPIRES', 'KEY_MATERIAL_DOES_NOT_EXPIRE']).optional(),
    ValidTo: Timestamp.optional(),
    RotationDate: Timestamp.optional(),
    RotationType: z.enum(['AUTOMATIC', 'ON_DEMAND']).optional(),
  })
  .meta({ id: 'RotationsListEntry' });
export type RotationsListEntry = z.infer<typeof RotationsListEntry>;
export const ListKeyRotationsOutput = z
  .object({
    Rotations: z.array(RotationsListEntry).optional(),
    NextMarker: Marker.optional(),
    Truncated: z.boolean().optional(),
  })
  .meta({ id: 'ListKeyRotationsOutput' });
export type ListKeyRotationsOutput = z.infer<typeof ListKeyRotationsOutput>;
