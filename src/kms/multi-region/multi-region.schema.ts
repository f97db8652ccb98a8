import { z } from 'zod';
import { EXAMPLE_REPLICATION_REGION } from '../../http/fields.js';
import { KeyMetadata } from '../keys/keys.schema.js';
import { demoMultiRegionKeyId, Description, KeyId, PolicyText, RegionName, Tags } from '../fields.js';

export const ReplicateKeyInput = z
  .object({
    KeyId,
    ReplicaRegion: RegionName,
    Policy: PolicyText.optional(),
    BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
    Description: Description.optional(),
    Tags: Tags.optional(),
  })
  .meta({
    id: 'ReplicateKeyInput',
    examples: [{ KeyId: demoMultiRegionKeyId('mrk'), ReplicaRegion: EXAMPLE_REPLICATION_REGION }],
  });
export type ReplicateKeyInput = z.infer<typeof ReplicateKeyInput>;
export const ReplicateKeyOutput = z
  .object({
    ReplicaKeyMetadata: KeyMetadata.optional(),
    ReplicaPolicy: PolicyText.optional(),
    ReplicaTags: Tags.optional(),
  })
  .meta({ id: 'ReplicateKeyOutput' });
export type ReplicateKeyOutput = z.infer<typeof ReplicateKeyOutput>;

export const UpdatePrimaryRegionInput = z.object({ KeyId, PrimaryRegion: RegionName }).meta({
  id: 'UpdatePrimaryRegionInput',
  examples: [{ KeyId: demoMultiRegionKeyId('move'), PrimaryRegion: EXAMPLE_REPLICATION_REGION }],
});
export type UpdatePrimaryRegionInput = z.infer<typeof UpdatePrimaryRegionInput>;
