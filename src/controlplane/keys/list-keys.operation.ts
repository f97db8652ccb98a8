import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { PageTokens } from '../../keys/page-tokens.js';
import { presentSummary } from './key.presenter.js';
import type { ListKeysInput, ListKeysOutput } from './keys.schema.js';

const DEFAULT_PAGE = 50;

@Injectable()
export class ListKeysOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(
    call: Call,
    { KeyState: state, NextToken, MaxResults = DEFAULT_PAGE }: ListKeysInput,
  ): Promise<ListKeysOutput> {
    const list = ['ListKeys', state];
    const after = NextToken === undefined ? undefined : this.tokens.read(call, list, NextToken);
    const found = await this.keys.list(call, { state, after, limit: MaxResults });
    const page = found.slice(0, MaxResults);
    const last = found.length > MaxResults ? page.at(-1) : undefined;
    return { Keys: page.map(presentSummary), NextToken: last && this.tokens.issue(call, list, last.sequence) };
  }
}
