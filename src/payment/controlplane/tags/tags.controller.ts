import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
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
    summary: 'Adds tags to a key, or changes them',
    description:
      'A tag whose key is there already gets the new value. A key has up to 50 tags; their keys and values are ' +
      'case-sensitive, and keys that begin with `aws:` are reserved. Not for a key whose deletion is scheduled.',
    example: '--resource-arn $KEY_ARN --tags Key=purpose,Value=tour',
    output: Nothing,
    resource: 'key',
  })
  tag(@Req() { call }: SignedRequest, @Body(TagResourceInput) input: TagResourceInput): Promise<Nothing> {
    return this.tagResource.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'UntagResource',
    summary: 'Takes tags from a key',
    description: 'Tags that the key does not have are ignored. Not for a key whose deletion is scheduled.',
    example: '--resource-arn $KEY_ARN --tag-keys purpose',
    output: Nothing,
    resource: 'key',
  })
  untag(@Req() { call }: SignedRequest, @Body(UntagResourceInput) input: UntagResourceInput): Promise<Nothing> {
    return this.untagResource.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ListTagsForResource',
    summary: 'Lists the tags of a key',
    description: 'In the order of their keys, 50 a page unless `MaxResults` says otherwise. Also for a deleted key.',
    example: '--resource-arn $KEY_ARN',
    output: ListTagsForResourceOutput,
    resource: 'key',
  })
  list(
    @Req() { call }: SignedRequest,
    @Body(ListTagsForResourceInput) input: ListTagsForResourceInput,
  ): Promise<ListTagsForResourceOutput> {
    return this.listTagsForResource.execute(call, input);
  }
}
