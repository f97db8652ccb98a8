import { z } from 'zod';
import { MAX_CHARACTERS, MAX_MEMBERS } from '../../http/bounds.js';
import { KeyMetadata } from '../../kms/keys/keys.schema.js';
import { envelope, Filter, Paging } from '../lists.js';
import { Resource } from '../resources.js';
import { Grantees } from './grantees.js';

const text = z.string().max(MAX_CHARACTERS);

const TagOfKms = z.object({ TagKey: z.string(), TagValue: z.string() });

/** A KMS key with CCKM's member names. Members that the caller may not read are absent. */
export const AwsParam = z
  .object({
    ...KeyMetadata.pick({
      AWSAccountId: true,
      Arn: true,
      CustomerMasterKeySpec: true,
      Description: true,
      Enabled: true,
      EncryptionAlgorithms: true,
      SigningAlgorithms: true,
    }).shape,
    MacAlgorithmSpec: z.array(z.string()).optional(),
    KeyAgreementAlgorithms: z.array(z.string()).optional(),
    EncapsulationAlgorithms: z.array(z.string()).optional(),
    KeyID: z.string(),
    KeyManager: z.string().optional(),
    KeyState: z.string().optional(),
    KeyUsage: z.string().optional(),
    Origin: z.string().optional(),
    CreationDate: z.string().optional(),
    Policy: z.unknown().optional(),
    Alias: z.array(z.string()).optional(),
    Tags: z.array(TagOfKms).optional(),
    KeyRotationEnabled: z.boolean().optional(),
    RotationPeriodInDays: z.int().optional(),
    NextRotationDate: z.string().optional(),
    DeletionDate: z.string().optional(),
    ExpirationModel: z.string().optional(),
    ValidTo: z.string().optional(),
    MultiRegion: z.boolean().optional(),
    MultiRegionConfiguration: KeyMetadata.shape.MultiRegionConfiguration,
    CurrentKeyMaterialId: z.string().optional(),
    CustomKeyStoreId: z.string().optional(),
    XksKeyConfiguration: KeyMetadata.shape.XksKeyConfiguration,
    ReplicaPolicy: z.string().optional().meta({ description: 'Only in the response to a replication.' }),
    ReplicaTags: z.array(TagOfKms).optional().meta({ description: 'Only in the response to a replication.' }),
  })
  .meta({ id: 'AwsParam' });
export type AwsParam = z.infer<typeof AwsParam>;

export const Key = Resource.extend({
  id: z.string().meta({ description: 'CCKM’s id, which differs from that of the KMS key.' }),
  kms_id: z.string(),
  kms: z.string(),
  synced_at: z.string().meta({ description: 'Time when the record was last created, refreshed or synchronized.' }),
  rotation_status: z.string(),
  cloud_name: z.string(),
  key_type: z.enum(['symmetric', 'asymmetric']),
  basic_view_enabled: z.boolean(),
  region: z.string(),
  gone: z.boolean().meta({ description: 'True if KMS no longer has the key.' }),
  key_material_origin: z.string(),
  deletion_date: z.string().optional(),
  rotated_at: z.string().optional(),
  rotated_from: z.string().optional(),
  rotated_to: z.string().optional(),
  custom_key_store_id: z.string().optional().meta({ description: 'CCKM’s id of the custom key store of the key.' }),
  linked_state: z.boolean().optional().meta({ description: 'True for a key in a custom key store.' }),
  ...Grantees.shape,
  aws_param: AwsParam,
}).meta({ id: 'AwsKey' });
export type Key = z.infer<typeof Key>;
export const Keys = envelope('AwsKeys', Key);

