import { z } from 'zod';
import { sensitive } from '../../http/fields.js';
import {
  Blob,
  CustomKeyStoreId,
  DEMO_KMS_ALIAS,
  DryRun,
  EncryptionContext,
  GrantTokens,
  KeyId,
  KeyMaterialId,
  Recipient,
} from '../fields.js';

const DataKeyRequest = {
  KeyId,
  EncryptionContext: EncryptionContext.optional(),
  KeySpec: z.enum(['AES_256', 'AES_128']).optional(),
  NumberOfBytes: z.int().min(1).max(1024).optional(),
  GrantTokens: GrantTokens.optional(),
  DryRun: DryRun.optional(),
};
const EXAMPLES = [{ KeyId: DEMO_KMS_ALIAS, KeySpec: 'AES_256', EncryptionContext: { table: 'orders' } }];

export const GenerateDataKeyInput = z
  .object({ ...DataKeyRequest, Recipient: Recipient.optional() })
  .meta({ id: 'GenerateDataKeyInput', examples: EXAMPLES });
export type GenerateDataKeyInput = z.infer<typeof GenerateDataKeyInput>;
export const GenerateDataKeyOutput = z
  .object({
    CiphertextBlob: Blob.optional(),
    Plaintext: sensitive(Blob).optional(),
    KeyId: KeyId.optional(),
    CiphertextForRecipient: Blob.optional(),
    KeyMaterialId: KeyMaterialId.optional(),
  })
  .meta({ id: 'GenerateDataKeyOutput' });
export type GenerateDataKeyOutput = z.infer<typeof GenerateDataKeyOutput>;

export const GenerateDataKeyWithoutPlaintextInput = z
  .object(DataKeyRequest)
  .meta({ id: 'GenerateDataKeyWithoutPlaintextInput', examples: EXAMPLES });
export type GenerateDataKeyWithoutPlaintextInput = z.infer<typeof GenerateDataKeyWithoutPlaintextInput>;
export const GenerateDataKeyWithoutPlaintextOutput = z
  .object({
    CiphertextBlob: Blob.optional(),
    KeyId: KeyId.optional(),
    KeyMaterialId: KeyMaterialId.optional(),
  })
  .meta({ id: 'GenerateDataKeyWithoutPlaintextOutput' });
export type GenerateDataKeyWithoutPlaintextOutput = z.infer<typeof GenerateDataKeyWithoutPlaintextOutput>;

export const GenerateRandomInput = z
  .object({
    NumberOfBytes: z.int().min(1).max(1024).optional(),
    CustomKeyStoreId: CustomKeyStoreId.optional(),
    Recipient: Recipient.optional(),
  })
  .meta({ id: 'GenerateRandomInput', examples: [{ NumberOfBytes: 32 }] });
export type GenerateRandomInput = z.infer<typeof GenerateRandomInput>;
export const GenerateRandomOutput = z
  .object({ Plaintext: sensitive(Blob).optional(), CiphertextForRecipient: Blob.optional() })
  .meta({ id: 'GenerateRandomOutput' });
export type GenerateRandomOutput = z.infer<typeof GenerateRandomOutput>;
