import { type Condition, condition } from './conditions.js';
import { type Context, type Reading, type Test, textTest } from './pattern.js';
import type { IdentityStatement, PolicyDocument, Principals, ResourceStatement } from './policy-document.js';

/** A caller in terms of policies. */
export interface Caller {
  /** ARN of the root, the user, or the session of a role. */
  arn: string;
  /** ARN of the root, the user, or the role: `aws:PrincipalArn`. */
  principalArn: string;
  accountId: string;
}

/** A request to be decided by policies. */
export interface AccessRequest {
  /** e.g. `payment-cryptography:EncryptData` */
  action: string;
  /** ARN, or `*` for an action without a resource. */
  resource: string;
  caller: Caller;
  context: Context;
}

export type Effect = 'Allow' | 'Deny';

/** A compiled statement of a policy. */
export interface Statement {
  /** Name of the policy. */
  policy: string;
  /** Index of the statement in the policy, from 0. */
  index: number;
  sid?: string;
  effect: Effect;
  isAbout: (action: string) => boolean;
  /** True if `applies` depends on the resource alone: the statement has no conditions, variables and principals. */
  isFixed: boolean;
  /** Checks resource, principal and conditions, but not the action. */
  applies: (request: AccessRequest) => boolean;
  /**
   * Returns the first element that doesn't match: `Action`, `Resource`, `Principal`, or the condition key of the first
   * condition that isn't met; undefined where the statement applies.
   */
  failure: (request: AccessRequest) => string | undefined;
  /** True if an Allow names the caller's account, and thereby lets the account's own policies allow the request. */
  delegates?: (request: AccessRequest) => boolean;
}

const MAX_REMEMBERED = 1000;

/** The statements of one effect that apply to an action. */
class AboutAction {
  readonly #isFixed: boolean;
  /** The statement that applies to a resource, where it depends on nothing else. */
  readonly #byResource = new Map<string, Statement | undefined>();

  constructor(readonly statements: readonly Statement[]) {
    this.#isFixed = statements.every(({ isFixed }) => isFixed);
  }

