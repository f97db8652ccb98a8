import { z } from 'zod';
import { MAX_CHARACTERS } from '../../http/bounds.js';
import { wellFormed } from '../../http/fields.js';
import { Grantees } from '../keys/grantees.js';
import { envelope, Filter, Paging } from '../lists.js';
import { Resource } from '../resources.js';

const text = z.string().max(MAX_CHARACTERS);
const Content = Grantees.extend({ policy: z.unknown().optional() });

export const Template = Resource.extend({
  name: z.string(),
  account_id: z.string(),
  kms: z.string(),
  policy: z.unknown(),
  ...Grantees.shape,
}).meta({ id: 'PolicyTemplate' });
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
  auto_push: z.boolean().optional().meta({ description: 'Applies the new policy to the keys that use the template.' }),
}).meta({ id: 'UpdateTemplateInput', examples: [{ key_admins: ['line-3'], auto_push: true }] });
export type UpdateTemplateInput = z.infer<typeof UpdateTemplateInput>;
