import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { PageTokens } from '../../http/page-tokens.js';
import { pageOf } from '../pages.js';
import { requireOneOf, requirePrincipalArn } from './grant-rules.js';
import { presentGrant } from './grant.presenter.js';
import type { ListGrantsOutput, ListRetirableGrantsInput } from './grants.schema.js';
import { KmsGrantRepository } from './kms-grant.repository.js';
import { forServicesOnly, GRANT_LIMITS } from './list-grants.operation.js';

@Injectable()
export class ListRetirableGrantsOperation {
  constructor(
    private readonly grants: KmsGrantRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, input: ListRetirableGrantsInput): Promise<ListGrantsOutput> {
    requireOneOf(input, 'RetiringPrincipal', 'RetiringServicePrincipal');
    const { RetiringPrincipal: principal } = input;
    if (principal === undefined) throw forServicesOnly('RetiringServicePrincipal');
    requirePrincipalArn(principal);
    const { items, paging } = await pageOf(
      call,
      this.tokens,
      ['ListRetirableGrants', principal],
      { ...input, limits: GRANT_LIMITS },
      (from) => this.grants.retirableBy(call, principal, from),
      ({ sequence }) => sequence,
    );
    return { Grants: items.map(presentGrant), ...paging };
  }
}
