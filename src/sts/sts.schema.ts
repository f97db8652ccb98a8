import { z } from 'zod';

const RoleArn = z
  .string()
  .min(20)
  .max(2048)
  .regex(/^arn:aws:iam::\d{12}:role\/.+$/, 'must be the ARN of a role')
  .meta({ examples: ['arn:aws:iam::000000000000:role/line'] });

export const AssumeRoleInput = z
  .strictObject(
    {
      RoleArn,
      RoleSessionName: z
        .string()
        .min(2)
        .max(64)
        .regex(/^[\w+=,.@-]*$/, 'must have letters, digits and any of _+=,.@-'),
      DurationSeconds: z.coerce.number<string>().int().min(900).max(43_200).optional(),
      ExternalId: z
        .string()
        .min(2)
        .max(1224)
        .regex(/^[\w+=,.@:/-]*$/, 'must have letters, digits and any of _+=,.@:/-')
        .optional(),
    },
    // Ignoring a session policy would give the session more permissions than intended.
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? 'must have no fields other than RoleArn, RoleSessionName, DurationSeconds and ExternalId: session policies, session tags, MFA and source identities are not supported'
          : undefined,
    },
  )
  .meta({ id: 'AssumeRoleInput' });
export type AssumeRoleInput = z.infer<typeof AssumeRoleInput>;

export const AssumeRoleOutput = z
  .object({
    Credentials: z.object({
      AccessKeyId: z.string(),
      SecretAccessKey: z.string(),
      SessionToken: z.string(),
      /** ISO 8601. */
      Expiration: z.string(),
    }),
    AssumedRoleUser: z.object({ AssumedRoleId: z.string(), Arn: z.string() }),
  })
  .meta({ id: 'AssumeRoleOutput' });
export type AssumeRoleOutput = z.infer<typeof AssumeRoleOutput>;

export const GetCallerIdentityInput = z.object({}).meta({ id: 'GetCallerIdentityInput' });

export const GetCallerIdentityOutput = z
  .object({ UserId: z.string(), Account: z.string(), Arn: z.string() })
  .meta({ id: 'GetCallerIdentityOutput' });
export type GetCallerIdentityOutput = z.infer<typeof GetCallerIdentityOutput>;
