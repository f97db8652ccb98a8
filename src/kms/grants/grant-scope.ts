import type { Principal } from '../../call.js';
import type { EncryptionContext } from '../fields.js';
import { GrantOperation } from './grants.schema.js';
import type { GrantConstraints, KmsGrant } from './kms-grant.entity.js';

/** The part of CreateGrant's input that says what the grant allows. */
export interface GrantScope {
  Operations: readonly string[];
  Constraints?: GrantConstraints;
}

/** A call that needs a grant. */
export interface GrantedCall {
  /** ReEncrypt needs two: ReEncryptFrom and ReEncryptTo. */
  operation: string;
  encryptionContext?: EncryptionContext;
  /** The input of CreateGrant. */
  child?: GrantScope;
}

/** True for an operation that a grant can allow. */
export function isGrantable(operation: string): boolean {
  return (GrantOperation.options as readonly string[]).includes(operation);
}

/** Operations without an encryption context, on which a grant's constraints of it have no effect. */
const WITHOUT_CONTEXT = ['DescribeKey', 'RetireGrant', 'CreateGrant'];

/** True if a grant allows a call of its grantee. A grant allows CreateGrant for what it allows itself, and less. */
export function allows(grant: KmsGrant, { operation, encryptionContext = {}, child }: GrantedCall): boolean {
  if (!grant.operations.includes(operation)) return false;
  if (operation === 'CreateGrant' && !(child && covers(grant, child))) return false;
  const { EncryptionContextEquals: equal, EncryptionContextSubset: subset, SourceArn } = constraintsOf(grant);
  // No call to this service is made on behalf of an AWS resource.
  if (SourceArn !== undefined && operation !== 'RetireGrant') return false;
  if (WITHOUT_CONTEXT.includes(operation)) return true;
  return (!subset || includes(encryptionContext, subset)) && (!equal || isSame(encryptionContext, equal));
}

/** True if all that the child allows, the grant allows, too. */
function covers(grant: KmsGrant, { Operations, Constraints: child = {} }: GrantScope): boolean {
  const { EncryptionContextEquals: equal, EncryptionContextSubset: subset } = constraintsOf(grant);
  const required = { ...child.EncryptionContextSubset, ...child.EncryptionContextEquals };
  return (
    Operations.every((operation) => grant.operations.includes(operation)) &&
    (!equal || (child.EncryptionContextEquals !== undefined && isSame(child.EncryptionContextEquals, equal))) &&
    (!subset || includes(required, subset))
  );
}

/** Conditions, other than having no SourceArn, under which `allows` returns true for a grant. */
export interface Requirements {
  operations: readonly string[];
  /** Pairs that include those of EncryptionContextSubset; undefined if constraints of the context have no effect. */
  included?: EncryptionContext;
  /** Pairs that are those of EncryptionContextEquals. Without them, the grant must not have this constraint. */
  equal?: EncryptionContext;
}

/** Returns what a grant must have to allow a call, other than RetireGrant. */
export function requirementsOf({ operation, encryptionContext = {}, child }: GrantedCall): Requirements {
  if (operation === 'CreateGrant') {
    const { Operations = [], Constraints: { EncryptionContextEquals, EncryptionContextSubset } = {} } = child ?? {};
    return {
      operations: [operation, ...Operations],
      included: { ...EncryptionContextSubset, ...EncryptionContextEquals },
      equal: EncryptionContextEquals,
    };
  }
  if (WITHOUT_CONTEXT.includes(operation)) return { operations: [operation] };
  return { operations: [operation], included: encryptionContext, equal: encryptionContext };
}

/** True if a grant itself lets a principal retire it. */
export function mayRetire(principal: Principal, grant: KmsGrant): boolean {
  const { arn, principalArn } = principal;
  if (grant.retiringPrincipal === arn || grant.retiringPrincipal === principalArn) return true;
  return granteesOf(principal).includes(grant.granteePrincipal) && allows(grant, { operation: 'RetireGrant' });
}

/** The names by which a grant may name a principal as its grantee: its own, its role's and its account's. */
export function granteesOf({ arn, principalArn, accountId }: Principal): string[] {
  return [...new Set([arn, principalArn, `arn:aws:iam::${accountId}:root`])];
}

export function constraintsOf({ constraints }: KmsGrant): GrantConstraints {
  return constraints === null ? {} : (JSON.parse(constraints) as GrantConstraints);
}

function includes(context: EncryptionContext, pairs: EncryptionContext): boolean {
  return Object.entries(pairs).every(([name, value]) => Object.hasOwn(context, name) && context[name] === value);
}

function isSame(context: EncryptionContext, other: EncryptionContext): boolean {
  return includes(context, other) && Object.keys(context).length === Object.keys(other).length;
}
