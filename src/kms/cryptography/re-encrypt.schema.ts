import { z } from 'zod';
import {
  Blob,
  CiphertextBlob,
  DEMO_KMS_ALIAS,
  demoKmsAlias,
  DryRun,
  DryRunModifiers,
  EncryptionAlgorithm,
  EncryptionContext,
  GrantTokens,
  KeyId,
  KeyMaterialId,
} from '../fields.js';
import { EXAMPLE_RSA_CIPHERTEXT } from './encryption.schema.js';

export const ReEncryptInput = z
  .object({
    CiphertextBlob: CiphertextBlob.optional(),
    SourceEncryptionContext: EncryptionContext.optional(),
    SourceKeyId: KeyId.optional(),
    DestinationKeyId: KeyId,
    DestinationEncryptionContext: EncryptionContext.optional(),
    SourceEncryptionAlgorithm: EncryptionAlgorithm.optional(),
    DestinationEncryptionAlgorithm: EncryptionAlgorithm.optional(),
    GrantTokens: GrantTokens.optional(),
    DryRun: DryRun.optional(),
    DryRunModifiers: DryRunModifiers.optional(),
  })
  .meta({
    id: 'ReEncryptInput',
    examples: [
      {
        CiphertextBlob: EXAMPLE_RSA_CIPHERTEXT,
        SourceKeyId: demoKmsAlias('rsa'),
        SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
        DestinationKeyId: DEMO_KMS_ALIAS,
        DestinationEncryptionContext: { table: 'orders' },
      },
    ],
  });
export type ReEncryptInput = z.infer<typeof ReEncryptInput>;
export const ReEncryptOutput = z
  .object({
    CiphertextBlob: Blob.optional(),
    SourceKeyId: KeyId.optional(),
    KeyId: KeyId.optional(),
    SourceEncryptionAlgorithm: EncryptionAlgorithm.optional(),
    DestinationEncryptionAlgorithm: EncryptionAlgorithm.optional(),
    SourceKeyMaterialId: KeyMaterialId.optional(),
    DestinationKeyMaterialId: KeyMaterialId.optional(),
  })
  .meta({ id: 'ReEncryptOutput' });
export type ReEncryptOutput = z.infer<typeof ReEncryptOutput>;
