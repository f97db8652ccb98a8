import { z } from 'zod';
import { Timestamp } from '../../http/fields.js';
import { blob, Blob, demoKmsKeyId, KeyId, KeyMaterialId } from '../fields.js';

export const WrappingAlgorithm = z.enum([
  'RSAES_PKCS1_V1_5',
  'RSAES_OAEP_SHA_1',
  'RSAES_OAEP_SHA_256',
  'RSA_AES_KEY_WRAP_SHA_1',
  'RSA_AES_KEY_WRAP_SHA_256',
  'SM2PKE',
]);
export const WrappingKeySpec = z.enum(['RSA_2048', 'RSA_3072', 'RSA_4096', 'SM2']);

export const GetParametersForImportInput = z.object({ KeyId, WrappingAlgorithm, WrappingKeySpec }).meta({
  id: 'GetParametersForImportInput',
  examples: [{ KeyId: demoKmsKeyId('import'), WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }],
});
export type GetParametersForImportInput = z.infer<typeof GetParametersForImportInput>;
export const GetParametersForImportOutput = z
  .object({
    KeyId: KeyId.optional(),
    ImportToken: Blob.optional(),
    PublicKey: Blob.optional(),
    ParametersValidTo: Timestamp.optional(),
  })
  .meta({ id: 'GetParametersForImportOutput' });
export type GetParametersForImportOutput = z.infer<typeof GetParametersForImportOutput>;

export const ImportKeyMaterialInput = z
  .object({
    KeyId,
    ImportToken: blob(1, 6144),
    EncryptedKeyMaterial: blob(1, 6144),
    ValidTo: Timestamp.optional(),
    ExpirationModel: z.enum(['KEY_MATERIAL_EXPIRES', 'KEY_MATERIAL_DOES_NOT_EXPIRE']).optional(),
    ImportType: z.enum(['NEW_KEY_MATERIAL', 'EXISTING_KEY_MATERIAL']).optional(),
    KeyMaterialDescription: z
      .string()
      .min(0)
      .max(256)
      .regex(/^[a-zA-Z0-9:/_\s.-]+$/)
      .optional(),
    KeyMaterialId: KeyMaterialId.optional(),
  })
  .meta({
    id: 'ImportKeyMaterialInput',
    // GetParametersForImport returns another token and wrapping key each time, so no example can contain them.
    examples: [
      {
        KeyId: demoKmsKeyId('import'),
        ImportToken: 'dG9rZW4=',
        EncryptedKeyMaterial: 'bWF0ZXJpYWw=',
        ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      },
    ],
  });
export type ImportKeyMaterialInput = z.infer<typeof ImportKeyMaterialInput>;
export const ImportKeyMaterialOutput = z
  .object({ KeyId: KeyId.optional(), KeyMaterialId: KeyMaterialId.optional() })
  .meta({ id: 'ImportKeyMaterialOutput' });
export type ImportKeyMaterialOutput = z.infer<typeof ImportKeyMaterialOutput>;

export const DeleteImportedKeyMaterialInput = z
  .object({ KeyId, KeyMaterialId: KeyMaterialId.optional() })
  .meta({ id: 'DeleteImportedKeyMaterialInput', examples: [{ KeyId: demoKmsKeyId('erase') }] });
export type DeleteImportedKeyMaterialInput = z.infer<typeof DeleteImportedKeyMaterialInput>;
export const DeleteImportedKeyMaterialOutput = z
  .object({ KeyId: KeyId.optional(), KeyMaterialId: KeyMaterialId.optional() })
  .meta({ id: 'DeleteImportedKeyMaterialOutput' });
export type DeleteImportedKeyMaterialOutput = z.infer<typeof DeleteImportedKeyMaterialOutput>;
