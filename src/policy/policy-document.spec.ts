import { ResourcePolicies } from './policy-document.js';

const keyPolicies = new ResourcePolicies('payment-cryptography', 'EncryptData');
const KEY = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/kwapwa6qaifllw2h';
const ROLE = 'arn:aws:iam::111122223333:role/switch/pin';
const ALLOW = {
  Effect: 'Allow',
  Principal: { AWS: ROLE },
  Action: 'payment-cryptography:EncryptData',
  Resource: '*',
};
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const withStatement = (changes: object) => policy({ ...ALLOW, ...changes });
const without = (element: string) => withStatement({ [element]: undefined });

describe('an accepted policy', () => {
  test.each<[string, string]>([
    ['one statement outside a list', JSON.stringify({ Statement: ALLOW })],
    ['the older version, with an Id', JSON.stringify({ Version: '2008-10-17', Id: 'x', Statement: [ALLOW] })],
    ['several statements with names of their own', policy({ ...ALLOW, Sid: 'One' }, { ...ALLOW, Sid: 'Two' }, ALLOW)],
    [
      'the same name in two objects, and as a string',
      policy({ ...ALLOW, Sid: 'Effect' }, { ...ALLOW, Sid: 'a "Effect": {' }),
    ],
    ["the key's own ARN", withStatement({ Resource: KEY })],
    ['several resources', withStatement({ Resource: ['*', KEY] })],
    ['several actions', withStatement({ Action: ['payment-cryptography:*', 'Payment-Cryptography:Get*', '*'] })],
    ['NotAction', withStatement({ Action: undefined, NotAction: 'payment-cryptography:DeleteKey' })],
    ['an account', withStatement({ Principal: { AWS: '111122223333' } })],
    [
      'root, user and session',
      withStatement({
        Principal: {
          AWS: [
            'arn:aws:iam::111122223333:root',
            'arn:aws:iam::111122223333:user/a',
            'arn:aws:sts::111122223333:assumed-role/r/s',
          ],
        },
      }),
    ],
    ['a service', withStatement({ Principal: { Service: 'events.amazonaws.com' } })],
    [
      'an identity provider',
      withStatement({ Principal: { Federated: 'arn:aws:iam::111122223333:saml-provider/idp' } }),
    ],
    ['a denial of everyone', withStatement({ Effect: 'Deny', Principal: '*' })],
    [
      'a denial of everyone but one',
      withStatement({ Principal: undefined, Effect: 'Deny', NotPrincipal: { AWS: ROLE } }),
    ],
    [
      'conditions of all kinds',
      withStatement({
        Condition: {
          Bool: { 'aws:SecureTransport': true },
          NumericLessThanEquals: { 'aws:MultiFactorAuthAge': 3600 },
          'ForAnyValue:StringLike': { 'payment-cryptography:ResourceAliases': ['alias/a*', 'alias/b'] },
          StringEqualsIfExists: { 'aws:ResourceTag/team': 'x' },
          Null: { 'aws:TokenIssueTime': 'false' },
          NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
        },
      }),
    ],
  ])('%s', (_, text) => {
    expect(() => keyPolicies.check(text, KEY)).not.toThrow();
  });

  test.each<[string, object]>([
    ['PrincipalOrgID', { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } }],
    ['several accounts', { StringEquals: { 'aws:PrincipalAccount': ['111122223333', '444455556666'] } }],
    ['PrincipalArn', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } }],
    ['SourceArn', { ArnEquals: { 'AWS:sourcearn': 'arn:aws:sns:us-east-1:111122223333:topic' } }],
    ['SourceArn without an account', { StringEquals: { 'aws:SourceArn': 'arn:aws:s3:::bucket' } }],
    [
      'SourceAccount among others',
      { Bool: { 'aws:SecureTransport': 'true' }, StringLike: { 'aws:SourceAccount': '111122223333' } },
    ],
  ])('accepts a policy for everyone that is narrowed by %s', (_, Condition) => {
    expect(() => keyPolicies.check(withStatement({ Principal: '*', Condition }), KEY)).not.toThrow();
  });
});

