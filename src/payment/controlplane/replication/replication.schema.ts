import { z } from 'zod';
import { EXAMPLE_KEY, KeyArnOrKeyAlias, Regions } from '../../fields.js';

const EXAMPLE_REGIONS = ['eu-west-1'];

const ofKey = (id: string) =>
  z
    .object({ KeyIdentifier: KeyArnOrKeyAlias, ReplicationRegions: Regions })
    .meta({ id, examples: [{ KeyIdentifier: EXAMPLE_KEY, ReplicationRegions: EXAMPLE_REGIONS }] });

export const AddKeyReplicationRegionsInput = ofKey('AddKeyReplicationRegionsInput');
export const RemoveKeyReplicationRegionsInput = ofKey('RemoveKeyReplicationRegionsInput');
/** Input of the operations on the replication Regions of a key. */
export type KeyReplicationRegionsInput = z.infer<typeof AddKeyReplicationRegionsInput>;

const ofAccount = (id: string) =>
  z.object({ ReplicationRegions: Regions }).meta({ id, examples: [{ ReplicationRegions: EXAMPLE_REGIONS }] });

export const EnableDefaultKeyReplicationRegionsInput = ofAccount('EnableDefaultKeyReplicationRegionsInput');
export const DisableDefaultKeyReplicationRegionsInput = ofAccount('DisableDefaultKeyReplicationRegionsInput');
/** Input of the operations that change the default replication Regions. */
export type DefaultKeyReplicationRegionsInput = z.infer<typeof EnableDefaultKeyReplicationRegionsInput>;

export const GetDefaultKeyReplicationRegionsInput = z
  .object({})
  .meta({ id: 'GetDefaultKeyReplicationRegionsInput', examples: [{}] });

export const DefaultKeyReplicationRegionsOutput = z
  .object({ EnabledReplicationRegions: Regions })
  .meta({ id: 'DefaultKeyReplicationRegionsOutput' });
export type DefaultKeyReplicationRegionsOutput = z.infer<typeof DefaultKeyReplicationRegionsOutput>;
