import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { ControlPlaneOperation } from '../../operation.js';
import { Nothing } from '../../../http/fields.js';
import { ListTagsForResourceOperation } from './list-tags-for-resource.operation.js';
import { TagResourceOperation } from './tag-resource.operation.js';
import {
  ListTagsForResourceInput,
  ListTagsForResourceOutput,
  TagResourceInput,
  UntagResourceInput,
} from './tags.schema.js';
import { UntagResourceOperation } from './untag-resource.operation.js';

@OperationsController('tags')
export class TagsController {
  constructor(
    private readonly tagResource: TagResourceOperation,
    private readonly untagResource: UntagResourceOperation,
    private readonly listTagsForResource: ListTagsForResourceOperation,
  ) {}

  @ControlPlaneOperation({
    name: 'TagResource',
    summary: 'Adds tags to a key or changes them',
    description:
      'If the key already has a tag with the same tag key, its value is replaced. A key can have up to 50 ' +
      'tags. Tag keys and values are case-sensitive, and tag keys that begin with `aws:` are reserved. Not ' +
      'allowed for a key whose deletion is scheduled.',
    example: '--resource-arn $KEY_ARN --tags Key=purpose,Value=tour',
    output: Nothing,
    resource: 'key',
  })
  tag(call: Call, @Body(TagResourceInput) input: TagResourceInput): Promise<Nothing> {
    return this.tagResource.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'UntagResource',
    summary: 'Removes tags from a key',
    description: 'Tag keys that the key does not have are ignored. Not allowed for a key whose deletion is scheduled.',
    example: '--resource-arn $KEY_ARN --tag-keys purpose',
    output: Nothing,
    resource: 'key',
  })
  untag(call: Call, @Body(UntagResourceInput) input: UntagResourceInput): Promise<Nothing> {
    return this.untagResource.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ListTagsForResource',
    summary: 'Lists the tags of a key',
    description:
      'Lists the tags in the order of their tag keys, 50 per page unless `MaxResults` is given. Works for a ' +
      'deleted key, too.',
    example: '--resource-arn $KEY_ARN',
    output: ListTagsForResourceOutput,
    resource: 'key',
  })
  list(
    call: Call,
    @Body(ListTagsForResourceInput) input: ListTagsForResourceInput,
  ): Promise<ListTagsForResourceOutput> {
    return this.listTagsForResource.execute(call, input);
  }
}
