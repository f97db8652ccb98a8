import { z } from 'zod';
import { map, MAX_CHARACTERS } from '../http/bounds.js';
import { NextToken, sensitive, Timestamp, wellFormed } from '../http/fields.js';
import { demoKeyArn } from '../payment/fields.js';

/**
 * Text that the database can store. PrincipalRepository validates all other limits; the schemas state them only as
 * documentation.
 */
const anyText = z.string().max(MAX_CHARACTERS);
const text = wellFormed(anyText);
const name = (maxLength: number, description: string) =>
  text.meta({ description, minLength: 1, maxLength, pattern: '^[\\w+=,.@-]+$' });

const Kind = z.enum(['users', 'roles']).meta({ description: 'Users or roles.', example: 'users' });
const Name = name(64, 'Name of the user or the role.').meta({ example: 'line-3' });
const PolicyName = name(128, 'Name of the policy.').meta({ example: 'cvv' });
const AccessKeyId = text.meta({ description: 'Begins with AKIA, or with ASIA if it belongs to a session.' });
const Arn = z.string().meta({ description: 'ARN of a user or a role.' });

/** Maximum number of condition keys in a hypothetical request, and of values for each of them. */
const MAX_CONTEXT = 50;

const EXAMPLE_ARN = 'arn:aws:iam::000000000000:user/line-3';

/**
 * Returns the id of an access key that `keyblock demo` creates for the examples.
 * @param name up to 12 capital letters
 */
export const demoAccessKeyId = (name: string): string => `AKIADEMO${name.padStart(12, '0')}`;

/**
 * Path parameters. Operations that delete, rotate or deactivate something have examples of their own, so that the
 * examples can be run in any order.
 */
export const PrincipalsPath = z.object({ kind: Kind });
export type PrincipalsPath = z.infer<typeof PrincipalsPath>;
export const PrincipalPath = z.object({ kind: Kind, name: Name });
export type PrincipalPath = z.infer<typeof PrincipalPath>;
export const FormerPrincipalPath = PrincipalPath.extend({ name: Name.meta({ example: 'line-2' }) });
export const PolicyPath = z.object({ kind: Kind, name: Name, policy: PolicyName });
export type PolicyPath = z.infer<typeof PolicyPath>;
export const FormerPolicyPath = PolicyPath.extend({ policy: PolicyName.meta({ example: 'former' }) });
const accessKeyPath = (example: string) =>
  z.object({ kind: Kind, name: Name, id: AccessKeyId.meta({ example: demoAccessKeyId(example) }) });
export const UpdatedAccessKeyPath = accessKeyPath('UPDATE');
export const RotatedAccessKeyPath = accessKeyPath('ROTATE');
export const DeletedAccessKeyPath = accessKeyPath('DELETE');
export type AccessKeyPath = z.infer<typeof UpdatedAccessKeyPath>;

/** Query parameters, which arrive as text. */
export const ListPrincipalsQuery = z.object({
  MaxResults: z.coerce.number<string>().int().min(1).max(100).optional().meta({
    description: 'Maximum number of results per page; 50 by default.',
  }),
  NextToken: NextToken.optional().meta({ description: 'NextToken from the previous page.' }),
});
export type ListPrincipalsQuery = z.infer<typeof ListPrincipalsQuery>;

const AccessKey = z
  .object({
    AccessKeyId,
    Status: z.enum(['Active', 'Inactive']),
    CreateTimestamp: Timestamp,
    LastUsedTimestamp: Timestamp.optional().meta({
      description: 'Updated at most once a minute; absent before the first use.',
    }),
    ExpirationTimestamp: Timestamp.optional().meta({ description: 'Present only for the access key of a session.' }),
    SessionName: z.string().optional(),
  })
  .meta({ id: 'AccessKey' });

const Principal = z
  .object({
    Arn,
    Name,
    UniqueId: z.string().meta({ description: 'Begins with AIDA (user) or AROA (role) and is never reused.' }),
    CreateTimestamp: Timestamp,
    PolicyNames: z.array(PolicyName),
    AccessKeys: z.array(AccessKey),
    PasswordTimestamp: Timestamp.optional().meta({
      description: 'When the password was last set; absent for a user without one.',
    }),
  })
  .meta({ id: 'Principal' });
export type Principal = z.infer<typeof Principal>;

export const CreatePrincipalInput = z
  .object({ Name })
  .meta({ id: 'CreatePrincipalInput', examples: [{ Name: 'line-4' }] });
export type CreatePrincipalInput = z.infer<typeof CreatePrincipalInput>;

export const PrincipalOutput = z.object({ Principal }).meta({ id: 'PrincipalOutput' });
export type PrincipalOutput = z.infer<typeof PrincipalOutput>;

