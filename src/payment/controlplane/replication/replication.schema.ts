import { z } from 'zod';
import { EXAMPLE_REPLICATION_REGION } from '../../../http/fields.js';
import { demoAlias, KeyArnOrKeyAlias, Regions } from '../../fields.js';

const EXAMPLE_REGIONS = [EXAMPLE_REPLICATION_REGION];

const ofKey = (id: string, example: string) =>
  z
    .object({ KeyIdentifier: KeyArnOrKeyAlias, ReplicationRegions: Regions })
    .meta({ id, examples: [{ KeyIdentifier: demoAlias(example), ReplicationRegions: EXAMPLE_REGIONS }] });

export const AddKeyReplicationRegionsInput = ofKey('AddKeyReplicationRegionsInput', 'mac');
export const RemoveKeyReplicationRegionsInput = ofKey('RemoveKeyReplicationRegionsInput', 'replicated');
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
