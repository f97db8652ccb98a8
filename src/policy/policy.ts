import { type Condition, condition } from './conditions.js';
import { type Context, type Test, textTest } from './pattern.js';
import type { IdentityStatement, PolicyDocument, Principals, ResourceStatement } from './policy-document.js';

/** Who asks, as policies name callers. */
export interface Caller {
  /** Of the root, the user, or the session of a role. */
  arn: string;
  /** Of the root, the user, or the role: `aws:PrincipalArn`. */
  principalArn: string;
  accountId: string;
}

/** What is asked of policies. */
export interface AccessRequest {
  /** e.g. `payment-cryptography:EncryptData` */
  action: string;
  /** ARN, or `*` for what is about no resource. */
  resource: string;
  caller: Caller;
  context: Context;
}

export type Effect = 'Allow' | 'Deny';

/** One statement of a policy, ready to be asked. */
export interface Statement {
  /** What the policy is called. */
  policy: string;
  /** From 0. */
  index: number;
  sid?: string;
  effect: Effect;
  isAbout: (action: string) => boolean;
  /** Resource, principal and conditions; the action is looked at before. */
  applies: (request: AccessRequest) => boolean;
}

/** The statements of several policies. */
export class Statements {
  /** Actions are asked about again and again, and are as many as there are operations. */
  readonly #byAction = new Map<string, readonly Statement[]>();

  constructor(private readonly statements: readonly Statement[]) {}

  /** The first statement that allows or denies the request. */
  find(effect: Effect, request: AccessRequest): Statement | undefined {
    return this.#about(request.action).find((statement) => statement.effect === effect && statement.applies(request));
  }

  #about(action: string): readonly Statement[] {
    const known = this.#byAction.get(action);
    if (known) return known;
    const about = this.statements.filter((statement) => statement.isAbout(action));
    this.#byAction.set(action, about);
    return about;
  }
}

/** Makes a policy of a user or a role ready. @param name what it is called when it is named as the reason */
export function identityStatements(name: string, document: PolicyDocument<IdentityStatement>): Statement[] {
  return document.Statement.map((written, index) => statement(name, index, written, document.Version));
}

/** Makes the policy of a resource ready. */
export function resourceStatements(name: string, document: PolicyDocument<ResourceStatement>): Statement[] {
  return document.Statement.map((written, index) => {
    const read = statement(name, index, written, document.Version);
    const isFor = principalTest(written);
    return { ...read, applies: (request) => isFor(request.caller) && read.applies(request) };
  });
}

function statement(
  policy: string,
  index: number,
  { Sid, Effect, Action, NotAction, Resource, NotResource, Condition = {} }: Omit<IdentityStatement, 'Principal'>,
  version = '2008-10-17',
): Statement {
  const variables = version === '2012-10-17';
  const actions = (Action ?? NotAction ?? []).map((text) =>
    textTest(text.toLowerCase(), { wildcards: true, variables: false }),
  );
  const resources = (Resource ?? NotResource ?? []).map((text) => textTest(text, { wildcards: true, variables }));
  const conditions: Condition[] = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => condition(operator, key, values.map(String), variables)),
  );
  const nothing: Context = () => undefined;
  const some = (tests: readonly Test[], value: string, context: Context) => tests.some((test) => test(value, context));
  return {
    policy,
    index,
    sid: Sid,
    effect: Effect,
    isAbout: (action) => some(actions, action.toLowerCase(), nothing) === (Action !== undefined),
    applies: ({ resource, context }) =>
      some(resources, resource, context) === (Resource !== undefined) && conditions.every((holds) => holds(context)),
  };
}

const ACCOUNT = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/;

/**
 * Whom a statement is for. To name an account is to name all who are in it, where something is denied; where something is
 * allowed, it leaves it to the account's own policies who may, and so allows the root alone.
 */
function principalTest({ Effect, Principal, NotPrincipal }: ResourceStatement): (caller: Caller) => boolean {
  const { AWS: names = [] } = (Principal ?? NotPrincipal) as Principals;
  const accounts = names.flatMap((name) => ACCOUNT.exec(name)?.[1] ?? []);
  const isAnyone = names.includes('*');
  const wholeAccount = Effect === 'Deny' || NotPrincipal !== undefined;
  const isNamed = ({ arn, principalArn, accountId }: Caller) =>
    isAnyone ||
    names.includes(arn) ||
    names.includes(principalArn) ||
    (accounts.includes(accountId) && (wholeAccount || arn === `arn:aws:iam::${accountId}:root`));
  return Principal ? isNamed : (caller) => !isNamed(caller);
}
