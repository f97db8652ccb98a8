import * as access from '../../access/authorize.js';
import type { TagFact } from '../../access/request-context.js';
import type { Call } from '../../call.js';
import type { Statements } from '../../policy/policy.js';
import { SERVICE } from '../api.js';
import { conditionKeysOf } from './condition-keys.js';

/** Managing a policy is the account's own business: no policy of a key has a say in it, or it could lock everyone out. */
const MANAGE_POLICIES = ['PutResourcePolicy', 'GetResourcePolicy', 'DeleteResourcePolicy'];

/** A key as policies see it. */
export interface KeyAccess {
  tags: readonly TagFact[];
  /** Names, as in `alias/pek`. */
  aliases: readonly string[];
  /** Its own policy. */
  policy: Statements | undefined;
}

/** One of the things that policies must allow a call. */
export interface Authorized {
  /** ARN, or `*`. */
  resource: string;
  key?: KeyAccess;
  requestAlias?: string;
  /** Operation that must be allowed, where it isn't the call's. */
  operation?: string;
}

/** Lets a call go on that policies allow. @throws AccessDeniedException in AWS's words */
export function authorize(call: Call, authorized: Authorized): void {
  // The root, most of the time.
  if (call.principal.identity === undefined && authorized.key?.policy === undefined) return;
  access.authorize(call, resourceOf(call, authorized));
}

/** What is asked of policies about, with the key's own policy where it has a say. */
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
  };
}