export const ListKeysQuery = Paging.extend({
  id: Filter,
  keyid: Filter,
  arn: Filter,
  alias: Filter,
  kms: Filter,
  kms_id: Filter,
  region: Filter,
  cloud_name: Filter,
  origin: Filter,
  keystate: Filter,
  keyusage: Filter,
  keymanager: Filter,
  CustomerMasterKeySpec: Filter,
  enabled: Filter,
  gone: Filter,
  multi_region: Filter,
  multi_region_key_type: Filter,
  blocked: Filter,
  rotation_job_enabled: Filter,
  key_material_origin: Filter,
  key_source: Filter,
  job_config_id: Filter,
  cckm_policy_template_id: Filter,
  custom_key_store_id: Filter,
  custom_key_store_name: Filter,
  tags: Filter,
});
export type ListKeysQuery = z.infer<typeof ListKeysQuery>;

/** KMS validates the policy, as JSON. */
const Policy = z.unknown().optional();

/** One of three ways to specify a key policy. */
export const PolicyChoice = Grantees.extend({
  policytemplate: text
    .optional()
    .meta({ description: 'Id of a policy template. The caller needs `cckm:GetTemplate`.' }),
});
export type PolicyChoice = z.infer<typeof PolicyChoice>;

const KmsTags = z
  .array(z.object({ TagKey: text, TagValue: text }))
  .max(MAX_MEMBERS)
  .optional();
const KeyParam = z.object({
  Alias: text.optional(),
  Description: z.string().max(8192).optional(),
  Policy,
  Tags: KmsTags,
  BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
});

export const CreateKeyInput = PolicyChoice.extend({
  kms: text.meta({ description: 'Id or name of a KMS container.' }),
  region: text,
  aws_param: KeyParam.extend({
    CustomerMasterKeySpec: text.optional(),
    KeyUsage: text.optional(),
    Origin: text.optional(),
    MultiRegion: z.boolean().optional(),
  }),
}).meta({
  id: 'CreateAwsKeyInput',
  examples: [{ kms: 'kms', region: 'us-east-1', aws_param: { Alias: 'orders', Description: 'Encrypts the orders' } }],
});
export type CreateKeyInput = z.infer<typeof CreateKeyInput>;

export const ReplicateKeyInput = PolicyChoice.extend({
  replica_region: text,
  aws_param: KeyParam.optional(),
  tags: z
    .array(z.object({ tag_key: text, tag_value: text }))
    .max(MAX_MEMBERS)
    .optional(),
}).meta({ id: 'ReplicateAwsKeyInput', examples: [{ replica_region: 'eu-west-1' }] });
export type ReplicateKeyInput = z.infer<typeof ReplicateKeyInput>;

export const ScheduleDeletionInput = z
  .object({ days: z.int().min(7).max(30).optional() })
  .meta({ id: 'ScheduleDeletionInput', examples: [{ days: 7 }], description: '7 days by default.' });
export type ScheduleDeletionInput = z.infer<typeof ScheduleDeletionInput>;

export const EnableAutoRotationInput = z
  .object({
    rotation_period_in_days: z
      .int()
      .min(0)
      .max(2560)
      .optional()
      .meta({ description: '90 to 2560; 365 by default, and for 0.' }),
  })
  .meta({ id: 'EnableAutoRotationInput', examples: [{ rotation_period_in_days: 180 }] });
export type EnableAutoRotationInput = z.infer<typeof EnableAutoRotationInput>;

export const RotateKeyInput = z
  .object({
    description: z.string().max(8192).optional(),
    source_key_tier: text.optional(),
    source_key_id: text.optional(),
    retain_alias: z.boolean().optional().meta({ description: 'Gives the old key its aliases with the time appended.' }),
    disable_encrypt: z
      .boolean()
      .optional()
      .meta({ description: 'Denies encryption with the old key in its key policy.' }),
    disable_encrypt_on_all_accounts: z.boolean().optional(),
  })
  .meta({ id: 'RotateAwsKeyInput', examples: [{ description: 'since December' }] });
export type RotateKeyInput = z.infer<typeof RotateKeyInput>;

export const RotateMaterialInput = z
  .object({ source_key_identifier: text.optional(), source_key_tier: text.optional() })
  .meta({ id: 'RotateMaterialInput', examples: [{}] });
export type RotateMaterialInput = z.infer<typeof RotateMaterialInput>;

