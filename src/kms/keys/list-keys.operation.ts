import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { PageTokens } from '../../http/page-tokens.js';
import { pageOf } from '../pages.js';
import { KmsKeyRepository } from './kms-key.repository.js';
import type { ListKeysInput, ListKeysOutput } from './keys.schema.js';

const LIMITS = { default: 100, max: 1000 };

@Injectable()
export class ListKeysOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, input: ListKeysInput): Promise<ListKeysOutput> {
    const { items, paging } = await pageOf(
      call,
      this.tokens,
      ['ListKeys'],
      { ...input, limits: LIMITS },
      (from) => this.keys.list(call, from),
      ({ keyId }) => keyId,
    );
    return { Keys: items.map(({ keyId, arn }) => ({ KeyId: keyId, KeyArn: arn })), ...paging };
  }
}
