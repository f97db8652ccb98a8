import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { PageTokens } from '../../../http/page-tokens.js';
import { TagRepository } from '../../keys/tag.repository.js';
import type { ListTagsForResourceInput, ListTagsForResourceOutput } from './tags.schema.js';

@Injectable()
export class ListTagsForResourceOperation {
  constructor(
    private readonly tags: TagRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, { ResourceArn, ...paging }: ListTagsForResourceInput): Promise<ListTagsForResourceOutput> {
    const { items, NextToken } = await this.tokens.page(
      call,
      ['ListTagsForResource', ResourceArn],
      paging,
      (from) => this.tags.list(call, ResourceArn, from),
      ({ key }) => key,
    );
    return { Tags: items.map(({ key, value }) => ({ Key: key, Value: value })), NextToken };
  }
}
