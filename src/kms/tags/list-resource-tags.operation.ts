import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';
import type { Call } from '../../call.js';
import { PageTokens } from '../../http/page-tokens.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { pageOf } from '../pages.js';
import { KmsTag } from './kms-tag.entity.js';
import { MAX_TAGS } from './tag-rules.js';
import type { ListResourceTagsInput, ListResourceTagsOutput } from './tags.schema.js';

const LIMITS = { default: MAX_TAGS, max: MAX_TAGS };

@Injectable()
export class ListResourceTagsOperation {
  constructor(
    private readonly database: DataSource,
    private readonly keys: KmsKeyRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, { KeyId, ...input }: ListResourceTagsInput): Promise<ListResourceTagsOutput> {
    const { key } = await this.keys.find(call, KeyId);
    const { items, paging } = await pageOf(
      call,
      this.tokens,
      ['ListResourceTags', key.arn],
      { ...input, limits: LIMITS },
      (from) => this.#read(key.arn, from),
      ({ sequence }) => sequence,
    );
    return { Tags: items.map((tag) => ({ TagKey: tag.key, TagValue: tag.value })), ...paging };
  }

  /** Reads tags in the order in which they were added. */
  #read(keyArn: string, { after, limit }: { after?: string; limit: number }): Promise<KmsTag[]> {
    return this.database.manager.find(KmsTag, {
      where: { keyArn, ...(after !== undefined && { sequence: MoreThan(after) }) },
      order: { sequence: 'ASC' },
      take: limit + 1,
    });
  }
}
