import { z } from 'zod';
import { NextToken, sensitive, Timestamp, wellFormed } from '../http/fields.js';

/** Checks only what the database needs. PrincipalRepository checks the rest, which is stated here for the documentation. */
const text = wellFormed(z.string());
const name = (most: number, description: string) =>
  text.meta({ description, minLength: 1, maxLength: most, pattern: '^[\\w+=,.@-]+$' });

const Kind = z.enum(['users', 'roles']).meta({ description: 'Users or roles.', example: 'users' });
const Name = name(64, 'Name of the user or the role.').meta({ example: 'line-3' });
const PolicyName = name(128, 'Name of the policy.').meta({ example: 'cvv' });
const AccessKeyId = text.meta({ description: 'AKIA… for a long-term access key, ASIA… for the one of a session.' });
const Arn = z.string().meta({ description: 'ARN of a user or a role.' });

const EXAMPLE_ARN = 'arn:aws:iam::000000000000:user/line-3';

/** Path parameters. */
export const PrincipalsPath = z.object({ kind: Kind });
export type PrincipalsPath = z.infer<typeof PrincipalsPath>;
export const PrincipalPath = z.object({ kind: Kind, name: Name });
export type PrincipalPath = z.infer<typeof PrincipalPath>;
export const PolicyPath = z.object({ kind: Kind, name: Name, policy: PolicyName });
export type PolicyPath = z.infer<typeof PolicyPath>;
export const AccessKeyPath = z.object({ kind: Kind, name: Name, id: AccessKeyId });
export type AccessKeyPath = z.infer<typeof AccessKeyPath>;

/** Query parameters arrive as text. */
export const ListPrincipalsQuery = z.object({
  MaxResults: z.coerce.number<string>().int().min(1).max(100).optional().meta({
    description: 'Largest number of items in the page; 50 by default.',
  }),
  NextToken: NextToken.optional().meta({ description: 'The token of the previous page.' }),
});
export type ListPrincipalsQuery = z.infer<typeof ListPrincipalsQuery>;

const AccessKey = z
  .object({
    AccessKeyId,
    Status: z.enum(['Active', 'Inactive']),
    CreateTimestamp: Timestamp,
    LastUsedTimestamp: Timestamp.optional().meta({
      description: 'Updated once a minute; absent before the first use.',
    }),
    ExpirationTimestamp: Timestamp.optional().meta({ description: 'Present for a session.' }),
    SessionName: z.string().optional(),
  })
  .meta({ id: 'AccessKey' });

const Principal = z
  .object({
    Arn,
    Name,
    UniqueId: z.string().meta({ description: 'AIDA… or AROA…, never reused.' }),
    CreateTimestamp: Timestamp,
    PolicyNames: z.array(PolicyName),
    AccessKeys: z.array(AccessKey),
  })
  .meta({ id: 'Principal' });
export type Principal = z.infer<typeof Principal>;

export const CreatePrincipalInput = z
  .object({ Name })
  .meta({ id: 'CreatePrincipalInput', examples: [{ Name: 'line-3' }] });
export type CreatePrincipalInput = z.infer<typeof CreatePrincipalInput>;

export const PrincipalOutput = z.object({ Principal }).meta({ id: 'PrincipalOutput' });
export type PrincipalOutput = z.infer<typeof PrincipalOutput>;

export const ListPrincipalsOutput = z
  .object({ Principals: z.array(Principal), NextToken: NextToken.optional() })
  .meta({ id: 'ListPrincipalsOutput' });
export type ListPrincipalsOutput = z.infer<typeof ListPrincipalsOutput>;

/** Only the outer shape: policies are validated in src/policy. */
export const PolicyDocument = z
  .object({ Version: z.unknown(), Id: z.unknown(), Statement: z.unknown() })
  .partial()
  .meta({
    id: 'PolicyDocument',
    description: 'A policy in the language of AWS IAM.',
    examples: [
      {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'payment-cryptography:GenerateCardValidationData',
            Resource: 'arn:aws:payment-cryptography:*:*:key/*',
            Condition: { StringEquals: { 'aws:ResourceTag/line': '3' } },
          },
        ],
      },
    ],
  });
export type PolicyDocument = z.infer<typeof PolicyDocument>;

export const PrincipalPolicyOutput = z
  .object({ Arn, PolicyName, PolicyDocument })
  .meta({ id: 'PrincipalPolicyOutput' });
export type PrincipalPolicyOutput = z.infer<typeof PrincipalPolicyOutput>;

export const UpdateAccessKeyInput = z
  .object({ Status: z.enum(['Active', 'Inactive']) })
  .meta({ id: 'UpdateAccessKeyInput', examples: [{ Status: 'Inactive' }] });
export type UpdateAccessKeyInput = z.infer<typeof UpdateAccessKeyInput>;

export const StartSessionInput = z
  .object({
    SessionName: z.string().default('session').meta({ description: 'Part of the ARN of a role’s session.' }),
    DurationSeconds: z.int().default(3600).meta({ minimum: 900, maximum: 43_200 }),
  })
  .meta({ id: 'StartSessionInput', examples: [{ SessionName: 'monday', DurationSeconds: 3600 }] });
export type StartSessionInput = z.infer<typeof StartSessionInput>;

export const NewAccessKeyOutput = z
  .object({
    AccessKeyId,
    SecretAccessKey: sensitive(z.string()).meta({ description: 'Returned only here.' }),
    SessionToken: sensitive(z.string()).optional(),
    ExpirationTimestamp: Timestamp.optional(),
  })
  .meta({ id: 'NewAccessKeyOutput' });
export type NewAccessKeyOutput = z.infer<typeof NewAccessKeyOutput>;

export const ExplainAccessInput = z
  .object({
    Principal: text.meta({ description: 'ARN of the root, a user, a role or the session of a role.' }),
    Action: z.string().meta({ description: 'E.g. GenerateMac or keyblock:PutPrincipalPolicy.' }),
    Resource: text.meta({ description: 'ARN, or * for an action without a resource.' }),
    Context: z.record(z.string(), z.array(z.string())).default({}).meta({
      description: 'Values of condition keys. They take precedence over tags, time and source of this call.',
    }),
  })
  .meta({
    id: 'ExplainAccessInput',
    examples: [
      { Principal: EXAMPLE_ARN, Action: 'CreateKey', Resource: '*', Context: { 'aws:SourceIp': ['10.1.2.3'] } },
    ],
  });
export type ExplainAccessInput = z.infer<typeof ExplainAccessInput>;

export const ExplainAccessOutput = z
  .object({
    Decision: z.enum(['allowed', 'denied']),
    Reason: z.string(),
    Statement: z
      .object({
        Policy: z.string().meta({ description: 'Name of the policy; for the policy of a key, the ARN of the key.' }),
        Number: z.int().meta({ description: 'From 1.' }),
        Sid: z.string().optional(),
      })
      .optional()
      .meta({ description: 'The deciding statement, if there is one.' }),
  })
  .meta({ id: 'ExplainAccessOutput' });
export type ExplainAccessOutput = z.infer<typeof ExplainAccessOutput>;
