import { z } from 'zod';
import { PublicPolicyException, ValidationException } from '../errors/exceptions.js';

/** The part of the IAM policy language that a key's policy may use. Elements that may be one or several become lists. */

const says = (must: string) => ({
  error: (issue: { code?: string; input?: unknown; keys?: string[] }) => {
    if (issue.code === 'unrecognized_keys') return `can't have ${issue.keys?.join(', ') ?? ''}`;
    return issue.input === undefined ? 'is required' : must;
  },
});

const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item, says('must be one or a list')).min(1, 'must not be empty'),
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

/** "*" is short for {"AWS": "*"}. */
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

const Action = text(
  /^(?:\*|payment-cryptography:[a-z0-9*?]+)$/i,
  'must be "*" or an action of payment-cryptography, e.g. payment-cryptography:EncryptData',
);

const OPERATOR =
  /^(?:(?:ForAllValues|ForAnyValue):)?(?:String(?:Not)?(?:Equals|EqualsIgnoreCase|Like)|(?:Numeric|Date)(?:Not)?Equals|(?:Numeric|Date)(?:LessThan|GreaterThan)(?:Equals)?|Bool|BinaryEquals|(?:Not)?IpAddress|Arn(?:Not)?(?:Equals|Like))(?:IfExists)?$|^Null$/;

const Conditions = z.record(
  text(OPERATOR, 'is not a condition operator'),
  z.record(
    text(/^[a-z0-9-]+:[^\s]+$/i, 'is not a condition key'),
    oneOrMore(z.union([z.string(), z.number(), z.boolean()], says('must be a text, a number or a boolean'))),
    says('must be an object of condition keys'),
  ),
  says('must be an object of condition operators'),
);

const Statement = z
  .strictObject(
    {
      Sid: z.string(says('must be a text')).optional(),
      Effect: z.enum(['Allow', 'Deny'], says('must be Allow or Deny')),
      Principal: Principals.optional(),
      NotPrincipal: Principals.optional(),
      Action: oneOrMore(Action).optional(),
      NotAction: oneOrMore(Action).optional(),
      Resource: oneOrMore(z.string(says('must be a text'))),
      Condition: Conditions.optional(),
    },
    says('must be an object'),
  )
  .refine(({ Principal, NotPrincipal }) => (Principal === undefined) !== (NotPrincipal === undefined), {
    error: 'must have either Principal or NotPrincipal',
  })
  .refine(({ Action, NotAction }) => (Action === undefined) !== (NotAction === undefined), {
    error: 'must have either Action or NotAction',
  });
type Statement = z.infer<typeof Statement>;

const PolicyDocument = z.strictObject(
  {
    Version: z.enum(['2012-10-17', '2008-10-17'], says('must be 2012-10-17 or 2008-10-17')).optional(),
    Id: z.string(says('must be a text')).optional(),
    Statement: oneOrMore(Statement),
  },
  says('must be an object'),
);
export type PolicyDocument = z.infer<typeof PolicyDocument>;

/**
 * Checks the policy that a key is to have.
 *
 * @throws ValidationException that says what is wrong first: no JSON, not the policy language, or another resource
 * @throws PublicPolicyException when it lets any principal do something
 */
export function checkPolicy(policy: string, keyArn: string): PolicyDocument {
  const document = read(policy);
  const names = document.Statement.flatMap(({ Sid }) => Sid ?? []);
  if (new Set(names).size < names.length) throw invalid('Statement must have every Sid once only');
  document.Statement.forEach(({ Resource }, i) => {
    if (Resource.some((resource) => resource !== '*' && resource !== keyArn))
      throw invalid(`Statement[${i}].Resource must be "*" or the ARN of the key itself`);
  });
  const open = document.Statement.findIndex(letsAnyoneIn);
  if (open >= 0)
    throw new PublicPolicyException(
      `The policy would grant public access: Statement[${open}] allows any principal. Name principals, or narrow it with a condition.`,
    );
  return document;
}

function read(policy: string): PolicyDocument {
  let json: unknown;
  try {
    json = JSON.parse(policy);
  } catch {
    throw invalid('it is not JSON');
  }
  const result = PolicyDocument.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(issue ? `${pathOf(issue.path)} ${messageOf(issue)}` : 'it can not be read');
}

/** A key of a record says what is wrong with it in an issue of its own. */
function messageOf(issue: z.core.$ZodIssue): string {
  return (issue.code === 'invalid_key' && issue.issues[0]?.message) || issue.message;
}

function pathOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return steps.join('').slice(1) || 'it';
}

function invalid(what: string): ValidationException {
  return new ValidationException(`The policy is invalid: ${what}.`);
}

function letsAnyoneIn({ Effect, Principal, Condition = {} }: Statement): boolean {
  const anyone = Principal === undefined || (Principal.AWS ?? []).includes('*');
  return Effect === 'Allow' && anyone && !Object.entries(Condition).some(narrows);
}

/**
 * Operators that hold for the values named and for nothing else. IfExists and ForAllValues hold for an absent key too, and
 * negations for anyone but the values named.
 */
const NARROWING_OPERATORS = ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike', 'ArnEquals', 'ArnLike'];

/** Condition keys that tell who calls or for whom, with what makes a value of theirs fixed. */
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
