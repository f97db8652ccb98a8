import { requestOf, ROOT, USER } from '../../../test/support/policy.js';
import { decideByResource } from '../../policy/decision.js';
import { defaultPolicy, readKeyPolicy, readNewKeyPolicy } from './key-policies.js';

const KEY = 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555';
const ALLOW = { Effect: 'Allow', Principal: { AWS: USER }, Action: 'kms:Encrypt', Resource: '*' };
const policyOf = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** Returns whether a key policy lets the user encrypt. */
function isAllowed(...statements: object[]): boolean {
  const request = requestOf({ action: 'kms:Encrypt', resource: KEY });
  return decideByResource(request, undefined, readKeyPolicy(KEY, policyOf(...statements))).allowed;
}

test.each<[what: string, allowed: boolean, ...statements: object[]]>([
  ['allows', true, ALLOW],
  ["of the key's own ARN allows", true, { ...ALLOW, Resource: KEY }],
  ["of another key's ARN has no effect", false, { ...ALLOW, Resource: KEY.replace('1111', '9999') }],
  ['without an action has no effect', false, { ...ALLOW, Action: undefined }],
  ['without a resource has no effect', false, { ...ALLOW, Resource: undefined }],
  ['denies', false, ALLOW, { ...ALLOW, Effect: 'Deny' }],
  ['that denies without an action has no effect', true, ALLOW, { ...ALLOW, Effect: 'Deny', Action: undefined }],
  ['that denies without a resource has no effect', true, ALLOW, { ...ALLOW, Effect: 'Deny', Resource: undefined }],
  ["that denies another key's ARN has no effect", true, ALLOW, { ...ALLOW, Effect: 'Deny', Resource: `${KEY}0` }],
])('a statement %s', (_, allowed, ...statements) => expect(isAllowed(...statements)).toBe(allowed));

test('the default policy allows the root, and delegates to the policies of the account', () => {
  const policy = readKeyPolicy(KEY, defaultPolicy('000000000000'));
  const by = (caller: 'root' | 'user') =>
    decideByResource(requestOf({ action: 'kms:Encrypt', resource: KEY, caller }), undefined, policy);
  expect(by('root').allowed).toBe(true);
  expect(by('user')).toEqual({ allowed: false, by: undefined, lacks: 'identity' });
});

test('parsing a new policy returns the principals that it names', () => {
  const other = { ...ALLOW, Principal: undefined, NotPrincipal: { AWS: [ROOT, USER] }, Effect: 'Deny' };
  expect(readNewKeyPolicy(KEY, policyOf(ALLOW, other)).principals).toEqual([USER, ROOT]);
});

test('a new policy has 32,768 bytes at most', () => {
  const text = policyOf(ALLOW);
  const padded = (bytes: number) => text.replace(/^\{/, `{${' '.repeat(bytes - text.length)}`);
  expect(() => readNewKeyPolicy(KEY, padded(32_768))).not.toThrow();
  expect(() => readNewKeyPolicy(KEY, padded(32_769))).toThrow(
    expect.objectContaining({ name: 'LimitExceededException' }),
  );
  expect(() => readNewKeyPolicy(KEY, padded(32_768).replace('  ', 'ÿ '))).toThrow();
});

test.each([
  ['no JSON', 'a policy', 'it is not JSON'],
  ['no object', '[]', 'it must be an object'],
  ['no statement', '{"Version":"2012-10-17"}', 'Statement is required'],
  ['an empty list of statements', '{"Version":"2012-10-17","Statement":[]}', 'Statement must not be empty'],
  ['another version', policyOf(ALLOW).replace('2012', '2013'), 'Version must be 2012-10-17 or 2008-10-17'],
  ['no principal', policyOf({ ...ALLOW, Principal: undefined }), 'Statement[0] must have either Principal'],
  [
    'a user without a name',
    policyOf({ ...ALLOW, Principal: { AWS: 'arn:aws:iam::000000000000:user/' } }),
    '.AWS[0] must',
  ],
  ["another service's action", policyOf({ ...ALLOW, Action: 's3:GetObject' }), 'Statement[0].Action[0] must be'],
  ['an unknown operator', policyOf({ ...ALLOW, Condition: { Equals: {} } }), 'is not a condition operator'],
  ['an element twice', policyOf(ALLOW).replace('"Effect', '"Effect":"Deny","Effect'), 'Effect appears twice'],
])('a new policy with %s is refused', (_, policy, message) =>
  expect(() => readNewKeyPolicy(KEY, policy)).toThrow(message),
);
