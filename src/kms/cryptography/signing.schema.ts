import { z } from 'zod';
import { Blob, blob, demoKmsAlias, DryRun, GrantTokens, KeyId, Plaintext, SigningAlgorithm } from '../fields.js';

const MessageType = z.enum(['RAW', 'DIGEST', 'EXTERNAL_MU']);

export const SignInput = z
  .object({
    KeyId,
    Message: Plaintext,
    MessageType: MessageType.optional(),
    GrantTokens: GrantTokens.optional(),
    SigningAlgorithm,
    DryRun: DryRun.optional(),
  })
  .meta({
    id: 'SignInput',
    examples: [{ KeyId: demoKmsAlias('sign'), Message: 'aGVsbG8=', SigningAlgorithm: 'ECDSA_SHA_256' }],
  });
export type SignInput = z.infer<typeof SignInput>;
export const SignOutput = z
  .object({
    KeyId: KeyId.optional(),
    Signature: Blob.optional(),
    SigningAlgorithm: SigningAlgorithm.optional(),
  })
  .meta({ id: 'SignOutput' });
export type SignOutput = z.infer<typeof SignOutput>;

export const VerifyInput = z
  .object({
    KeyId,
    Message: Plaintext,
    MessageType: MessageType.optional(),
    Signature: blob(1, 6144),
    SigningAlgorithm,
    GrantTokens: GrantTokens.optional(),
    DryRun: DryRun.optional(),
  })
  .meta({
    id: 'VerifyInput',
    examples: [
      {
        KeyId: demoKmsAlias('sign'),
        Message: 'aGVsbG8=',
        SigningAlgorithm: 'ECDSA_SHA_256',
        Signature: 'MEUCIQDwW4wxoqzfUNA/wsuZ6t3TkdOW8RDu6E3L5IO6pHGyvwIgKqkuXBnyPhLQRAz5M3JPcpyVVsfDcwJLX/d8w8Oa0uo=',
      },
    ],
  });
export type VerifyInput = z.infer<typeof VerifyInput>;
export const VerifyOutput = z
  .object({
    KeyId: KeyId.optional(),
    SignatureValid: z.boolean().optional(),
    SigningAlgorithm: SigningAlgorithm.optional(),
  })
  .meta({ id: 'VerifyOutput' });
export type VerifyOutput = z.infer<typeof VerifyOutput>;
