import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { PageTokens } from '../../../http/page-tokens.js';
import { presentSummary } from './key.presenter.js';
import type { ListKeysInput, ListKeysOutput } from './keys.schema.js';

@Injectable()
export class ListKeysOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, { KeyState: state, ...paging }: ListKeysInput): Promise<ListKeysOutput> {
    const { items, NextToken } = await this.tokens.page(
      call,
      ['ListKeys', state],
      paging,
      (from) => this.keys.list(call, { state, ...from }),
      ({ sequence }) => sequence,
    );
    return { Keys: items.map(presentSummary), NextToken };
  }
}
