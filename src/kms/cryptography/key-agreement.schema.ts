import { z } from 'zod';
import { sensitive } from '../../http/fields.js';
import {
  Blob,
  blob,
  demoKmsAlias,
  DryRun,
  GrantTokens,
  KeyAgreementAlgorithm,
  KeyId,
  Origin,
  Recipient,
} from '../fields.js';

export const DeriveSharedSecretInput = z
  .object({
    KeyId,
    KeyAgreementAlgorithm,
    PublicKey: blob(1, 8192),
    GrantTokens: GrantTokens.optional(),
    DryRun: DryRun.optional(),
    Recipient: Recipient.optional(),
  })
  .meta({
    id: 'DeriveSharedSecretInput',
    examples: [
      {
        KeyId: demoKmsAlias('agree'),
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey:
          'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVmwxRDsI1xgBzVQy0LKSdCb4ad1CcVFKUA436BEpiUMp/bh2l/j4ogPsy7xk4J4eo1ivnJecJuuYII/lxzVxag==',
      },
    ],
  });
export type DeriveSharedSecretInput = z.infer<typeof DeriveSharedSecretInput>;
export const DeriveSharedSecretOutput = z
  .object({
    KeyId: KeyId.optional(),
    SharedSecret: sensitive(Blob).optional(),
    CiphertextForRecipient: Blob.optional(),
    KeyAgreementAlgorithm: KeyAgreementAlgorithm.optional(),
    KeyOrigin: Origin.optional(),
  })
  .meta({ id: 'DeriveSharedSecretOutput' });
export type DeriveSharedSecretOutput = z.infer<typeof DeriveSharedSecretOutput>;
