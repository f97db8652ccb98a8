import * as access from '../../access/authorize.js';
import { requestOf } from '../../access/authorize.js';
import type { TagFact } from '../../access/request-context.js';
import type { Call, Principal } from '../../call.js';
import { AccessDeniedException } from '../../errors/exceptions.js';
import { type Decision, decide, decideByResource, refusal } from '../../policy/decision.js';
import type { AccessRequest, Statements } from '../../policy/policy.js';
import { whenReady } from '../../when-ready.js';
import { SERVICE } from '../api.js';
import type { EncryptionContext } from '../fields.js';
import { allows, type GrantedCall, type GrantScope, isGrantable, mayRetire } from '../grants/grant-scope.js';
import type { KmsGrant } from '../grants/kms-grant.entity.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import { conditionKeysOf, requestTags } from './condition-keys.js';

/** A key with the data that policies need. */
export interface KeyFacts {
  readonly key: NewKmsKey;
  readonly tags: readonly TagFact[];
  /** Alias names, e.g. `alias/disk`. */
  readonly aliases: readonly string[];
  readonly policy: Statements;
}

/** Permission that a call needs. */
export interface Authorized {
  /** ARN, or `*`. */
  resource: string;
  /** Undefined if the resource isn't an existing key: only the principal's policies decide. */
  key?: KeyFacts;
  /** A key to be created: condition keys see its properties, but it has no policy yet. */
  newKey?: NewKmsKey;
  requestAlias?: string;
  /** Operation to authorize; the call's by default. */
  operation?: string;
  encryptionContext?: EncryptionContext;
  /** For ReEncrypt: true if both keys are the same. */
  isOnSameKey?: boolean;
}

/** Looks up the grants of a key to a principal that may allow a call. */
export type GrantsOf = (
  keyArn: string,
  principal: Principal,
  granted: GrantedCall,
) => readonly KmsGrant[] | Promise<readonly KmsGrant[]>;

/** Returns the request to the policy engine. */
export function resourceOf(call: Call, authorized: Authorized): access.Authorized {
  const {
    resource,
    key,
    newKey,
    requestAlias,
    operation = call.operation,
    encryptionContext,
    isOnSameKey,
  } = authorized;
  return {
    action: `${SERVICE}:${operation}`,
    resource,
    tags: key?.tags,
    policy: key?.policy,
    conditionKeys: conditionKeysOf({
      call,
      key: key?.key ?? newKey,
      aliases: key?.aliases,
      requestAlias,
      operation,
      encryptionContext,
      isOnSameKey,
    }),
    requestTags,
  };
}

/** Authorizes a call for a resource without a policy of its own. @throws AccessDeniedException */
export function authorize(call: Call, authorized: Authorized): void {
  access.authorize(call, resourceOf(call, authorized));
}

/**
 * Decides a request for a key by policies, as KMS does: a Deny in the key policy or in a policy of the principal wins;
 * then the key policy allows the principal, or lets the principal's own policies decide. The key policy doesn't apply
 * to RetireGrant: the root and principals whose own policies allow it may call it.
 *
 * @param identity undefined for the root
 */
export function decideKey(request: AccessRequest, identity: Statements | undefined, policy: Statements): Decision {
  return request.action === `${SERVICE}:RetireGrant`
    ? decide(request, identity, undefined)
    : decideByResource(request, identity, policy);
}

/** Returns the first of a key's grants that allows a call that no policy decides. */
export function grantFor(
  grants: readonly KmsGrant[],
  principal: Principal,
  granted: GrantedCall,
): KmsGrant | undefined {
  return granted.operation === 'RetireGrant'
    ? grants.find((grant) => mayRetire(principal, grant))
    : grants.find((grant) => allows(grant, granted));
}

/**
 * Authorizes a call for a key: by policies or, if none decides, by a grant.
 *
 * @returns a promise only if grants have to be looked up
 * @throws AccessDeniedException
 */
export function authorizeKey(
  call: Call,
  authorized: Authorized & { key: KeyFacts },
  grantsOf: GrantsOf,
): void | Promise<void> {
  const { principal } = call;
  const { key, operation = call.operation, encryptionContext } = authorized;
  const request = requestOf(call, resourceOf(call, authorized));
  const decision = decideKey(request, principal.identity?.statements, key.policy);
  if (decision.allowed) return;
  const refuse = () => new AccessDeniedException(refusal(request, decision));
  if (decision.by !== undefined || !isGrantable(operation)) throw refuse();
  const granted = { operation, encryptionContext, child: call.record.input as GrantScope | undefined };
  return whenReady(grantsOf(key.key.arn, principal, granted), (grants) => {
    if (!grantFor(grants, principal, granted)) throw refuse();
  });
}
