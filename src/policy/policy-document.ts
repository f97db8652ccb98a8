import { z } from 'zod';
import { canCompare, isOperator } from './conditions.js';
import { PolicyError } from './policy-error.js';

/**
 * The subset of the IAM policy language that keys need. Elements that may be one value or a list are converted to
 * lists.
 */

/** Maximum number of statements, actions, values … in one list. */
const MAX_MEMBERS = 1000;
/** Maximum number of names that a message lists, and of characters that it shows of a name. */
const MAX_NAMES = 10;
const MAX_NAME_CHARACTERS = 64;

const says = (must: string) => ({
  error: (issue: { code?: string; input?: unknown; keys?: string[] }) => {
    if (issue.code === 'unrecognized_keys') return `can't have ${listed(issue.keys ?? [])}`;
    return issue.input === undefined ? 'is required' : must;
  },
});

function listed(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return `${names.slice(0, MAX_NAMES).map(shortened).join(', ')}${more}`;
}

function shortened(name: string): string {
  return name.length > MAX_NAME_CHARACTERS ? `${name.slice(0, MAX_NAME_CHARACTERS)}…` : name;
}

const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z
      .array(item, says('must be one value or a list'))
      .min(1, 'must not be empty')
      .max(MAX_MEMBERS, `must have at most ${MAX_MEMBERS} members`),
  );

const text = (pattern: RegExp, must: string) => z.string(says(must)).regex(pattern, must);

