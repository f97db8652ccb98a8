import type { Principal } from '../../call.js';
import type { EncryptionContext } from '../fields.js';
import { GrantOperation } from './grants.schema.js';
import type { GrantConstraints, KmsGrant } from './kms-grant.entity.js';

/** The part of CreateGrant's input that determines the grant's permissions. */
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

/** Operations without an encryption context, for which a grant's context constraints have no effect. */
const WITHOUT_CONTEXT = ['DescribeKey', 'RetireGrant', 'CreateGrant'];

/** True if a grant allows a call of its grantee. A grant allows CreateGrant only for its own permissions or fewer. */
export function allows(grant: KmsGrant, { operation, encryptionContext = {}, child }: GrantedCall): boolean {
  if (!grant.operations.includes(operation)) return false;
  if (operation === 'CreateGrant' && !(child && covers(grant, child))) return false;
  const { EncryptionContextEquals: equal, EncryptionContextSubset: subset, SourceArn } = constraintsOf(grant);
  // This service never receives calls on behalf of an AWS resource.
  if (SourceArn !== undefined && operation !== 'RetireGrant') return false;
  if (WITHOUT_CONTEXT.includes(operation)) return true;
  return (!subset || includes(encryptionContext, subset)) && (!equal || isSame(encryptionContext, equal));
}

/** True if the grant allows everything that the child allows. */
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
  /** Pairs that must include EncryptionContextSubset; undefined if context constraints have no effect. */
  included?: EncryptionContext;
  /** Pairs that must equal EncryptionContextEquals. Without them, the grant must not have this constraint. */
  equal?: EncryptionContext;
}

/** Returns the conditions on a grant that allows a call other than RetireGrant. */
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

/** True if the grant itself allows a principal to retire it. */
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
