import { z } from 'zod';
import { MaxResults, NextToken } from '../../../http/fields.js';
import { demoKeyArn, KeyArn, TagKey, Tags } from '../../fields.js';

export const TagResourceInput = z.object({ ResourceArn: KeyArn, Tags }).meta({
  id: 'TagResourceInput',
  examples: [{ ResourceArn: demoKeyArn('mac'), Tags: [{ Key: 'purpose', Value: 'tour' }] }],
});
export type TagResourceInput = z.infer<typeof TagResourceInput>;

export const UntagResourceInput = z
  .object({ ResourceArn: KeyArn, TagKeys: z.array(TagKey).min(0).max(200) })
  .meta({ id: 'UntagResourceInput', examples: [{ ResourceArn: demoKeyArn('mac'), TagKeys: ['purpose'] }] });
export type UntagResourceInput = z.infer<typeof UntagResourceInput>;

export const ListTagsForResourceInput = z
  .object({ ResourceArn: KeyArn, NextToken: NextToken.optional(), MaxResults: MaxResults.optional() })
  .meta({ id: 'ListTagsForResourceInput', examples: [{ ResourceArn: demoKeyArn('mac') }] });
export type ListTagsForResourceInput = z.infer<typeof ListTagsForResourceInput>;

export const ListTagsForResourceOutput = z
  .object({ Tags, NextToken: NextToken.optional() })
  .meta({ id: 'ListTagsForResourceOutput' });
export type ListTagsForResourceOutput = z.infer<typeof ListTagsForResourceOutput>;
