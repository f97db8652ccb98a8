import { z } from 'zod';
import { Blob, blob, demoKmsAlias, DryRun, GrantTokens, KeyId, MacAlgorithm, Plaintext } from '../fields.js';

export const GenerateMacInput = z
  .object({
    Message: Plaintext,
    KeyId,
    MacAlgorithm,
    GrantTokens: GrantTokens.optional(),
    DryRun: DryRun.optional(),
  })
  .meta({
    id: 'GenerateMacInput',
    examples: [{ KeyId: demoKmsAlias('mac'), Message: 'aGVsbG8=', MacAlgorithm: 'HMAC_SHA_256' }],
  });
export type GenerateMacInput = z.infer<typeof GenerateMacInput>;
export const GenerateMacOutput = z
  .object({ Mac: Blob.optional(), MacAlgorithm: MacAlgorithm.optional(), KeyId: KeyId.optional() })
  .meta({ id: 'GenerateMacOutput' });
export type GenerateMacOutput = z.infer<typeof GenerateMacOutput>;

export const VerifyMacInput = z
  .object({
    Message: Plaintext,
    KeyId,
    MacAlgorithm,
    Mac: blob(1, 6144),
    GrantTokens: GrantTokens.optional(),
    DryRun: DryRun.optional(),
  })
  .meta({
    id: 'VerifyMacInput',
    examples: [
      {
        KeyId: demoKmsAlias('mac'),
        Message: 'aGVsbG8=',
        MacAlgorithm: 'HMAC_SHA_256',
        Mac: 'VMkjlVBpZ+sbLlfPYVxbR88pgPmz+BNCK8l5ERzMFZc=',
      },
    ],
  });
export type VerifyMacInput = z.infer<typeof VerifyMacInput>;
export const VerifyMacOutput = z
  .object({ KeyId: KeyId.optional(), MacValid: z.boolean().optional(), MacAlgorithm: MacAlgorithm.optional() })
  .meta({ id: 'VerifyMacOutput' });
export type VerifyMacOutput = z.infer<typeof VerifyMacOutput>;
