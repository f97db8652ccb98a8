import { z } from 'zod';
import { map, MAX_MEMBERS } from '../../http/bounds.js';
import { Timestamp, wellFormed } from '../../http/fields.js';
import { demoGrantId, demoKmsKeyId, DryRun, GrantId, GrantTokens, KeyId, Limit, Marker } from '../fields.js';

/** A user that `keyblock demo` creates. */
const EXAMPLE_PRINCIPAL = 'arn:aws:iam::000000000000:user/line-3';

const GrantToken = z.string().min(1).max(8192);
const GrantName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[a-zA-Z0-9:/_-]+$/);
const PrincipalId = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[\w+=,.@:/-]+$/);
const ServicePrincipal = z
  .string()
  .min(1)
  .max(128)
  .regex(/^([A-Za-z0-9-]+)\.([A-Za-z0-9-]+)(\.[A-Za-z0-9-]+)+$/);

export const GrantOperation = z.enum([
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'Sign',
  'Verify',
  'GetPublicKey',
  'CreateGrant',
  'RetireGrant',
  'DescribeKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'VerifyMac',
  'DeriveSharedSecret',
  'Encapsulate',
  'Decapsulate',
]);
const GrantOperations = z.array(GrantOperation).max(MAX_MEMBERS);

/** KMS limits the number of pairs and the length of values, with its own messages. */
const text = wellFormed(z.string().max(8192));
const Context = map(text, text, MAX_MEMBERS);
const GrantConstraints = z
  .object({
    EncryptionContextSubset: Context.optional(),
    EncryptionContextEquals: Context.optional(),
    SourceArn: wellFormed(
      z
        .string()
        .min(20)
        .max(512)
        .regex(/^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$/),
    ).optional(),
  })
  .meta({ id: 'GrantConstraints' });

const GrantListEntry = z
  .object({
    KeyId: KeyId.optional(),
    GrantId: GrantId.optional(),
    Name: z.string().optional(),
    CreationDate: Timestamp.optional(),
    GranteePrincipal: PrincipalId.optional(),
    RetiringPrincipal: PrincipalId.optional(),
    IssuingAccount: PrincipalId.optional(),
    Operations: GrantOperations.optional(),
    Constraints: GrantConstraints.optional(),
    GranteeServicePrincipal: ServicePrincipal.optional(),
    RetiringServicePrincipal: ServicePrincipal.optional(),
  })
  .meta({ id: 'GrantListEntry' });
export type GrantListEntry = z.infer<typeof GrantListEntry>;

export const CreateGrantInput = z
  .object({
    KeyId,
    GranteePrincipal: PrincipalId.optional(),
    RetiringPrincipal: PrincipalId.optional(),
    Operations: GrantOperations,
    Constraints: GrantConstraints.optional(),
    GrantTokens: GrantTokens.optional(),
    Name: GrantName.optional(),
    DryRun: DryRun.optional(),
    GranteeServicePrincipal: ServicePrincipal.optional(),
    RetiringServicePrincipal: ServicePrincipal.optional(),
  })
  .meta({
    id: 'CreateGrantInput',
    examples: [
      {
        KeyId: demoKmsKeyId('grant'),
        GranteePrincipal: EXAMPLE_PRINCIPAL,
        Operations: ['Encrypt', 'Decrypt'],
        Name: 'line-3',
      },
    ],
  });
export type CreateGrantInput = z.infer<typeof CreateGrantInput>;
export const CreateGrantOutput = z
  .object({ GrantToken: GrantToken.optional(), GrantId: GrantId.optional() })
  .meta({ id: 'CreateGrantOutput' });
export type CreateGrantOutput = z.infer<typeof CreateGrantOutput>;

export const ListGrantsInput = z
  .object({
    Limit: Limit.optional(),
    Marker: Marker.optional(),
    KeyId,
    GrantId: GrantId.optional(),
    GranteePrincipal: PrincipalId.optional(),
    GranteeServicePrincipal: ServicePrincipal.optional(),
  })
  .meta({ id: 'ListGrantsInput', examples: [{ KeyId: demoKmsKeyId('grant') }] });
export type ListGrantsInput = z.infer<typeof ListGrantsInput>;

export const ListRetirableGrantsInput = z
  .object({
    Limit: Limit.optional(),
    Marker: Marker.optional(),
    RetiringPrincipal: PrincipalId.optional(),
    RetiringServicePrincipal: ServicePrincipal.optional(),
  })
  .meta({
    id: 'ListRetirableGrantsInput',
    examples: [{ RetiringPrincipal: EXAMPLE_PRINCIPAL }],
  });
export type ListRetirableGrantsInput = z.infer<typeof ListRetirableGrantsInput>;

/** Output of ListGrants and ListRetirableGrants. */
export const ListGrantsOutput = z
  .object({
    Grants: z.array(GrantListEntry).optional(),
    NextMarker: Marker.optional(),
    Truncated: z.boolean().optional(),
  })
  .meta({ id: 'ListGrantsOutput' });
export type ListGrantsOutput = z.infer<typeof ListGrantsOutput>;

export const RetireGrantInput = z
  .object({
    GrantToken: GrantToken.optional(),
    KeyId: KeyId.optional(),
    GrantId: GrantId.optional(),
    DryRun: DryRun.optional(),
  })
  .meta({ id: 'RetireGrantInput', examples: [{ KeyId: demoKmsKeyId('grant'), GrantId: demoGrantId('retire') }] });
export type RetireGrantInput = z.infer<typeof RetireGrantInput>;

export const RevokeGrantInput = z
  .object({ KeyId, GrantId, DryRun: DryRun.optional() })
  .meta({ id: 'RevokeGrantInput', examples: [{ KeyId: demoKmsKeyId('grant'), GrantId: demoGrantId('revoke') }] });
export type RevokeGrantInput = z.infer<typeof RevokeGrantInput>;