const AwsPrincipal = text(
  /^(?:\*|[0-9]{12}|arn:aws:iam::[0-9]{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|arn:aws:sts::[0-9]{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/,
  'must be "*", an account, or the ARN of a root, user, role or session',
);
const ServicePrincipal = text(/^[a-z0-9][a-z0-9.-]*\.amazonaws\.com$/, 'must be the name of a service');
const FederatedPrincipal = text(
  /^(?:arn:aws:iam::[0-9]{12}:(?:saml|oidc)-provider\/[\w+=,.@/:-]+|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/,
  'must be an identity provider',
);

/** Expands the short form "*" to {"AWS": "*"}. */
const Principals = z.preprocess(
  (value) => (value === '*' ? { AWS: '*' } : value),
  z
    .strictObject(
      {
        AWS: oneOrMore(AwsPrincipal).optional(),
        Service: oneOrMore(ServicePrincipal).optional(),
        Federated: oneOrMore(FederatedPrincipal).optional(),
      },
      says('must be "*" or an object'),
    )
    .refine((principals) => Object.keys(principals).length > 0, 'must not be empty'),
);

export type Principals = z.infer<typeof Principals>;

/** A policy of a user may name actions of other services, so that one from AWS can be used unchanged. */
const AnyAction = text(
  /^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/i,
  'must be "*" or an action, e.g. payment-cryptography:EncryptData',
);
const AnyResource = text(
  /^(?:\*|arn:[^:]+:[^:]+:[^:]*:[^:]*:.+)$/s,
  'must be "*" or an ARN, e.g. arn:aws:payment-cryptography:*:*:key/*',
);

/** A union would report three faults for each wrong value. */
const Value = z.custom<string | number | boolean>(
  (value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean',
  says('must be a string, a number or a boolean'),
);

const Conditions = z
  .record(
    z.string().refine((text) => isOperator(text), 'is not a condition operator'),
    z.record(
      text(/^[a-z0-9-]+:\S(?:.*\S)?$/is, 'is not a condition key'),
      oneOrMore(Value),
      says('must be an object of condition keys'),
    ),
    says('must be an object of condition operators'),
  )
  .superRefine((conditions, context) => {
    for (const [operator, keys] of Object.entries(conditions))
      for (const [key, values] of Object.entries(keys))
        if (!values.every((value) => canCompare(operator, String(value))))
          context.addIssue({
            code: 'custom',
            path: [operator, key],
            message: `must be a value that ${operator} can compare with`,
          });
  });

const ELEMENTS = {
  Sid: z.string(says('must be a string')).optional(),
  Effect: z.enum(['Allow', 'Deny'], says('must be Allow or Deny')),
  Condition: Conditions.optional(),
};
const oneOf = (a: string, b: string): [(statement: Record<string, unknown>) => boolean, { error: string }] => [
  (statement) => (statement[a] === undefined) !== (statement[b] === undefined),
  { error: `must have either ${a} or ${b}` },
];

const notBoth = (a: string, b: string): [(statement: Record<string, unknown>) => boolean, { error: string }] => [
  (statement) => statement[a] === undefined || statement[b] === undefined,
  { error: `can't have both ${a} and ${b}` },
];

/** @param example an operation of the service */
const resourceStatementOf = (service: string, example: string, allowsIncomplete: boolean) => {
  const action = text(
    new RegExp(`^(?:\\*|${service}:[a-z0-9*?]+)$`, 'i'),
    `must be "*" or an action of ${service}, e.g. ${service}:${example}`,
  );
  const statement = z
    .strictObject(
      {
        ...ELEMENTS,
        Principal: Principals.optional(),
        NotPrincipal: Principals.optional(),
        Action: oneOrMore(action).optional(),
        NotAction: oneOrMore(action).optional(),
        Resource: oneOrMore(z.string(says('must be a string'))).optional(),
      },
      says('must be an object'),
    )
    .refine(...oneOf('Principal', 'NotPrincipal'));
  if (allowsIncomplete) return statement.refine(...notBoth('Action', 'NotAction'));
  return statement
    .refine(...oneOf('Action', 'NotAction'))
    .refine(({ Resource }) => Resource !== undefined, { path: ['Resource'], error: 'is required' });
};
export type ResourceStatement = z.infer<ReturnType<typeof resourceStatementOf>>;

const IdentityStatement = z
  .strictObject(
    {
      ...ELEMENTS,
      Action: oneOrMore(AnyAction).optional(),
      NotAction: oneOrMore(AnyAction).optional(),
      Resource: oneOrMore(AnyResource).optional(),
      NotResource: oneOrMore(AnyResource).optional(),
    },
    says('must be an object'),
  )
  .refine(...oneOf('Action', 'NotAction'))
  .refine(...oneOf('Resource', 'NotResource'));
export type IdentityStatement = z.infer<typeof IdentityStatement>;

const documentOf = <T extends z.ZodType>(statement: T) =>
  z
    .strictObject(
      {
        Version: z.enum(['2012-10-17', '2008-10-17'], says('must be 2012-10-17 or 2008-10-17')).optional(),
        Id: z.string(says('must be a string')).optional(),
        Statement: oneOrMore(statement),
      },
      says('must be an object'),
    )
    .refine(
      ({ Statement }) => {
        const names = Statement.flatMap((statement) => (statement as { Sid?: string }).Sid ?? []);
        return new Set(names).size === names.length;
      },
      { path: ['Statement'], error: 'must have every Sid only once' },
    );
const IdentityDocument = documentOf(IdentityStatement);

/** A parsed policy. */
export interface PolicyDocument<S> {
  Version?: '2012-10-17' | '2008-10-17';
  Statement: S[];
}

/** Maximum length of a policy of a user or a role, in characters; the service model has the same limit for a key's. */
const MAX_CHARACTERS = 20_480;

/**
 * Checks a policy before it is attached to a user or a role.
 *
 * @throws PolicyError INVALID that names the first fault: too long, not JSON, or not the policy language
 */
export function checkIdentityPolicy(policy: string): void {
  if (policy.length > MAX_CHARACTERS) throw invalid(`it has more than ${MAX_CHARACTERS} characters`);
  readIdentityPolicy(policy);
  requireNames(policy);
}

/** Parses a policy of a user or a role that was checked before it was stored. */
export function readIdentityPolicy(policy: string): PolicyDocument<IdentityStatement> {
  return read(policy, IdentityDocument);
}

/** The policies of the resources of one service. */
export class ResourcePolicies {
  readonly #document: z.ZodType<PolicyDocument<ResourceStatement>>;

  /**
   * @param service prefix of the service's actions, e.g. `payment-cryptography`
   * @param example an operation of the service, for messages
   * @param allowsIncomplete true if a statement may lack its actions or its resource; such a statement has no effect
   */
  constructor(service: string, example: string, { allowsIncomplete = false } = {}) {
    this.#document = documentOf(resourceStatementOf(service, example, allowsIncomplete));
  }

  /** Parses a policy that was checked before it was stored. */
  read(policy: string): PolicyDocument<ResourceStatement> {
    return read(policy, this.#document);
  }

  /** Parses a policy that a resource is to get. @throws PolicyError INVALID that names the first fault */
  readNew(policy: string): PolicyDocument<ResourceStatement> {
    const document = this.read(policy);
    requireNames(policy);
    return document;
  }

  /**
   * Checks a policy before it is attached to a resource, for a service that refuses public policies.
   *
   * @param resourceArn the only resource that the policy may name, besides `*`
   * @throws PolicyError INVALID that names the first fault: not JSON, not the policy language, or another resource
   * @throws PolicyError PUBLIC if a statement allows any principal without a condition that narrows it
   */
  check(policy: string, resourceArn: string): PolicyDocument<ResourceStatement> {
    const document = this.readNew(policy);
    document.Statement.forEach(({ Resource }, i) => {
      if (Resource?.some((resource) => resource !== '*' && resource !== resourceArn))
        throw invalid(`Statement[${i}].Resource must be "*" or the ARN of the key itself`);
    });
    const open = document.Statement.findIndex(isPublic);
    if (open >= 0)
      throw new PolicyError(
        'PUBLIC',
        `The policy would grant public access: Statement[${open}] allows any principal. Name principals, or narrow it with a condition.`,
      );
    return document;
  }
}

function read<T>(policy: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(policy);
  } catch {
    throw invalid('it is not JSON');
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(issue ? `${pathOf(issue.path)} ${messageOf(issue)}` : 'it can not be read');
}

/**
 * Rejects names that a parser drops: of duplicate ones in an object, JSON.parse keeps only the last, and zod leaves
 * `__proto__` out. If a condition were lost, the statement would apply more often than intended.
 *
 * @param policy valid JSON
 */
function requireNames(policy: string): void {
  const objects: Set<string>[] = [];
  for (const [token, text, colon] of policy.matchAll(/("(?:[^"\\]|\\.)*")\s*(:?)|[{}]/g)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (text !== undefined && colon === ':') {
      const name = JSON.parse(text) as string;
      if (name === '__proto__') throw invalid("an object can't have __proto__");
      if (objects.at(-1)?.has(name)) throw invalid(`${shortened(name)} appears twice in one object`);
      objects.at(-1)?.add(name);
    }
  }
}

/** For an invalid key of a record, the message is in a nested issue. */
function messageOf(issue: z.core.$ZodIssue): string {
  return (issue.code === 'invalid_key' && issue.issues[0]?.message) || issue.message;
}

function pathOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${shortened(String(step))}`));
  return steps.join('').slice(1) || 'it';
}

function invalid(what: string): PolicyError {
  return new PolicyError('INVALID', `The policy is invalid: ${what}.`);
}

function isPublic({ Effect, Principal, Condition = {} }: ResourceStatement): boolean {
  const anyone = Principal === undefined || (Principal.AWS ?? []).includes('*');
  return Effect === 'Allow' && anyone && !Object.entries(Condition).some(narrows);
}

/**
 * Operators that match the listed values and nothing else. IfExists and ForAllValues also match if the key is missing,
 * and negated operators match anything but the listed values.
 */
const NARROWING_OPERATORS = ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike', 'ArnEquals', 'ArnLike'];

/** Condition keys that identify the caller, with patterns of values that fix the caller's account. */
const FIXED = /^[^*?$]+$/;
const FIXED_ACCOUNT = /^(?:[^*?$]+|arn:aws:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:[^$]+)$/;
const NARROWING_KEYS = new Map([
  ['aws:principalaccount', FIXED],
  ['aws:principalarn', FIXED_ACCOUNT],
  ['aws:principalorgid', FIXED],
  ['aws:sourceaccount', FIXED],
  ['aws:sourcearn', FIXED_ACCOUNT],
  ['aws:sourceorgid', FIXED],
  ['aws:sourcevpc', FIXED],
  ['aws:sourcevpce', FIXED],
  ['aws:userid', FIXED],
]);

function narrows([operator, keys]: [string, Record<string, readonly (string | number | boolean)[]>]): boolean {
  if (!NARROWING_OPERATORS.includes(operator)) return false;
  return Object.entries(keys).some(([key, values]) => {
    const fixed = NARROWING_KEYS.get(key.toLowerCase());
    return fixed !== undefined && values.every((value) => fixed.test(String(value)));
  });
}
