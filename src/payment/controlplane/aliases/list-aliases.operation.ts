import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { AliasRepository } from '../../keys/alias.repository.js';
import { PageTokens } from '../../../http/page-tokens.js';
import { presentAlias } from './alias.presenter.js';
import type { ListAliasesInput, ListAliasesOutput } from './aliases.schema.js';

@Injectable()
export class ListAliasesOperation {
  constructor(
    private readonly aliases: AliasRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, { KeyArn: keyArn, ...paging }: ListAliasesInput): Promise<ListAliasesOutput> {
    const { items, NextToken } = await this.tokens.page(
      call,
      ['ListAliases', keyArn],
      paging,
      (from) => this.aliases.list(call, { keyArn, ...from }),
      ({ name }) => name,
    );
    return { Aliases: items.map(presentAlias), NextToken };
  }
}
