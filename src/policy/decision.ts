import type { AccessRequest, Statement, Statements } from './policy.js';

/** The decision of all policies together, and the statement that made it. */
export type Decision =
  | { allowed: true; by: Statement | 'root' }
  | { allowed: false; by: Statement; in: 'identity' | 'resource' }
  | { allowed: false; by: undefined; lacks: 'identity' | 'resource' };

/**
 * Evaluates the caller's identity-based policies and the resource-based one, within one account: a Deny in either wins,
 * then an Allow in either suffices. The root of the account needs no Allow, but a resource-based policy can deny it,
 * too.
 *
 * @param identity undefined for the root
 */
export function decide(
  request: AccessRequest,
  identity: Statements | undefined,
  resource: Statements | undefined,
): Decision {
  const denied = identity?.find('Deny', request);
  if (denied) return { allowed: false, by: denied, in: 'identity' };
  const deniedByResource = resource?.find('Deny', request);
  if (deniedByResource) return { allowed: false, by: deniedByResource, in: 'resource' };
  if (!identity) return { allowed: true, by: 'root' };
  const allowed = identity.find('Allow', request) ?? resource?.find('Allow', request);
  return allowed ? { allowed: true, by: allowed } : { allowed: false, by: undefined, lacks: 'identity' };
}

/**
 * Evaluates the policy of a resource that must itself grant access, such as a KMS key: a Deny in either policy wins; an
 * Allow that names the caller suffices; one that names the caller's account lets the identity-based policies decide.
 * The root of the account has the permissions that the policy gives the account.
 *
 * @param identity undefined for the root
 */
export function decideByResource(
  request: AccessRequest,
  identity: Statements | undefined,
  resource: Statements,
): Decision {
  const denied = identity?.find('Deny', request);
  if (denied) return { allowed: false, by: denied, in: 'identity' };
  const deniedByResource = resource.find('Deny', request);
  if (deniedByResource) return { allowed: false, by: deniedByResource, in: 'resource' };
  const allowed = resource.find('Allow', request);
  if (allowed) return { allowed: true, by: allowed };
  const delegation = resource.findDelegation(request);
  if (!delegation) return { allowed: false, by: undefined, lacks: 'resource' };
  const allowedByIdentity = identity?.find('Allow', request);
  return allowedByIdentity
    ? { allowed: true, by: allowedByIdentity }
    : { allowed: false, by: undefined, lacks: 'identity' };
}

/** Words a denial as AWS does. */
export function refusal({ action, resource, caller }: AccessRequest, decision: Decision & { allowed: false }): string {
  const why =
    decision.by === undefined
      ? `because no ${decision.lacks}-based policy allows the ${action} action`
      : `with an explicit deny in ${decision.in === 'identity' ? 'an identity-based' : 'a resource-based'} policy`;
  return `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}
