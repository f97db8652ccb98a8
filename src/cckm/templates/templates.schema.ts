import { z } from 'zod';
import { MAX_CHARACTERS, MAX_MEMBERS } from '../../http/bounds.js';
import { wellFormed } from '../../http/fields.js';
import { envelope, Filter, Paging } from '../lists.js';

const text = z.string().max(MAX_CHARACTERS);
const Names = z.array(text).max(MAX_MEMBERS).optional();
const Content = z.object({
  policy: z.unknown().optional(),
  key_admins: Names,
  key_admins_roles: Names,
  key_users: Names,
  key_users_roles: Names,
  external_accounts: Names,
});

export const Template = z
  .object({
    id: z.string(),
    uri: z.string(),
    account: z.string(),
    application: z.string(),
    devAccount: z.string(),
    createdAt: z.string(),
    updatedAt: z.string(),
    name: z.string(),
    account_id: z.string(),
    kms: z.string(),
    policy: z.unknown(),
    key_admins: z.array(z.string()).optional(),
    key_admins_roles: z.array(z.string()).optional(),
    key_users: z.array(z.string()).optional(),
    key_users_roles: z.array(z.string()).optional(),
    external_accounts: z.array(z.string()).optional(),
  })
  .meta({ id: 'PolicyTemplate' });
export type Template = z.infer<typeof Template>;
export const Templates = envelope('PolicyTemplates', Template);

export const ListTemplatesQuery = Paging.extend({ id: Filter, name: Filter, kms: Filter, account_id: Filter });
export type ListTemplatesQuery = z.infer<typeof ListTemplatesQuery>;

export const CreateTemplateInput = Content.extend({
  name: wellFormed(z.string().min(1).max(128)),
  kms: text.optional(),
  account_id: text.optional(),
}).meta({ id: 'CreateTemplateInput', examples: [{ name: 'orders', key_admins: ['line-3'] }] });
export type CreateTemplateInput = z.infer<typeof CreateTemplateInput>;

export const UpdateTemplateInput = Content.extend({
  auto_push: z.boolean().optional().meta({ description: 'Gives the new policy to the keys that have the template.' }),
}).meta({ id: 'UpdateTemplateInput', examples: [{ key_admins: ['line-3'], auto_push: true }] });
export type UpdateTemplateInput = z.infer<typeof UpdateTemplateInput>;