test.each<[string, string, string]>([
  ['no JSON', '{"Statement":', 'it is not JSON'],
  ['a string', '"policy"', 'it must be an object'],
  ['a list', '[]', 'it must be an object'],
  [
    'another version',
    JSON.stringify({ Version: '2020-01-01', Statement: ALLOW }),
    'Version must be 2012-10-17 or 2008-10-17',
  ],
  ['no statement', '{"Version":"2012-10-17"}', 'Statement is required'],
  ['no statements', policy(), 'Statement must not be empty'],
  ['a statement that is not an object', policy('x' as never), 'Statement[0] must be an object'],
  ['an unknown element', JSON.stringify({ Statement: ALLOW, Rule: 1 }), "it can't have Rule"],
  ['an unknown element of a statement', withStatement({ Resources: '*' }), "Statement[0] can't have Resources"],
  ['__proto__', `{"__proto__":1,"Statement":${JSON.stringify(ALLOW)}}`, "it can't have __proto__"],
  [
    '__proto__ for an operator',
    withStatement({ Condition: {} }).replace('"Condition":{', '"Condition":{"__proto__":{"aws:x":"y"}'),
    "an object can't have __proto__",
  ],
  [
    '__proto__ for a condition key',
    withStatement({ Condition: { Bool: {} } }).replace('"Bool":{', '"Bool":{"__\\u0070roto__":"true"'),
    "an object can't have __proto__",
  ],
  [
    'a duplicate name',
    `{"Statement":${JSON.stringify(ALLOW).replace('{', '{"Effect":"Deny",')}}`,
    'Effect appears twice',
  ],
  [
    'a duplicate operator',
    withStatement({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } }).replace(
      '"Condition":{',
      '"Condition":{"Bo\\u006fl":{"aws:x":"}"},',
    ),
    'Bool appears twice',
  ],
  ['NotResource', withStatement({ NotResource: '*' }), "Statement[0] can't have NotResource"],
  ['no effect', without('Effect'), 'Statement[0].Effect is required'],
  ['another effect', withStatement({ Effect: 'allow' }), 'Statement[0].Effect must be Allow or Deny'],
  ['no principal', without('Principal'), 'Statement[0] must have either Principal or NotPrincipal'],
  ['both principals', withStatement({ NotPrincipal: { AWS: ROLE } }), 'Statement[0] must have either Principal'],
  ['an empty principal', withStatement({ Principal: {} }), 'Statement[0].Principal must not be empty'],
  [
    'a principal that is a string',
    withStatement({ Principal: ROLE }),
    'Statement[0].Principal must be "*" or an object',
  ],
  [
    'a principal of an unknown kind',
    withStatement({ Principal: { CanonicalUser: 'x' } }),
    "Statement[0].Principal can't have CanonicalUser",
  ],
  [
    'a malformed principal',
    withStatement({ Principal: { AWS: [ROLE, 'x'] } }),
    'Statement[0].Principal.AWS[1] must be "*", an account',
  ],
  [
    'a principal with a wildcard',
    withStatement({ Principal: { AWS: 'arn:aws:iam::111122223333:role/*' } }),
    'Principal.AWS[0] must be',
  ],
  [
    'a wildcard for services',
    withStatement({ Principal: { Service: '*' } }),
    'Principal.Service[0] must be the name of a service',
  ],
  ['no action', without('Action'), 'Statement[0] must have either Action or NotAction'],
  ['both actions', withStatement({ NotAction: '*' }), 'Statement[0] must have either Action or NotAction'],
  ['no actions', withStatement({ Action: [] }), 'Statement[0].Action must not be empty'],
  [
    "another service's action",
    withStatement({ Action: 'kms:Decrypt' }),
    'Statement[0].Action[0] must be "*" or an action of payment-cryptography',
  ],
  ['an action that is a number', withStatement({ Action: 7 }), 'Statement[0].Action[0] must be "*" or an action'],
  ['no resource', without('Resource'), 'Statement[0].Resource is required'],
  [
    "another key's ARN",
    withStatement({ Resource: KEY.replace('kwap', 'xxxx') }),
    'Statement[0].Resource must be "*" or the ARN of the key itself',
  ],
  ['a wildcard in the ARN', withStatement({ Resource: KEY.replace(/key.*/, 'key/*') }), 'the ARN of the key itself'],
  ['the same Sid twice', policy({ ...ALLOW, Sid: 'a' }, { ...ALLOW, Sid: 'a' }), 'every Sid only once'],
  [
    'an unknown operator',
    withStatement({ Condition: { StringIs: { 'aws:userid': 'x' } } }),
    'Statement[0].Condition.StringIs is not a condition operator',
  ],
  [
    'a condition without a key',
    withStatement({ Condition: { StringEquals: 'x' } }),
    'Statement[0].Condition.StringEquals must be an object of condition keys',
  ],
  [
    'a condition key without a service',
    withStatement({ Condition: { StringEquals: { userid: 'x' } } }),
    'Condition.StringEquals.userid is not a condition key',
  ],
  [
    'a condition value that is an object',
    withStatement({ Condition: { Bool: { 'aws:SecureTransport': {} } } }),
    'must be a string, a number or a boolean',
  ],
  [
    'more than 1000 statements',
    JSON.stringify({ Statement: new Array(1001).fill(1) }),
    'Statement must have at most 1000 members',
  ],
  [
    'more than 1000 values of a condition',
    withStatement({ Condition: { StringEquals: { 'aws:userid': new Array(1001).fill({}) } } }),
    'Condition.StringEquals.aws:userid must have at most 1000 members',
  ],
  [
    'many unknown elements',
    JSON.stringify({ Statement: ALLOW, ...Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`x${i}`, 0])) }),
    "can't have x0, x1, x2, x3, x4, x5, x6, x7, x8, x9 and 2 more.",
  ],
  [
    'an unknown element with a long name',
    withStatement({ ['x'.repeat(1000)]: 0 }),
    `Statement[0] can't have ${'x'.repeat(64)}….`,
  ],
  [
    'an operator with a long name',
    withStatement({ Condition: { ['x'.repeat(1000)]: { 'aws:userid': 'x' } } }),
    `Condition.${'x'.repeat(64)}… is not a condition operator`,
  ],
  [
    'a duplicate long name',
    policy(ALLOW).replace('{', `{"${'x'.repeat(1000)}":0,"${'x'.repeat(1000)}":0,`),
    `can't have ${'x'.repeat(64)}….`,
  ],
])('refuses %s', (_, text, message) => {
  const check = () => keyPolicies.check(text, KEY);
  expect(check).toThrow(expect.objectContaining({ name: 'PolicyError', code: 'INVALID' }));
  expect(check).toThrow(`The policy is invalid: `);
  expect(check).toThrow(message);
});

