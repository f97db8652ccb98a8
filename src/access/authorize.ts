import type { Call } from '../call.js';
import { AccessDeniedException } from '../errors/exceptions.js';
import { decide, refusal } from '../policy/decision.js';
import type { AccessRequest, Statements } from '../policy/policy.js';
import { type ConditionKeys, contextOf, type RequestTags, type TagFact } from './request-context.js';

/** A permission that a call needs. */
export interface Authorized {
  /** e.g. `payment-cryptography:EncryptData` */
  action: string;
  /** ARN, or `*`. */
  resource: string;
  /** Tags of the resource. */
  tags?: readonly TagFact[];
  /** The resource-based policy, if it applies to the action. */
  policy?: Statements;
  /** The API's own condition keys. */
  conditionKeys?: ConditionKeys;
  requestTags?: RequestTags;
}

/** Evaluates policies for a permission. @throws AccessDeniedException in AWS's words */
export function authorize(call: Call, authorized: Authorized): void {
  if (call.principal.identity === undefined && authorized.policy === undefined) return;
  const request = requestOf(call, authorized);
  const decision = decide(request, call.principal.identity?.statements, authorized.policy);
  if (!decision.allowed) throw new AccessDeniedException(refusal(request, decision));
}

/** Builds the request that policies are evaluated for, from a call and a permission that it needs. */
export function requestOf(
  call: Call,
  { action, resource, tags, conditionKeys, requestTags }: Authorized,
): AccessRequest {
  return { action, resource, caller: call.principal, context: contextOf({ call, tags, conditionKeys, requestTags }) };
}
