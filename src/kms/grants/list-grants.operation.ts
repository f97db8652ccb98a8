import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { PageTokens } from '../../http/page-tokens.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { pageOf } from '../pages.js';
import { requireGrantId, requirePrincipalArn } from './grant-rules.js';
import { presentGrant } from './grant.presenter.js';
import type { ListGrantsInput, ListGrantsOutput } from './grants.schema.js';
import { KmsGrantRepository } from './kms-grant.repository.js';

/** Page size of lists of grants. */
export const GRANT_LIMITS = { default: 50, max: 100 };

@Injectable()
export class ListGrantsOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly grants: KmsGrantRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, input: ListGrantsInput): Promise<ListGrantsOutput> {
    const { KeyId, GrantId, GranteePrincipal } = input;
    if (input.GranteeServicePrincipal !== undefined) throw forServicesOnly('GranteeServicePrincipal');
    if (GrantId !== undefined) requireGrantId(GrantId);
    if (GranteePrincipal !== undefined) requirePrincipalArn(GranteePrincipal);
    const { key } = await this.keys.find(call, KeyId);
    const filter = {
      ...(GrantId !== undefined && { grantId: GrantId }),
      ...(GranteePrincipal !== undefined && { granteePrincipal: GranteePrincipal }),
    };
    const { items, paging } = await pageOf(
      call,
      this.tokens,
      ['ListGrants', key.arn, filter],
      { ...input, limits: GRANT_LIMITS },
      (from) => this.grants.ofKey(key.arn, filter, from),
      ({ sequence }) => sequence,
    );
    return { Grants: items.map(presentGrant), ...paging };
  }
}

/** Refuses a filter that only AWS services may use. */
export function forServicesOnly(member: string): ValidationException {
  return new ValidationException(`${member} can be used by AWS services only.`);
}
