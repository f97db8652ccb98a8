import { z } from 'zod';
import { MAX_CHARACTERS } from '../../http/bounds.js';
import { envelope, Filter, Paging } from '../lists.js';
import { Resource } from '../resources.js';
import { Acl } from './acls.js';

const text = z.string().max(MAX_CHARACTERS);
const Regions = z.array(text).max(100);

export const Container = Resource.extend({
  name: z.string(),
  account_id: z.string(),
  arn: z.string(),
  connection: z.string(),
  regions: z.array(z.string()),
  acls: z.array(Acl),
  assume_role_arn: z.string(),
  assume_role_external_id: z.string(),
  auto_added: z.boolean(),
  status: z.string().meta({ description: '`ACTIVE` or `ARCHIVED`.' }),
}).meta({ id: 'KmsContainer' });
export type Container = z.infer<typeof Container>;
export const Containers = envelope('KmsContainers', Container);

export const ListContainersQuery = Paging.extend({
  id: Filter,
  name: Filter,
  account_id: Filter,
  region: Filter,
  connection: Filter,
});
export type ListContainersQuery = z.infer<typeof ListContainersQuery>;

export const CreateContainerInput = z
  .object({
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[\w .-]+$/, 'must be letters, digits, spaces or any of _.-'),
    account_id: text,
    connection: text.optional(),
    regions: Regions.min(1),
  })
  .meta({ id: 'CreateKmsInput', examples: [{ name: 'payments', account_id: '000000000000', regions: ['us-east-1'] }] });
export type CreateContainerInput = z.infer<typeof CreateContainerInput>;

export const UpdateContainerInput = z
  .object({ regions: Regions.min(1).optional(), connection: text.optional() })
  .meta({ id: 'UpdateKmsInput', examples: [{ regions: ['us-east-1'] }] });
export type UpdateContainerInput = z.infer<typeof UpdateContainerInput>;

export const UpdateAclsInput = z.object({ acls: z.array(Acl).max(200) }).meta({
  id: 'UpdateAclsInput',
  examples: [{ acls: [{ group: 'CCKM Users', permit: true, actions: ['viewnative'] }] }],
});
export type UpdateAclsInput = z.infer<typeof UpdateAclsInput>;

export const AccountsInput = z.object({ connection: text.optional() }).meta({ id: 'AccountsInput' });
export type AccountsInput = z.infer<typeof AccountsInput>;
export const AccountsOutput = z
  .object({ accounts: z.array(z.object({ account_id: z.string(), arn: z.string() })) })
  .meta({ id: 'AccountsOutput' });
export type AccountsOutput = z.infer<typeof AccountsOutput>;
export const RegionsOutput = z.object({ regions: z.array(z.string()) }).meta({ id: 'RegionsOutput' });
export type RegionsOutput = z.infer<typeof RegionsOutput>;
