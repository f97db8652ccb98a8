import { z } from 'zod';
import { MAX_CHARACTERS } from '../../http/bounds.js';

const text = z.string().max(MAX_CHARACTERS);

/** Empty strings and 0 count as absent. */
export const ListPrincipalsInput = z
  .object({
    kms: text.meta({ description: 'Id or name of a KMS container.' }),
    marker: text.optional().meta({ description: '`Marker` of the previous page.' }),
    max_items: z.int().min(0).max(1000).optional().meta({ description: '100 by default.' }),
    path_prefix: text.optional().meta({ description: 'Users and roles of Keyblock have the path `/`.' }),
  })
  .meta({ id: 'ListIamPrincipalsInput', examples: [{ kms: 'kms' }] });
export type ListPrincipalsInput = z.infer<typeof ListPrincipalsInput>;

const Principal = { Arn: z.string(), Path: z.string(), CreateDate: z.string() };
const Page = { IsTruncated: z.boolean(), Marker: z.string().optional() };

export const UsersOutput = z
  .object({ Users: z.array(z.object({ ...Principal, UserId: z.string(), UserName: z.string() })), ...Page })
  .meta({ id: 'IamUsersOutput' });
export type UsersOutput = z.infer<typeof UsersOutput>;

export const RolesOutput = z
  .object({ Roles: z.array(z.object({ ...Principal, RoleId: z.string(), RoleName: z.string() })), ...Page })
  .meta({ id: 'IamRolesOutput' });
export type RolesOutput = z.infer<typeof RolesOutput>;
