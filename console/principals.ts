import type { Principal, PrincipalOutput, PrincipalPolicyOutput } from '../src/admin/admin.schema.js';
import { textTest } from '../src/policy/pattern.js';
import { admin } from './api.js';
import { DEPLOYMENT } from './deployment.js';

export type Kind = 'users' | 'roles';

/** A user or a role, as in paths of the admin API. */
export interface Named {
  kind: Kind;
  name: string;
}

export function pathOf({ kind, name }: Named, ...rest: readonly string[]): string {
  return [kind, name, ...rest].map(encodeURIComponent).join('/');
}

export function principalArn({ kind, name }: Named): string {
  return `arn:aws:iam::${DEPLOYMENT.accountId}:${kind === 'users' ? 'user' : 'role'}/${name}`;
}

/** Returns the user, the role or the role of the session that an ARN names; undefined for the root. */
export function principalOf(arn: string): Named | undefined {
  const [, kind, name] = /:(user|role|assumed-role)\/([^/]+)/.exec(arn) ?? [];
  if (name === undefined) return undefined;
  return { kind: kind === 'user' ? 'users' : 'roles', name };
}

/** Loads a user or a role. @throws ApiError */
export async function loadPrincipal(of: Named): Promise<Principal> {
  const { Principal } = await admin<PrincipalOutput>('GetPrincipal', ['GET', pathOf(of)], {
    resource: principalArn(of),
  });
  return Principal;
}

/** A statement of a policy, as it was written. */
export interface PolicyStatement {
  Effect?: string;
  Action?: string | string[];
  [element: string]: unknown;
}

/** Loads a policy of a user or a role. @throws ApiError */
export async function loadPolicy(of: Named, policy: string): Promise<object> {
  const { PolicyDocument } = await admin<PrincipalPolicyOutput>(
    'GetPrincipalPolicy',
    ['GET', pathOf(of, 'policies', policy)],
    { resource: principalArn(of) },
  );
  return PolicyDocument;
}

export function statementsOf(document: object): PolicyStatement[] {
  return [(document as { Statement?: PolicyStatement | PolicyStatement[] }).Statement ?? []].flat();
}

/** Operations that let a caller grant itself every other permission. */
const EVERYTHING = ['keyblock:PutPrincipalPolicy', 'keyblock:StartSession', 'keyblock:CreateAccessKey'];

/**
 * True if a policy allows an operation that amounts to all permissions. Its conditions and resources aren't considered.
 */
export function amountsToEverything(document: object): boolean {
  return statementsOf(document).some(
    ({ Effect, Action = [] }) =>
      Effect === 'Allow' &&
      [Action]
        .flat()
        .map((action) => textTest(action.toLowerCase(), { wildcards: true, variables: false }))
        .some((test) => EVERYTHING.some((action) => test(action.toLowerCase(), () => undefined))),
  );
}