export const DeleteMaterialInput = z.object({ key_material_id: text.optional() }).meta({ id: 'DeleteMaterialInput' });
export type DeleteMaterialInput = z.infer<typeof DeleteMaterialInput>;

export const UpdatePolicyInput = PolicyChoice.extend({
  policy: Policy,
  Policy,
  bypass_policy_lockout_safety_check: z.boolean().optional(),
}).meta({ id: 'UpdatePolicyInput', examples: [{ key_admins: ['line-3'] }] });
export type UpdatePolicyInput = z.infer<typeof UpdatePolicyInput>;

export const UpdateDescriptionInput = z
  .object({ description: z.string().max(8192) })
  .meta({ id: 'UpdateDescriptionInput', examples: [{ description: 'Encrypts the orders' }] });
export type UpdateDescriptionInput = z.infer<typeof UpdateDescriptionInput>;

export const AddTagsInput = z
  .object({ tags: z.array(z.object({ tag_key: text, tag_value: text })).max(MAX_MEMBERS) })
  .meta({ id: 'AddTagsInput', examples: [{ tags: [{ tag_key: 'team', tag_value: 'orders' }] }] });
export type AddTagsInput = z.infer<typeof AddTagsInput>;

export const RemoveTagsInput = z
  .object({ tags: z.array(text).max(MAX_MEMBERS) })
  .meta({ id: 'RemoveTagsInput', examples: [{ tags: ['team'] }] });
export type RemoveTagsInput = z.infer<typeof RemoveTagsInput>;

/** One client sends the alias in the member `tags`. */
export const AliasInput = z
  .object({ alias: text.optional(), tags: text.optional() })
  .meta({ id: 'AliasInput', examples: [{ alias: 'orders' }] });
export type AliasInput = z.infer<typeof AliasInput>;

export const VerifyAliasInput = z
  .object({ alias: text, region: text, kms: text })
  .meta({ id: 'VerifyAliasInput', examples: [{ alias: 'orders', region: 'us-east-1', kms: 'kms' }] });
export type VerifyAliasInput = z.infer<typeof VerifyAliasInput>;
export const VerifyAliasOutput = z
  .object({ alias: z.string(), available: z.boolean() })
  .meta({ id: 'VerifyAliasOutput' });
export type VerifyAliasOutput = z.infer<typeof VerifyAliasOutput>;

export const UpdatePrimaryRegionInput = z
  .object({ PrimaryRegion: text })
  .meta({ id: 'UpdateAwsPrimaryRegionInput', examples: [{ PrimaryRegion: 'eu-west-1' }] });
export type UpdatePrimaryRegionInput = z.infer<typeof UpdatePrimaryRegionInput>;

export const PublicKeyOutput = z
  .object({ public_key: z.string().meta({ description: 'SubjectPublicKeyInfo in PEM.' }) })
  .meta({ id: 'PublicKeyOutput' });
export type PublicKeyOutput = z.infer<typeof PublicKeyOutput>;

export const Rotation = Resource.extend({
  kms_id: z.string(),
  key_source: z.string(),
  key_source_container_id: z.string(),
  source_key_identifier: z.string(),
  source_key_name: z.string(),
  key_material_origin: z.string(),
  aws_param: z.object({
    KeyId: z.string(),
    KeyMaterialId: z.string(),
    KeyMaterialState: z.string().optional(),
    KeyMaterialDescription: z.string().optional(),
    ImportState: z.string().optional(),
    ExpirationModel: z.string().optional(),
    ValidTo: z.string().optional(),
    RotationDate: z.string().optional(),
    RotationType: z.string().optional(),
  }),
}).meta({ id: 'Rotation' });
export type Rotation = z.infer<typeof Rotation>;
export const Rotations = envelope('Rotations', Rotation);
export const ListRotationsQuery = Paging.extend({
  key_source: Filter,
  key_material_origin: Filter,
  ImportState: Filter,
  KeyMaterialState: Filter,
  RotationType: Filter,
  KeyMaterialId: Filter,
});
export type ListRotationsQuery = z.infer<typeof ListRotationsQuery>;
