import { z } from 'zod';
import { demoKeyArn, KeyArn } from '../../fields.js';

const Policy = z
  .string()
  .min(1)
  .max(20480)
  .regex(/^[\t\n\r\x20-\xff]+$/, 'must be characters of ISO 8859-1')
  .meta({ description: 'Policy in the IAM policy language, as JSON.' });

const EXAMPLE_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::000000000000:user/line-3' },
      Action: 'payment-cryptography:VerifyMac',
      Resource: '*',
    },
  ],
});

export const PutResourcePolicyInput = z
  .object({ ResourceArn: KeyArn, Policy })
  .meta({ id: 'PutResourcePolicyInput', examples: [{ ResourceArn: demoKeyArn('policy'), Policy: EXAMPLE_POLICY }] });
export type PutResourcePolicyInput = z.infer<typeof PutResourcePolicyInput>;

const ofKey = (id: string, example: string) =>
  z.object({ ResourceArn: KeyArn }).meta({ id, examples: [{ ResourceArn: demoKeyArn(example) }] });

export const GetResourcePolicyInput = ofKey('GetResourcePolicyInput', 'policy');
export const DeleteResourcePolicyInput = ofKey('DeleteResourcePolicyInput', 'unshared');
/** Input of the operations that take only a key ARN. */
export type ResourceInput = z.infer<typeof GetResourcePolicyInput>;

export const ResourcePolicyOutput = z.object({ ResourceArn: KeyArn, Policy }).meta({ id: 'ResourcePolicyOutput' });
export type ResourcePolicyOutput = z.infer<typeof ResourcePolicyOutput>;