export const ListPrincipalsOutput = z
  .object({ Principals: z.array(Principal), NextToken: NextToken.optional() })
  .meta({ id: 'ListPrincipalsOutput' });
export type ListPrincipalsOutput = z.infer<typeof ListPrincipalsOutput>;

/** Policies are validated elsewhere, with an error message that describes the fault. */
export const PolicyDocument = z
  .object({ Version: z.unknown(), Id: z.unknown(), Statement: z.unknown() })
  .partial()
  .meta({
    id: 'PolicyDocument',
    description: 'Policy in the IAM policy language.',
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
    SessionName: anyText.default('session').meta({ description: 'Part of the ARN of a role session.' }),
    DurationSeconds: z.int().default(3600).meta({ minimum: 900, maximum: 43_200 }),
  })
  .meta({ id: 'StartSessionInput', examples: [{ SessionName: 'monday', DurationSeconds: 3600 }] });
export type StartSessionInput = z.infer<typeof StartSessionInput>;

export const PutPasswordInput = z
  .object({
    Password: sensitive(text).meta({ description: 'At least 12 characters.', minLength: 12, maxLength: 256 }),
  })
  .meta({ id: 'PutPasswordInput', examples: [{ Password: 'correct horse battery staple' }] });
export type PutPasswordInput = z.infer<typeof PutPasswordInput>;

export const NewAccessKeyOutput = z
  .object({
    AccessKeyId,
    SecretAccessKey: sensitive(z.string()).meta({ description: 'Returned only in this response.' }),
    SessionToken: sensitive(z.string()).optional(),
    ExpirationTimestamp: Timestamp.optional(),
  })
  .meta({ id: 'NewAccessKeyOutput' });
export type NewAccessKeyOutput = z.infer<typeof NewAccessKeyOutput>;

export const ExplainAccessInput = z
  .object({
    Principal: text.meta({ description: 'ARN of the root, a user, a role or a role session.' }),
    Action: anyText.meta({
      description:
        'For example kms:Encrypt. The service prefix can be left out if no other service has such an action.',
    }),
    Resource: text.meta({ description: 'ARN, or * for an operation without a resource.' }),
    Context: map(anyText, z.array(anyText).max(MAX_CONTEXT), MAX_CONTEXT).default({}).meta({
      description:
        'Values of condition keys. They override those that the service knows: tags, the time, the source of this call.',
    }),
  })
  .meta({
    id: 'ExplainAccessInput',
    examples: [
      {
        Principal: EXAMPLE_ARN,
        Action: 'payment-cryptography:CreateKey',
        Resource: '*',
        Context: { 'aws:SourceIp': ['10.1.2.3'] },
      },
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
        Number: z.int().meta({ description: 'Position in the policy, counted from 1.' }),
        Sid: z.string().optional(),
      })
      .optional()
      .meta({ description: 'Statement that decides; absent if there is none.' }),
    Considered: z
      .array(
        z.object({
          Policy: z.string(),
          Number: z.int(),
          Sid: z.string().optional(),
          Effect: z.enum(['Allow', 'Deny']),
          FailedOn: z
            .string()
            .optional()
            .meta({
              description:
                'First element that doesn’t match: Action, Resource, Principal, or the condition key of the first condition that isn’t ' +
                'met; absent if the statement matches.',
            }),
        }),
      )
      .meta({ description: 'Statements of the policies of the principal and of the key: the first 500.' }),
    GrantId: z
      .string()
      .optional()
      .meta({ description: 'Grant of a KMS key that allows the request, if no policy does.' }),
  })
  .meta({ id: 'ExplainAccessOutput' });
export type ExplainAccessOutput = z.infer<typeof ExplainAccessOutput>;

export const ExplainKeyAccessInput = z
  .object({ Resource: text.meta({ description: 'ARN of a key of Payment Cryptography or KMS.' }) })
  .meta({ id: 'ExplainKeyAccessInput', examples: [{ Resource: demoKeyArn('mac') }] });
export type ExplainKeyAccessInput = z.infer<typeof ExplainKeyAccessInput>;

export const ExplainKeyAccessOutput = z
  .object({
    Principals: z
      .array(
        z.object({
          Arn,
          Actions: z.array(z.string()),
          By: z
            .object({ Policy: z.string(), Number: z.int(), Sid: z.string().optional() })
            .optional()
            .meta({ description: 'Statement that allows the actions; absent for the root and for a grant.' }),
          GrantId: z.string().optional(),
        }),
      )
      .meta({ description: 'One entry for each principal and statement, or grant, that allows it something.' }),
    Truncated: z.boolean().meta({
      description: 'true if the account has more than 500 users and roles, or the call ended after two seconds.',
    }),
  })
  .meta({ id: 'ExplainKeyAccessOutput' });
export type ExplainKeyAccessOutput = z.infer<typeof ExplainKeyAccessOutput>;
