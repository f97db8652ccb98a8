import { z } from 'zod';
import { Timestamp } from '../../http/fields.js';
import {
  CustomerMasterKeySpec,
  CustomKeyStoreId,
  DEMO_KMS_ALIAS,
  DEMO_KMS_KEY_ID,
  demoKmsKeyId,
  Description,
  EncapsulationAlgorithm,
  EncryptionAlgorithm,
  GrantTokens,
  KeyAgreementAlgorithm,
  KeyId,
  KeyMaterialId,
  KeySpec,
  KeyState,
  KeyUsage,
  Limit,
  MacAlgorithm,
  Marker,
  Origin,
  PolicyText,
  SigningAlgorithm,
  Tags,
  TrackedOperation,
} from '../fields.js';

/** For operations that don’t accept an alias. */
const exampleOf = (name: string) => ({ KeyId: demoKmsKeyId(name) });

const MultiRegionKey = z.object({ Arn: z.string(), Region: z.string() }).meta({ id: 'MultiRegionKey' });
export const MultiRegionConfiguration = z
  .object({
    MultiRegionKeyType: z.enum(['PRIMARY', 'REPLICA']),
    PrimaryKey: MultiRegionKey,
    ReplicaKeys: z.array(MultiRegionKey),
  })
  .meta({ id: 'MultiRegionConfiguration' });

/** The deprecated enumeration lacks the newest specs, but KMS returns any KeySpec in it. */
export const RepeatedKeySpec = CustomerMasterKeySpec as unknown as typeof KeySpec;

export const KeyMetadata = z
  .object({
    AWSAccountId: z.string().optional(),
    KeyId,
    Arn: z.string().optional(),
    CreationDate: Timestamp.optional(),
    Enabled: z.boolean().optional(),
    Description: z.string().optional(),
    KeyUsage: KeyUsage.optional(),
    KeyState: KeyState.optional(),
    DeletionDate: Timestamp.optional(),
    ValidTo: Timestamp.optional(),
    Origin: Origin.optional(),
    CustomKeyStoreId: z.string().optional(),
    CloudHsmClusterId: z.string().optional(),
    ExpirationModel: z.enum(['KEY_MATERIAL_EXPIRES', 'KEY_MATERIAL_DOES_NOT_EXPIRE']).optional(),
    KeyManager: z.enum(['AWS', 'CUSTOMER']).optional(),
    CustomerMasterKeySpec: RepeatedKeySpec.optional(),
    KeySpec: KeySpec.optional(),
    EncryptionAlgorithms: z.array(EncryptionAlgorithm).optional(),
    SigningAlgorithms: z.array(SigningAlgorithm).optional(),
    KeyAgreementAlgorithms: z.array(KeyAgreementAlgorithm).optional(),
    MacAlgorithms: z.array(MacAlgorithm).optional(),
    EncapsulationAlgorithms: z.array(EncapsulationAlgorithm).optional(),
    MultiRegion: z.boolean().optional(),
    MultiRegionConfiguration: MultiRegionConfiguration.optional(),
    PendingDeletionWindowInDays: z.int().optional(),
    XksKeyConfiguration: z.object({ Id: z.string().optional() }).optional(),
    CurrentKeyMaterialId: KeyMaterialId.optional(),
  })
  .meta({ id: 'KeyMetadata' });
export type KeyMetadata = z.infer<typeof KeyMetadata>;

export const CreateKeyInput = z
  .object({
    Policy: PolicyText.optional(),
    Description: Description.optional(),
    KeyUsage: KeyUsage.optional(),
    CustomerMasterKeySpec: CustomerMasterKeySpec.optional(),
    KeySpec: KeySpec.optional(),
    Origin: Origin.optional(),
    CustomKeyStoreId: CustomKeyStoreId.optional(),
    BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
    Tags: Tags.optional(),
    MultiRegion: z.boolean().optional(),
    XksKeyId: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[a-zA-Z0-9-_.]+$/)
      .optional(),
  })
  .meta({ id: 'CreateKeyInput', examples: [{ Description: 'Encrypts the database of orders' }] });
export type CreateKeyInput = z.infer<typeof CreateKeyInput>;
export const CreateKeyOutput = z.object({ KeyMetadata: KeyMetadata.optional() }).meta({ id: 'CreateKeyOutput' });
export type CreateKeyOutput = z.infer<typeof CreateKeyOutput>;

