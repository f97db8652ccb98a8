import type { Call } from '../call.js';
import { ADMIN_OPERATION_RESOURCES } from '../admin/admin-operations.js';
import { decide, refusal } from '../policy/decision.js';
import type { AccessRequest, Statements } from '../policy/policy.js';
import { contextOf, type KeyFacts } from './request-context.js';

/** Managing a policy is the account's own business: no policy of a key has a say in it, or it could lock everyone out. */
const MANAGE_POLICIES = ['PutResourcePolicy', 'GetResourcePolicy', 'DeleteResourcePolicy'];

/** A key as policies see it. */
export interface KeyAccess extends KeyFacts {
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
  const { request, policy } = requestOf(call, authorized);
  const decision = decide(request, call.principal.identity?.statements, policy);
  if (!decision.allowed) throw refusal(request, decision);
}

/** What is asked of policies for a call, and the key's own policy where it has a say. */
export function requestOf(
  call: Call,
  { resource, key, requestAlias, operation = call.operation }: Authorized,
): { request: AccessRequest; policy: Statements | undefined } {
  return {
    request: {
      action: `${Object.hasOwn(ADMIN_OPERATION_RESOURCES, operation) ? 'keyblock' : 'payment-cryptography'}:${operation}`,
      resource,
      caller: call.principal,
      context: contextOf({ call, key, requestAlias }),
    },
    policy: MANAGE_POLICIES.includes(operation) ? undefined : key?.policy,
  };
}
