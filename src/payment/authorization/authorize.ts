import * as access from '../../access/authorize.js';
import type { TagFact } from '../../access/request-context.js';
import type { Call } from '../../call.js';
import type { Statements } from '../../policy/policy.js';
import { SERVICE } from '../api.js';
import { conditionKeysOf, requestTags } from './condition-keys.js';

/**
 * Operations that only the account's own policies govern. If a key's policy applied to them, it could lock everyone out
 * of changing it.
 */
const MANAGE_POLICIES = ['PutResourcePolicy', 'GetResourcePolicy', 'DeleteResourcePolicy'];

/** Properties of a key that policies are evaluated against. */
export interface KeyAccess {
  tags: readonly TagFact[];
  /** Alias names, e.g. `alias/pek`. */
  aliases: readonly string[];
  /** Resource-based policy of the key. */
  policy: Statements | undefined;
}

/** Permission that a call needs. */
export interface Authorized {
  /** ARN, or `*`. */
  resource: string;
  key?: KeyAccess;
  requestAlias?: string;
  /** Operation to authorize; the call's by default. */
  operation?: string;
}

/** Authorizes a call. @throws AccessDeniedException with AWS's message */
export function authorize(call: Call, authorized: Authorized): void {
  // Fast path: only the key's own policy can deny the root anything, and most keys have none.
  if (call.principal.identity === undefined && authorized.key?.policy === undefined) return;
  access.authorize(call, resourceOf(call, authorized));
}

/** Returns the input of the policy engine for a call, with the key's own policy if it governs the operation. */
export function resourceOf(
  call: Call,
  { resource, key, requestAlias, operation = call.operation }: Authorized,
): access.Authorized {
  return {
    action: `${SERVICE}:${operation}`,
    resource,
    tags: key?.tags,
    policy: MANAGE_POLICIES.includes(operation) ? undefined : key?.policy,
    conditionKeys: conditionKeysOf({ call, aliases: key?.aliases, requestAlias }),
    requestTags,
  };
}
