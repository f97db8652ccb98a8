import type { Call } from '../call.js';
import { AccessDeniedException } from '../errors/exceptions.js';
import { decide, refusal } from '../policy/decision.js';
import type { AccessRequest, Statements } from '../policy/policy.js';
import { type ConditionKeys, contextOf, type TagFact } from './request-context.js';

/** One of the things that policies must allow a call. */
export interface Authorized {
  /** e.g. `payment-cryptography:EncryptData` */
  action: string;
  /** ARN, or `*`. */
  resource: string;
  /** Of the resource. */
  tags?: readonly TagFact[];
  /** The resource's own policy, where it has a say. */
  policy?: Statements;
  /** The condition keys of the API itself. */
  conditionKeys?: ConditionKeys;
}

/** Lets a call go on that policies allow. @throws AccessDeniedException in AWS's words */
export function authorize(call: Call, authorized: Authorized): void {
  if (call.principal.identity === undefined && authorized.policy === undefined) return;
  const request = requestOf(call, authorized);
  const decision = decide(request, call.principal.identity?.statements, authorized.policy);
  if (!decision.allowed) throw new AccessDeniedException(refusal(request, decision));
}

/** What is asked of policies for a call. */
export function requestOf(call: Call, { action, resource, tags, conditionKeys }: Authorized): AccessRequest {
  return { action, resource, caller: call.principal, context: contextOf({ call, tags, conditionKeys }) };
}
