import { z } from 'zod';
import { sensitive } from '../../http/fields.js';
import {
  Blob,
  DEMO_KMS_ALIAS,
  DryRun,
  EncryptionContext,
  GrantTokens,
  KeyId,
  KeyMaterialId,
  Recipient,
} from '../fields.js';

const KeyPairSpec = z.enum([
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'SM2',
  'ECC_NIST_EDWARDS25519',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
]);

export const GenerateDataKeyPairWithoutPlaintextInput = z
  .object({
    EncryptionContext: EncryptionContext.optional(),
    KeyId,
    KeyPairSpec,
    GrantTokens: GrantTokens.optional(),
    DryRun: DryRun.optional(),
  })
  .meta({
    id: 'GenerateDataKeyPairWithoutPlaintextInput',
    examples: [{ KeyId: DEMO_KMS_ALIAS, KeyPairSpec: 'ECC_NIST_P256' }],
  });
export type GenerateDataKeyPairWithoutPlaintextInput = z.infer<typeof GenerateDataKeyPairWithoutPlaintextInput>;
export const GenerateDataKeyPairWithoutPlaintextOutput = z
  .object({
    PrivateKeyCiphertextBlob: Blob.optional(),
    PublicKey: Blob.optional(),
    KeyId: KeyId.optional(),
    KeyPairSpec: KeyPairSpec.optional(),
    KeyMaterialId: KeyMaterialId.optional(),
  })
  .meta({ id: 'GenerateDataKeyPairWithoutPlaintextOutput' });
export type GenerateDataKeyPairWithoutPlaintextOutput = z.infer<typeof GenerateDataKeyPairWithoutPlaintextOutput>;

export const GenerateDataKeyPairInput = GenerateDataKeyPairWithoutPlaintextInput.extend({
  Recipient: Recipient.optional(),
}).meta({
  id: 'GenerateDataKeyPairInput',
  examples: [{ KeyId: DEMO_KMS_ALIAS, KeyPairSpec: 'ECC_NIST_P256' }],
});
export type GenerateDataKeyPairInput = z.infer<typeof GenerateDataKeyPairInput>;
export const GenerateDataKeyPairOutput = GenerateDataKeyPairWithoutPlaintextOutput.extend({
  PrivateKeyPlaintext: sensitive(Blob).optional(),
  CiphertextForRecipient: Blob.optional(),
}).meta({ id: 'GenerateDataKeyPairOutput' });
export type GenerateDataKeyPairOutput = z.infer<typeof GenerateDataKeyPairOutput>;
