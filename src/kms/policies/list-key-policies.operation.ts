import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { PageTokens } from '../../http/page-tokens.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { pageOf } from '../pages.js';
import type { ListKeyPoliciesInput, ListKeyPoliciesOutput } from './policies.schema.js';
import { POLICY_NAME } from './policy-name.js';

const LIMITS = { default: 100, max: 1000 };

@Injectable()
export class ListKeyPoliciesOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, { KeyId, ...input }: ListKeyPoliciesInput): Promise<ListKeyPoliciesOutput> {
    const { key } = await this.keys.find(call, KeyId);
    const { items, paging } = await pageOf(
      call,
      this.tokens,
      ['ListKeyPolicies', key.arn],
      { ...input, limits: LIMITS },
      () => Promise.resolve([POLICY_NAME]),
      (name) => name,
    );
    return { PolicyNames: items, ...paging };
  }
}
