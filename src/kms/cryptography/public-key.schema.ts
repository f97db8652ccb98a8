import { z } from 'zod';
import {
  Blob,
  demoKmsAlias,
  EncapsulationAlgorithm,
  EncryptionAlgorithm,
  GrantTokens,
  KeyAgreementAlgorithm,
  KeyId,
  KeySpec,
  KeyUsage,
  SigningAlgorithm,
} from '../fields.js';
import { RepeatedKeySpec } from '../keys/keys.schema.js';

export const GetPublicKeyInput = z
  .object({ KeyId, GrantTokens: GrantTokens.optional() })
  .meta({ id: 'GetPublicKeyInput', examples: [{ KeyId: demoKmsAlias('sign') }] });
export type GetPublicKeyInput = z.infer<typeof GetPublicKeyInput>;
export const GetPublicKeyOutput = z
  .object({
    KeyId: KeyId.optional(),
    PublicKey: Blob.optional(),
    CustomerMasterKeySpec: RepeatedKeySpec.optional(),
    KeySpec: KeySpec.optional(),
    KeyUsage: KeyUsage.optional(),
    EncryptionAlgorithms: z.array(EncryptionAlgorithm).optional(),
    SigningAlgorithms: z.array(SigningAlgorithm).optional(),
    KeyAgreementAlgorithms: z.array(KeyAgreementAlgorithm).optional(),
    EncapsulationAlgorithms: z.array(EncapsulationAlgorithm).optional(),
  })
  .meta({ id: 'GetPublicKeyOutput' });
export type GetPublicKeyOutput = z.infer<typeof GetPublicKeyOutput>;
