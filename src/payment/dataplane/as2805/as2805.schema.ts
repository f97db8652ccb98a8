import { z } from 'zod';
import { sensitive, union } from '../../../http/fields.js';
import { demoAlias, KeyArn, KeyArnOrKeyAlias, KeyCheckValue } from '../../fields.js';
import { SYMMETRIC_KEY_ALGORITHMS } from '../../keys/key-attributes.js';

const As2805RandomKeyMaterial = sensitive(
  z
    .string()
    .min(16)
    .max(48)
    .regex(/^(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{32}|[0-9a-fA-F]{48})$/, 'must be 16, 32 or 48 hexadecimal digits'),
);

const KekValidationRequest = z
  .object({
    DeriveKeyAlgorithm: z.enum(SYMMETRIC_KEY_ALGORITHMS),
    RandomKeyMaxLength: z.enum(['BYTES_8', 'BYTES_16', 'BYTES_24']).optional(),
  })
  .meta({ id: 'KekValidationRequest' });
export type KekValidationRequest = z.infer<typeof KekValidationRequest>;

const KekValidationResponse = z
  .object({ RandomKeySend: As2805RandomKeyMaterial })
  .meta({ id: 'KekValidationResponse' });

export const GenerateAs2805KekValidationInput = z
  .object({
    KeyIdentifier: KeyArnOrKeyAlias,
    KekValidationType: union('As2805KekValidationType', { KekValidationRequest, KekValidationResponse }),
    RandomKeySendVariantMask: z.enum(['VARIANT_MASK_82C0', 'VARIANT_MASK_82']),
  })
  .meta({
    id: 'GenerateAs2805KekValidationInput',
    examples: [
      {
        KeyIdentifier: demoAlias('as2805'),
        KekValidationType: { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY' } },
        RandomKeySendVariantMask: 'VARIANT_MASK_82',
      },
    ],
  });
export type GenerateAs2805KekValidationInput = z.infer<typeof GenerateAs2805KekValidationInput>;

export const GenerateAs2805KekValidationOutput = z
  .object({
    KeyArn,
    KeyCheckValue,
    RandomKeySend: As2805RandomKeyMaterial,
    RandomKeyReceive: As2805RandomKeyMaterial,
  })
  .meta({ id: 'GenerateAs2805KekValidationOutput' });
export type GenerateAs2805KekValidationOutput = z.infer<typeof GenerateAs2805KekValidationOutput>;
