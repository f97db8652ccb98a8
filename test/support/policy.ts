import { decide } from '../../src/policy/decision.js';
import { type AccessRequest, identityStatements, Statements } from '../../src/policy/policy.js';
import { readIdentityPolicy } from '../../src/policy/policy-document.js';

/** Policies, and the requests that they decide on. */

export const KEY = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/kwapwa6qaifllw2h';
export const USER = 'arn:aws:iam::000000000000:user/ann';
export const ROOT = 'arn:aws:iam::000000000000:root';
export const ROLE = 'arn:aws:iam::000000000000:role/line';
export const SESSION = 'arn:aws:sts::000000000000:assumed-role/line/monday';
export const ACTION = 'payment-cryptography:EncryptData';

export type Said = Record<string, string | readonly string[]>;

/** A rule, the condition, the condition keys of the request, and whether the condition holds. */
export type ConditionRow = [
  rule: string,
  Condition: Record<string, Record<string, unknown>>,
  says: Said,
  holds: boolean,
];

export interface Asked {
  action?: string;
  resource?: string;
  caller?: 'user' | 'root' | 'session';
  says?: Said;
}
export type Elements = Record<string, unknown>;

const CALLERS = {
  user: { arn: USER, principalArn: USER, accountId: '000000000000' },
  root: { arn: ROOT, principalArn: ROOT, accountId: '000000000000' },
  session: { arn: SESSION, principalArn: ROLE, accountId: '000000000000' },
};

export function requestOf({ action = ACTION, resource = KEY, caller = 'user', says = {} }: Asked): AccessRequest {
  const said = new Map(Object.entries(says).map(([key, value]) => [key.toLowerCase(), [value].flat()]));
  return { action, resource, caller: CALLERS[caller], context: (key) => said.get(key) };
}

export const document = (statements: readonly Elements[], Version = '2012-10-17') =>
  JSON.stringify({ Version, Statement: statements });
export const identityOf = (...policies: string[]) =>
  new Statements(policies.flatMap((policy, i) => identityStatements(`policy ${i}`, readIdentityPolicy(policy))));

/** True if a statement that has these elements, and otherwise allows everything, allows the request. */
export function allows(elements: Elements, asked: Asked = {}, version?: string): boolean {
  const statement = {
    Effect: 'Allow',
    ...('NotAction' in elements ? {} : { Action: '*' }),
    ...('NotResource' in elements ? {} : { Resource: '*' }),
    ...elements,
  };
  return decide(requestOf(asked), identityOf(document([statement], version)), undefined).allowed;
}
