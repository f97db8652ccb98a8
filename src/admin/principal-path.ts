import { arnOfPrincipal, type PrincipalKind } from '../access/principal.entity.js';
import type { Call } from '../call.js';
import type { PrincipalPath, PrincipalsPath } from './admin.schema.js';

export function kindOf({ kind }: PrincipalsPath): PrincipalKind {
  return kind === 'users' ? 'user' : 'role';
}

/** ARN of the user or role that a path names, in the caller's account. */
export function arnOf({ principal }: Call, path: PrincipalPath): string {
  return arnOfPrincipal(principal.accountId, kindOf(path), path.name);
}
