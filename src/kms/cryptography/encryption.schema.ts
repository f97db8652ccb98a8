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
  Plaintext,
  Recipient,
} from '../fields.js';
import { sensitive } from '../../http/fields.js';

/** Ciphertext of `hello` under the demo key `rsa`: one of a symmetric key would be bound to the account. */
export const EXAMPLE_RSA_CIPHERTEXT =
  'df1PTPJLxYLwjPl18tHUqb889x5jGaCH5ZWRel/UfI51oscLWoPq314bab1DoWCP80k1IrX9q83tKxqF+sKrGW2BQSN21mHQjZEGh5JzH9oJj8wt' +
  'ZgNkfNjbT0mC2JXrkW3SUvpxUVpEwah2y3/Q+nYWZsU7RJ0z9Ff1KqpI28uErG5NC6D352fpc2Mu0xtg5ay3mWJ0CyIqKZ+ftAs1Tm3a8QGFIvap' +
  '5XpEV1FcZcgWsNuR1iOalZRbRGNW2ttCY9KZ2gUtPYgfgEOrJyxbOiBQ3qLa2xFio5YSN4edITqN9OWg6OF40/sX4S2qN8i6ot5aopMuBjMqv5PO' +
  'oFRDvg==';

export const EncryptInput = z
  .object({
    KeyId,
    Plaintext,
    EncryptionContext: EncryptionContext.optional(),
    GrantTokens: GrantTokens.optional(),
    EncryptionAlgorithm: EncryptionAlgorithm.optional(),
    DryRun: DryRun.optional(),
  })
  .meta({
    id: 'EncryptInput',
    examples: [{ KeyId: DEMO_KMS_ALIAS, Plaintext: 'aGVsbG8=', EncryptionContext: { table: 'orders' } }],
  });
export type EncryptInput = z.infer<typeof EncryptInput>;
export const EncryptOutput = z
  .object({
    CiphertextBlob: Blob.optional(),
    KeyId: KeyId.optional(),
    EncryptionAlgorithm: EncryptionAlgorithm.optional(),
  })
  .meta({ id: 'EncryptOutput' });
export type EncryptOutput = z.infer<typeof EncryptOutput>;

export const DecryptInput = z
  .object({
    CiphertextBlob: CiphertextBlob.optional(),
    EncryptionContext: EncryptionContext.optional(),
    GrantTokens: GrantTokens.optional(),
    KeyId: KeyId.optional(),
    EncryptionAlgorithm: EncryptionAlgorithm.optional(),
    Recipient: Recipient.optional(),
    DryRun: DryRun.optional(),
    DryRunModifiers: DryRunModifiers.optional(),
  })
  .meta({
    id: 'DecryptInput',
    examples: [
      { KeyId: demoKmsAlias('rsa'), CiphertextBlob: EXAMPLE_RSA_CIPHERTEXT, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
    ],
  });
export type DecryptInput = z.infer<typeof DecryptInput>;
export const DecryptOutput = z
  .object({
    KeyId: KeyId.optional(),
    Plaintext: sensitive(Blob).optional(),
    EncryptionAlgorithm: EncryptionAlgorithm.optional(),
    CiphertextForRecipient: Blob.optional(),
    KeyMaterialId: KeyMaterialId.optional(),
  })
  .meta({ id: 'DecryptOutput' });
export type DecryptOutput = z.infer<typeof DecryptOutput>;