export const DescribeKeyInput = z
  .object({ KeyId, GrantTokens: GrantTokens.optional() })
  .meta({ id: 'DescribeKeyInput', examples: [{ KeyId: DEMO_KMS_ALIAS }] });
export type DescribeKeyInput = z.infer<typeof DescribeKeyInput>;
export const DescribeKeyOutput = z.object({ KeyMetadata: KeyMetadata.optional() }).meta({ id: 'DescribeKeyOutput' });
export type DescribeKeyOutput = z.infer<typeof DescribeKeyOutput>;

export const ListKeysInput = z
  .object({ Limit: Limit.optional(), Marker: Marker.optional() })
  .meta({ id: 'ListKeysInput', examples: [{ Limit: 10 }] });
export type ListKeysInput = z.infer<typeof ListKeysInput>;
export const ListKeysOutput = z
  .object({
    Keys: z
      .array(z.object({ KeyId: KeyId.optional(), KeyArn: z.string().optional() }).meta({ id: 'KeyListEntry' }))
      .optional(),
    NextMarker: Marker.optional(),
    Truncated: z.boolean().optional(),
  })
  .meta({ id: 'ListKeysOutput' });
export type ListKeysOutput = z.infer<typeof ListKeysOutput>;

export const UpdateKeyDescriptionInput = z
  .object({ KeyId, Description })
  .meta({ id: 'UpdateKeyDescriptionInput', examples: [{ ...exampleOf('edit'), Description: 'Encrypts the orders' }] });
export type UpdateKeyDescriptionInput = z.infer<typeof UpdateKeyDescriptionInput>;

export const EnableKeyInput = z.object({ KeyId }).meta({ id: 'EnableKeyInput', examples: [exampleOf('off')] });
export type EnableKeyInput = z.infer<typeof EnableKeyInput>;

export const DisableKeyInput = z.object({ KeyId }).meta({ id: 'DisableKeyInput', examples: [exampleOf('on')] });
export type DisableKeyInput = z.infer<typeof DisableKeyInput>;

const PendingWindowInDays = z.int().min(1).max(365);
export const ScheduleKeyDeletionInput = z
  .object({ KeyId, PendingWindowInDays: PendingWindowInDays.optional() })
  .meta({ id: 'ScheduleKeyDeletionInput', examples: [{ ...exampleOf('delete'), PendingWindowInDays: 7 }] });
export type ScheduleKeyDeletionInput = z.infer<typeof ScheduleKeyDeletionInput>;
export const ScheduleKeyDeletionOutput = z
  .object({
    KeyId: KeyId.optional(),
    DeletionDate: Timestamp.optional(),
    KeyState: KeyState.optional(),
    PendingWindowInDays: PendingWindowInDays.optional(),
  })
  .meta({ id: 'ScheduleKeyDeletionOutput' });
export type ScheduleKeyDeletionOutput = z.infer<typeof ScheduleKeyDeletionOutput>;

export const CancelKeyDeletionInput = z
  .object({ KeyId })
  .meta({ id: 'CancelKeyDeletionInput', examples: [exampleOf('cancel')] });
export type CancelKeyDeletionInput = z.infer<typeof CancelKeyDeletionInput>;
export const CancelKeyDeletionOutput = z.object({ KeyId: KeyId.optional() }).meta({ id: 'CancelKeyDeletionOutput' });
export type CancelKeyDeletionOutput = z.infer<typeof CancelKeyDeletionOutput>;

export const GetKeyLastUsageInput = z
  .object({ KeyId })
  .meta({ id: 'GetKeyLastUsageInput', examples: [{ KeyId: DEMO_KMS_KEY_ID }] });
export type GetKeyLastUsageInput = z.infer<typeof GetKeyLastUsageInput>;
export const GetKeyLastUsageOutput = z
  .object({
    KeyId: KeyId.optional(),
    KeyLastUsage: z
      .object({
        Operation: TrackedOperation.optional(),
        Timestamp: Timestamp.optional(),
        CloudTrailEventId: z.string().optional(),
        KmsRequestId: z.string().optional(),
      })
      .meta({ id: 'KeyLastUsageData' })
      .optional(),
    TrackingStartDate: Timestamp.optional(),
    KeyCreationDate: Timestamp.optional(),
  })
  .meta({ id: 'GetKeyLastUsageOutput' });
export type GetKeyLastUsageOutput = z.infer<typeof GetKeyLastUsageOutput>;
