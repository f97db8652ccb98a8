import { z } from 'zod';
import { MaxResults, NextToken, Timestamp } from '../../../http/fields.js';
import {
  demoAlias,
  DeriveKeyUsage,
  KeyArn,
  KeyArnOrKeyAlias,
  KeyAttributes,
  KeyCheckValue,
  KeyCheckValueAlgorithm,
  KeyOrigin,
  KeyState,
  MpaStatus,
  Region,
  Regions,
  Tags,
} from '../../fields.js';
import { MULTI_REGION_KEY_TYPES } from '../../keys/multi-region.js';
import { REPLICATION_STATES } from '../../keys/replication.entity.js';

const MultiRegionKeyType = z.enum(MULTI_REGION_KEY_TYPES);

const ReplicationStatus = z.record(
  Region,
  z
    .object({
      Status: z.enum(REPLICATION_STATES),
      StatusMessage: z.string().optional(),
    })
    .meta({ id: 'ReplicationStatusType' }),
);

export const Key = z
  .object({
    KeyArn,
    KeyAttributes,
    KeyCheckValue,
    KeyCheckValueAlgorithm,
    Enabled: z.boolean(),
    Exportable: z.boolean(),
    KeyState,
    KeyOrigin,
    CreateTimestamp: Timestamp,
    UsageStartTimestamp: Timestamp.optional(),
    UsageStopTimestamp: Timestamp.optional(),
    DeletePendingTimestamp: Timestamp.optional(),
    DeleteTimestamp: Timestamp.optional(),
    DeriveKeyUsage: DeriveKeyUsage.optional(),
    MultiRegionKeyType: MultiRegionKeyType.optional(),
    PrimaryRegion: Region.optional(),
    ReplicationStatus: ReplicationStatus.optional(),
    UsingDefaultReplicationRegions: z.boolean().optional(),
    MpaStatus: MpaStatus.optional(),
  })
  .meta({ id: 'Key' });
export type Key = z.infer<typeof Key>;

const KeySummary = Key.pick({
  KeyArn: true,
  KeyState: true,
  KeyAttributes: true,
  KeyCheckValue: true,
  Exportable: true,
  Enabled: true,
  MultiRegionKeyType: true,
  PrimaryRegion: true,
}).meta({ id: 'KeySummary' });
export type KeySummary = z.infer<typeof KeySummary>;

export const CreateKeyInput = z
  .object({
    KeyAttributes,
    KeyCheckValueAlgorithm: KeyCheckValueAlgorithm.optional(),
    Exportable: z.boolean(),
    Enabled: z.boolean().optional(),
    Tags: Tags.optional(),
    DeriveKeyUsage: DeriveKeyUsage.optional(),
    ReplicationRegions: Regions.optional(),
  })
  .meta({
    id: 'CreateKeyInput',
    examples: [
      {
        KeyAttributes: {
          KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
          KeyClass: 'SYMMETRIC_KEY',
          KeyAlgorithm: 'AES_256',
          KeyModesOfUse: { Generate: true, Verify: true },
        },
        Exportable: true,
        Tags: [{ Key: 'purpose', Value: 'tour' }],
      },
    ],
  });
export type CreateKeyInput = z.infer<typeof CreateKeyInput>;

const named = (id: string, example: string) =>
  z.object({ KeyIdentifier: KeyArnOrKeyAlias }).meta({ id, examples: [{ KeyIdentifier: demoAlias(example) }] });

export const GetKeyInput = named('GetKeyInput', 'mac');
export const RestoreKeyInput = named('RestoreKeyInput', 'restore');
export const StartKeyUsageInput = named('StartKeyUsageInput', 'start');
export const StopKeyUsageInput = named('StopKeyUsageInput', 'stop');
/** Input of the operations that take only a key identifier. */
export type NamedKeyInput = z.infer<typeof GetKeyInput>;

export const DeleteKeyInput = z
  .object({ KeyIdentifier: KeyArnOrKeyAlias, DeleteKeyInDays: z.int().min(3).max(180).optional() })
  .meta({ id: 'DeleteKeyInput', examples: [{ KeyIdentifier: demoAlias('delete'), DeleteKeyInDays: 7 }] });
export type DeleteKeyInput = z.infer<typeof DeleteKeyInput>;

export const ListKeysInput = z
  .object({ KeyState: KeyState.optional(), NextToken: NextToken.optional(), MaxResults: MaxResults.optional() })
  .meta({ id: 'ListKeysInput', examples: [{ KeyState: 'CREATE_COMPLETE', MaxResults: 10 }] });
export type ListKeysInput = z.infer<typeof ListKeysInput>;

export const KeyOutput = z.object({ Key }).meta({ id: 'KeyOutput' });
export type KeyOutput = z.infer<typeof KeyOutput>;

export const ListKeysOutput = z
  .object({ Keys: z.array(KeySummary), NextToken: NextToken.optional() })
  .meta({ id: 'ListKeysOutput' });
export type ListKeysOutput = z.infer<typeof ListKeysOutput>;
