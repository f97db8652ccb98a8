import { z } from 'zod';
import { DEMO_KMS_KEY_ID, demoKmsKeyId, KeyId, Limit, Marker, PolicyText } from '../fields.js';

const PolicyName = z.string().min(1).max(128).regex(/^\w+$/);

export const GetKeyPolicyInput = z
  .object({ KeyId, PolicyName: PolicyName.optional() })
  .meta({ id: 'GetKeyPolicyInput', examples: [{ KeyId: DEMO_KMS_KEY_ID }] });
export type GetKeyPolicyInput = z.infer<typeof GetKeyPolicyInput>;
export const GetKeyPolicyOutput = z
  .object({ Policy: PolicyText.optional(), PolicyName: PolicyName.optional() })
  .meta({ id: 'GetKeyPolicyOutput' });
export type GetKeyPolicyOutput = z.infer<typeof GetKeyPolicyOutput>;

export const PutKeyPolicyInput = z
  .object({
    KeyId,
    PolicyName: PolicyName.optional(),
    Policy: PolicyText,
    BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
  })
  .meta({
    id: 'PutKeyPolicyInput',
    examples: [
      {
        KeyId: demoKmsKeyId('edit'),
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'kms:*', Resource: '*' },
          ],
        }),
      },
    ],
  });
export type PutKeyPolicyInput = z.infer<typeof PutKeyPolicyInput>;

export const ListKeyPoliciesInput = z
  .object({ KeyId, Limit: Limit.optional(), Marker: Marker.optional() })
  .meta({ id: 'ListKeyPoliciesInput', examples: [{ KeyId: DEMO_KMS_KEY_ID }] });
export type ListKeyPoliciesInput = z.infer<typeof ListKeyPoliciesInput>;
export const ListKeyPoliciesOutput = z
  .object({
    PolicyNames: z.array(PolicyName).optional(),
    NextMarker: Marker.optional(),
    Truncated: z.boolean().optional(),
  })
  .meta({ id: 'ListKeyPoliciesOutput' });
export type ListKeyPoliciesOutput = z.infer<typeof ListKeyPoliciesOutput>;
