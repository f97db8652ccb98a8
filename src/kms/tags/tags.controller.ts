import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { ListResourceTagsOperation } from './list-resource-tags.operation.js';
import { TagResourceOperation } from './tag-resource.operation.js';
import { ListResourceTagsInput, ListResourceTagsOutput, TagResourceInput, UntagResourceInput } from './tags.schema.js';
import { UntagResourceOperation } from './untag-resource.operation.js';

@OperationsController('tags')
export class KmsTagsController {
  constructor(
    private readonly tagResource: TagResourceOperation,
    private readonly untagResource: UntagResourceOperation,
    private readonly listResourceTags: ListResourceTagsOperation,
  ) {}

  @KmsOperation({
    name: 'TagResource',
    summary: 'Adds tags to a KMS key',
    description:
      'A tag of the same key gets the new value. A key has 50 tags at most. Tag keys are case-sensitive and must not begin with `aws:`.',
    example: '--key-id $KEY_ID --tags TagKey=team,TagValue=orders',
    output: Nothing,
    resource: 'key',
  })
  tag(call: Call, @Body(TagResourceInput) input: TagResourceInput): Promise<Nothing> {
    return this.tagResource.execute(call, input);
  }

  @KmsOperation({
    name: 'UntagResource',
    summary: 'Removes tags from a KMS key',
    description: 'Tag keys that the key doesn’t have are ignored.',
    example: '--key-id $KEY_ID --tag-keys team',
    output: Nothing,
    resource: 'key',
  })
  untag(call: Call, @Body(UntagResourceInput) input: UntagResourceInput): Promise<Nothing> {
    return this.untagResource.execute(call, input);
  }

  @KmsOperation({
    name: 'ListResourceTags',
    summary: 'Lists the tags of a KMS key',
    description: 'Lists tags in the order in which they were added.',
    example: '--key-id $KEY_ID',
    output: ListResourceTagsOutput,
    resource: 'key',
  })
  list(call: Call, @Body(ListResourceTagsInput) input: ListResourceTagsInput): Promise<ListResourceTagsOutput> {
    return this.listResourceTags.execute(call, input);
  }
}
