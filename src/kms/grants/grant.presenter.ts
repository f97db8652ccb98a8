import { epochSeconds } from '../../http/fields.js';
import { constraintsOf } from './grant-scope.js';
import type { GrantListEntry } from './grants.schema.js';
import type { KmsGrant } from './kms-grant.entity.js';

/** Converts a grant for a list. */
export function presentGrant(grant: KmsGrant): GrantListEntry {
  const { keyArn, grantId, name, createdAt, granteePrincipal, retiringPrincipal, operations, constraints } = grant;
  return {
    KeyId: keyArn,
    GrantId: grantId,
    Name: name ?? '',
    CreationDate: epochSeconds(createdAt),
    [isService(granteePrincipal) ? 'GranteeServicePrincipal' : 'GranteePrincipal']: granteePrincipal,
    ...(retiringPrincipal !== null && {
      [isService(retiringPrincipal) ? 'RetiringServicePrincipal' : 'RetiringPrincipal']: retiringPrincipal,
    }),
    IssuingAccount: `arn:aws:iam::${keyArn.split(':')[4]}:root`,
    Operations: operations as GrantListEntry['Operations'],
    ...(constraints !== null && { Constraints: constraintsOf(grant) }),
  };
}

/** A principal is either an ARN or the name of a service. */
function isService(principal: string): boolean {
  return !principal.startsWith('arn:');
}
