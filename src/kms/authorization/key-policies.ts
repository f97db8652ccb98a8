import { type PolicyDocument, ResourcePolicies, type ResourceStatement } from '../../policy/policy-document.js';
import { resourceStatements, Statements } from '../../policy/policy.js';
import { SERVICE } from '../api.js';
import { KmsException } from '../exceptions.js';

const POLICIES = new ResourcePolicies(SERVICE, 'Encrypt', { allowsIncomplete: true });

/** Maximum length of a key policy in bytes. */
const MAX_BYTES = 32_768;

/** Returns KMS's default policy, which delegates to the policies of the account's principals. */
export function defaultPolicy(accountId: string): string {
  return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::${accountId}:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`;
}

/**
 * Compiles a key policy. `*` and the key's own ARN as the resource mean the key; a statement about another resource, or
 * without an action or a resource, has no effect, as in KMS.
 */
export function readKeyPolicy(arn: string, policy: string): Statements {
  return compile(arn, POLICIES.read(policy));
}

/** A policy to be attached to a key. */
export interface NewPolicy {
  statements: Statements;
  /** ARNs of the users, roles and sessions that it names. */
  principals: readonly string[];
}

/**
 * Checks and compiles a policy to be attached to a key.
 *
 * @throws KmsException LimitExceededException for a policy that is too long
 * @throws PolicyError for one that isn't in the policy language
 */
export function readNewKeyPolicy(arn: string, policy: string): NewPolicy {
  if (Buffer.byteLength(policy) > MAX_BYTES)
    throw new KmsException('LimitExceededException', `The key policy has more than ${MAX_BYTES} bytes.`);
  const document = POLICIES.readNew(policy);
  const principals = document.Statement.flatMap(({ Principal, NotPrincipal }) => [
    ...(Principal?.AWS ?? []),
    ...(NotPrincipal?.AWS ?? []),
  ]);
  return { statements: compile(arn, document), principals: [...new Set(principals)] };
}

function compile(arn: string, document: PolicyDocument<ResourceStatement>): Statements {
  return new Statements(resourceStatements(arn, document));
}