test.each<[string, object]>([
  ['"*"', { Principal: '*' }],
  ['{"AWS": "*"}', { Principal: { AWS: '*' } }],
  ['"*" among others', { Principal: { AWS: [ROLE, '*'], Service: 'events.amazonaws.com' } }],
  ['everyone but one', { Principal: undefined, NotPrincipal: { AWS: ROLE } }],
  [
    'a condition that does not limit the caller',
    { Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'true' } } },
  ],
  ['a value that is not fixed', { Principal: '*', Condition: { StringLike: { 'aws:PrincipalAccount': '1111*' } } }],
  [
    'one value of several that is not fixed',
    { Principal: '*', Condition: { StringLike: { 'aws:PrincipalOrgID': ['o-abcdefghij', 'o-*'] } } },
  ],
  [
    'an ARN of any account',
    { Principal: '*', Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/pin' } } },
  ],
  [
    'a policy variable',
    { Principal: '*', Condition: { StringEquals: { 'aws:SourceAccount': '${aws:PrincipalAccount}' } } },
  ],
  ['a negation', { Principal: '*', Condition: { StringNotEquals: { 'aws:PrincipalAccount': '111122223333' } } }],
  ['IfExists', { Principal: '*', Condition: { StringEqualsIfExists: { 'aws:SourceAccount': '111122223333' } } }],
  ['ForAllValues', { Principal: '*', Condition: { 'ForAllValues:StringEquals': { 'aws:SourceAccount': '1' } } }],
])('%s is public', (_, changes) => {
  for (const text of [withStatement(changes), policy(ALLOW, { ...ALLOW, ...changes })])
    expect(() => keyPolicies.check(text, KEY)).toThrow(
      expect.objectContaining({ name: 'PolicyError', code: 'PUBLIC' }),
    );
});

test("a policy of another service's resource names the actions of that service", () => {
  const other = new ResourcePolicies('kms', 'Decrypt');
  expect(() => other.check(withStatement({ Action: ['kms:Decrypt', 'KMS:Get*', '*'] }), KEY)).not.toThrow();
  expect(() => other.check(withStatement({}), KEY)).toThrow(
    'Statement[0].Action[0] must be "*" or an action of kms, e.g. kms:Decrypt',
  );
});

test('where statements may be incomplete, they may lack their actions or their resource, and nothing else', () => {
  const other = new ResourcePolicies('kms', 'Decrypt', { allowsIncomplete: true });
  const complete = { Effect: 'Allow', Principal: { AWS: ROLE }, Action: 'kms:*', Resource: '*' };
  const lacking = (...names: string[]) =>
    policy(Object.fromEntries(Object.entries(complete).filter(([name]) => !names.includes(name))));
  expect(() => other.readNew(lacking('Action'))).not.toThrow();
  expect(() => other.readNew(lacking('Action', 'Resource'))).not.toThrow();
  expect(() => other.readNew(lacking('Principal'))).toThrow('must have either Principal or NotPrincipal');
  expect(() => other.readNew(lacking('Effect'))).toThrow('Statement[0].Effect is required');
  expect(() => other.readNew(policy({ ...complete, NotAction: 'kms:*' }))).toThrow(
    "Statement[0] can't have both Action and NotAction",
  );
  expect(() => other.readNew(lacking().replace('{"Effect', '{"Effect":"Deny","Effect'))).toThrow(
    'Effect appears twice in one object',
  );
});