  /** The first statement that applies to the request. */
  find(request: AccessRequest): Statement | undefined {
    if (this.statements.length === 0) return undefined;
    if (!this.#isFixed) return this.#first(request);
    const { resource } = request;
    const known = this.#byResource.get(resource);
    if (known !== undefined || this.#byResource.has(resource)) return known;
    if (this.#byResource.size === MAX_REMEMBERED) this.#byResource.clear();
    const found = this.#first(request);
    this.#byResource.set(resource, found);
    return found;
  }

  #first(request: AccessRequest): Statement | undefined {
    return this.statements.find((statement) => statement.applies(request));
  }
}

/** The statements of several policies. */
export class Statements {
  /** Statements by action. Its size is bounded by the number of operations. */
  readonly #byAction = new Map<string, Record<Effect, AboutAction>>();

  constructor(private readonly statements: readonly Statement[]) {}

  /** The first statement that allows or denies the request. */
  find(effect: Effect, request: AccessRequest): Statement | undefined {
    return this.#about(request.action)[effect].find(request);
  }

  /** The first statement that leaves the decision to the policies of the caller's account. */
  findDelegation(request: AccessRequest): Statement | undefined {
    return this.#about(request.action).Allow.statements.find((statement) => statement.delegates?.(request));
  }

  /** All statements, each with the first of its elements that doesn't match the request. */
  consider(request: AccessRequest): { statement: Statement; failedOn?: string }[] {
    return this.statements.map((statement) => ({ statement, failedOn: statement.failure(request) }));
  }

  #about(action: string): Record<Effect, AboutAction> {
    const known = this.#byAction.get(action);
    if (known) return known;
    const about = this.statements.filter((statement) => statement.isAbout(action));
    const ofEffect = (effect: Effect) => new AboutAction(about.filter((statement) => statement.effect === effect));
    const byEffect = { Allow: ofEffect('Allow'), Deny: ofEffect('Deny') };
    this.#byAction.set(action, byEffect);
    return byEffect;
  }
}

/** Compiles a policy of a user or a role. @param name identifies the policy in explanations */
export function identityStatements(name: string, document: PolicyDocument<IdentityStatement>): Statement[] {
  return document.Statement.map((written, index) => statement(name, index, written, document.Version));
}

/** Compiles the policy of a resource. */
export function resourceStatements(name: string, document: PolicyDocument<ResourceStatement>): Statement[] {
  return document.Statement.map((written, index) => {
    const read = statement(name, index, written, document.Version);
    const isFor = principalTest(written);
    const accounts = written.Effect === 'Allow' && written.Principal ? accountsOf(written.Principal) : [];
    return {
      ...read,
      isFixed: false,
      applies: (request) => isFor(request.caller) && read.applies(request),
      delegates: (request) => accounts.includes(request.caller.accountId) && read.applies(request),
      failure: (request) => {
        const isNamed = isFor(request.caller) || accounts.includes(request.caller.accountId);
        return read.isAbout(request.action) && !isNamed ? 'Principal' : read.failure(request);
      },
    };
  });
}

function statement(
  policy: string,
  index: number,
  { Sid, Effect, Action, NotAction, Resource, NotResource, Condition = {} }: Omit<IdentityStatement, 'Principal'>,
  version = '2008-10-17',
): Statement {
  const variables = version === '2012-10-17';
  const isAbout = elementTest(lowerCase(Action), lowerCase(NotAction), { wildcards: true, variables: false });
  const isOf = elementTest(Resource, NotResource, { wildcards: true, variables });
  const conditions: { key: string; holds: Condition }[] = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({
      key,
      holds: condition(operator, key, values.map(String), variables),
    })),
  );
  const unmet = (context: Context) => conditions.find(({ holds }) => !holds(context));
  const nothing: Context = () => undefined;
  return {
    policy,
    index,
    sid: Sid,
    effect: Effect,
    isAbout: (action) => isAbout(action.toLowerCase(), nothing),
    isFixed:
      conditions.length === 0 && !(variables && (Resource ?? NotResource ?? []).some((text) => text.includes('$'))),
    applies: ({ resource, context }) => isOf(resource, context) && unmet(context) === undefined,
    failure: ({ action, resource, context }) => {
      if (!isAbout(action.toLowerCase(), nothing)) return 'Action';
      return isOf(resource, context) ? unmet(context)?.key : 'Resource';
    },
  };
}

/** Compiles an element that lists actions or resources, or its negation. A statement with neither matches nothing. */
function elementTest(listed: string[] | undefined, excluded: string[] | undefined, reading: Reading): Test {
  const texts = listed ?? excluded;
  if (!texts) return () => false;
  const tests = texts.map((text) => textTest(text, reading));
  return (value, context) => tests.some((test) => test(value, context)) === (listed !== undefined);
}

function lowerCase(texts: string[] | undefined): string[] | undefined {
  return texts?.map((text) => text.toLowerCase());
}

const ACCOUNT = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/;

/**
 * Compiles the principals of a statement. In a Deny, an account stands for everyone in it. In an Allow, an account
 * delegates to its own policies, so that it allows only the root by itself.
 */
function principalTest({ Effect, Principal, NotPrincipal }: ResourceStatement): (caller: Caller) => boolean {
  const principals = (Principal ?? NotPrincipal) as Principals;
  const { AWS: names = [] } = principals;
  const accounts = accountsOf(principals);
  const isAnyone = names.includes('*');
  const wholeAccount = Effect === 'Deny' || NotPrincipal !== undefined;
  const isNamed = ({ arn, principalArn, accountId }: Caller) =>
    isAnyone ||
    names.includes(arn) ||
    names.includes(principalArn) ||
    (accounts.includes(accountId) && (wholeAccount || arn === `arn:aws:iam::${accountId}:root`));
  return Principal ? isNamed : (caller) => !isNamed(caller);
}

function accountsOf({ AWS: names = [] }: Principals): string[] {
  return names.flatMap((name) => ACCOUNT.exec(name)?.[1] ?? []);
}
