import { z } from 'zod';
import { DEMO_KMS_KEY_ID, demoKmsKeyId, KeyId, Limit, Marker, TagKeys, Tags } from '../fields.js';

export const TagResourceInput = z.object({ KeyId, Tags }).meta({
  id: 'TagResourceInput',
  examples: [{ KeyId: demoKmsKeyId('edit'), Tags: [{ TagKey: 'team', TagValue: 'orders' }] }],
});
export type TagResourceInput = z.infer<typeof TagResourceInput>;

export const UntagResourceInput = z
  .object({ KeyId, TagKeys })
  .meta({ id: 'UntagResourceInput', examples: [{ KeyId: demoKmsKeyId('edit'), TagKeys: ['team'] }] });
export type UntagResourceInput = z.infer<typeof UntagResourceInput>;

export const ListResourceTagsInput = z
  .object({ KeyId, Limit: Limit.optional(), Marker: Marker.optional() })
  .meta({ id: 'ListResourceTagsInput', examples: [{ KeyId: DEMO_KMS_KEY_ID }] });
export type ListResourceTagsInput = z.infer<typeof ListResourceTagsInput>;
export const ListResourceTagsOutput = z
  .object({ Tags: Tags.optional(), NextMarker: Marker.optional(), Truncated: z.boolean().optional() })
  .meta({ id: 'ListResourceTagsOutput' });
export type ListResourceTagsOutput = z.infer<typeof ListResourceTagsOutput>;
