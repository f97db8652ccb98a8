import type { Call } from '../call.js';
import { decide, refusal } from './decision.js';
import type { Statements } from './policy.js';
import { contextOf, type KeyFacts } from './request-context.js';

/** Managing a policy is the account's own business: no policy of a key has a say in it, or it could lock everyone out. */
const MANAGE_POLICIES = ['PutResourcePolicy', 'GetResourcePolicy', 'DeleteResourcePolicy'];

/** A key as policies see it. */
export interface KeyAccess extends KeyFacts {
  /** Its own policy. */
  policy: Statements | undefined;
}

/** What an operation may need beside the key itself. */
interface Resource {
  /** ARN, or `*`. */
  resource: string;
  key?: KeyAccess;
  requestAlias?: string;
  /** Operation that must be allowed, where it isn't the call's. */
  operation?: string;
}

/** Lets a call go on that policies allow. @throws AccessDeniedException in AWS's words */
export function authorize(call: Call, { resource, key, requestAlias, operation = call.operation }: Resource): void {
  const { principal } = call;
  const policy = MANAGE_POLICIES.includes(operation) ? undefined : key?.policy;
  // The root, most of the time.
  if (principal.identity === undefined && policy === undefined) return;
  const request = {
    action: `payment-cryptography:${operation}`,
    resource,
    caller: principal,
    context: contextOf({ call, key, requestAlias }),
  };
  const decision = decide(request, principal.identity?.statements, policy);
  if (!decision.allowed) throw refusal(request, decision);
}
