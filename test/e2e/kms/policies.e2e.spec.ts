import {
  ACCOUNT,
  allow,
  type Caller,
  DELEGATION,
  denied,
  identifierRefusals,
  noPolicy,
  policyOf,
  ROOT,
  useKmsAccess,
} from '../../support/kms-access.js';

const { principals, call, done, user, session, newKey, grant } = useKmsAccess();

const put = (KeyId: string, Policy: string, by?: Caller, more: object = {}) =>
  call('PutKeyPolicy', { KeyId, Policy, ...more }, by);
const get = async (KeyId: string, by?: Caller) => (await done('GetKeyPolicy', { KeyId }, by))['Policy'];
const encrypt = (KeyId: string, by?: Caller) => call('Encrypt', { KeyId, Plaintext: 'AA==' }, by);

const LOCKOUT =
  'MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy in the future.';
const UNKNOWN_PRINCIPAL =
  'MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals.';

test('a new key has the default policy, which is listed by its name', async () => {
  const KeyId = await newKey();
  expect(await done('GetKeyPolicy', { KeyId })).toEqual({
    Policy: expect.stringContaining('"Sid" : "Enable IAM User Permissions"') as string,
    PolicyName: 'default',
  });
  expect(JSON.parse((await get(KeyId)) ?? '')).toEqual({
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  });
  expect(await done('ListKeyPolicies', { KeyId, Limit: 1 })).toEqual({ PolicyNames: ['default'], Truncated: false });
});

test('a policy is stored as it was written, and decides from the next call on', async () => {
  const ann = await user();
  const KeyId = await newKey();
  const written = `${policyOf(DELEGATION, allow('Encrypt', { Principal: { AWS: ann.arn } }))}\n\t`;
  expect(await encrypt(KeyId, ann)).toBe(denied(ann.arn, 'Encrypt', KeyId));
  expect(await put(KeyId, written)).toBe('ok');
  expect(await get(KeyId)).toBe(written);
  expect(await encrypt(KeyId, ann)).toBe('ok');
  expect(await put(KeyId, policyOf(DELEGATION), undefined, { PolicyName: 'default' })).toBe('ok');
  expect(await encrypt(KeyId, ann)).toBe(denied(ann.arn, 'Encrypt', KeyId));
});

test('the root is bound by the key policy, and has no way around it', async () => {
  const admin = await user(allow(['CreateKey']));
  const own = allow('*', { Principal: { AWS: admin.arn } });
  const KeyId = await newKey({ Policy: policyOf(own) }, admin);
  for (const [operation, input] of [
    ['Encrypt', { Plaintext: 'AA==' }],
    ['DescribeKey', {}],
    ['GetKeyPolicy', {}],
    ['PutKeyPolicy', { Policy: policyOf(DELEGATION) }],
    ['PutKeyPolicy', { Policy: policyOf(DELEGATION), BypassPolicyLockoutSafetyCheck: true }],
    ['CreateGrant', { GranteePrincipal: ROOT, Operations: ['Encrypt'] }],
    ['ListGrants', {}],
    ['TagResource', { Tags: [] }],
    ['ListResourceTags', {}],
  ] as const)
    expect([operation, await call(operation, { KeyId, ...input })]).toEqual([
      operation,
      denied(ROOT, operation, KeyId, noPolicy('resource', operation)),
    ]);
  expect(await put(KeyId, policyOf(own, allow('Encrypt', { Principal: { AWS: ROOT } })), admin)).toBe('ok');
  expect([await encrypt(KeyId), await call('DescribeKey', { KeyId })]).toEqual([
    'ok',
    denied(ROOT, 'DescribeKey', KeyId, noPolicy('resource', 'DescribeKey')),
  ]);
});

describe('A policy that would lock its writer out', () => {
  const others = policyOf(allow('Encrypt', { Principal: { AWS: ROOT } }));

  test('is refused by CreateKey and PutKeyPolicy, even for the root', async () => {
    expect(await call('CreateKey', { Policy: others })).toBe(LOCKOUT);
    const KeyId = await newKey();
    expect(await put(KeyId, others)).toBe(LOCKOUT);
    expect(await put(KeyId, policyOf(DELEGATION, { ...DELEGATION, Effect: 'Deny', Action: 'kms:PutKeyPolicy' }))).toBe(
      LOCKOUT,
    );
    expect(await get(KeyId)).toContain('key-default-1');
  });

  test('is accepted if BypassPolicyLockoutSafetyCheck is true', async () => {
    const KeyId = await newKey({ Policy: others, BypassPolicyLockoutSafetyCheck: true });
    expect(await encrypt(KeyId)).toBe('ok');
    expect(await put(KeyId, policyOf(DELEGATION))).toBe(
      denied(ROOT, 'PutKeyPolicy', KeyId, noPolicy('resource', 'PutKeyPolicy')),
    );
    const other = await newKey();
    expect(await put(other, others, undefined, { BypassPolicyLockoutSafetyCheck: true })).toBe('ok');
  });

  test('is one that delegates to an account whose policies do not allow the writer', async () => {
    const ann = await user(allow('CreateKey'));
    const bob = await user(allow(['CreateKey', 'PutKeyPolicy']));
    expect(await call('CreateKey', {}, ann)).toBe(LOCKOUT);
    expect(await call('CreateKey', {}, bob)).toBe('ok');
  });

  test('is one whose condition the writer does not meet', async () => {
    const Condition = { StringEquals: { 'aws:ResourceTag/team': 'pin' } };
    const Policy = policyOf({ ...DELEGATION, Condition });
    const KeyId = await newKey();
    expect(await put(KeyId, Policy)).toBe(LOCKOUT);
    expect(await call('TagResource', { KeyId, Tags: [{ TagKey: 'team', TagValue: 'pin' }] })).toBe('ok');
    expect(await put(KeyId, Policy)).toBe('ok');
    expect(await call('CreateKey', { Policy, Tags: [{ TagKey: 'team', TagValue: 'pin' }] })).toBe('ok');
    expect(await call('CreateKey', { Policy, Tags: [{ TagKey: 'team', TagValue: 'mac' }] })).toBe(LOCKOUT);
  });
});

describe('Principals', () => {
  test('of the account must exist', async () => {
    const [ann, line] = [await user(), await session()];
    const KeyId = await newKey();
    const putFor = (...AWS: string[]) => put(KeyId, policyOf(DELEGATION, allow('Encrypt', { Principal: { AWS } })));
    expect(await putFor(ann.arn, line.principalArn, line.arn, ROOT, ACCOUNT, '*')).toBe('ok');
    for (const arn of [
      `arn:aws:iam::${ACCOUNT}:user/nobody`,
      `arn:aws:iam::${ACCOUNT}:role/nothing`,
      `arn:aws:sts::${ACCOUNT}:assumed-role/nothing/monday`,
      ann.arn.replace(':user/', ':role/'),
    ])
      expect([arn, await putFor(ann.arn, arn)]).toEqual([arn, UNKNOWN_PRINCIPAL]);
    expect(
      await put(KeyId, policyOf(DELEGATION, allow('Encrypt', { Principal: { AWS: 'AIDAXXXXXXXXXXXXXXXX' } }))),
    ).toMatch(/^MalformedPolicyDocumentException: The policy is invalid: Statement\[1\]\.Principal\.AWS\[0\] must be/);
    const NotPrincipal = { AWS: [ROOT, `arn:aws:iam::${ACCOUNT}:user/nobody`] };
    expect(await put(KeyId, policyOf(DELEGATION, { ...allow('Encrypt'), Effect: 'Deny', NotPrincipal }))).toBe(
      UNKNOWN_PRINCIPAL,
    );
    expect(await call('CreateKey', { Policy: policyOf(DELEGATION, allow('Encrypt', { NotPrincipal })) })).toBe(
      UNKNOWN_PRINCIPAL,
    );
    expect(await encrypt(KeyId, ann)).toBe('ok');
  });

  test('of other accounts are accepted, although this service does not know them', async () => {
    const AWS = 'arn:aws:iam::111111111111:user/ann';
    expect(await put(await newKey(), policyOf(DELEGATION, allow('Encrypt', { Principal: { AWS } })))).toBe('ok');
  });

  test('that are removed remain in the policy, which cannot be put again', async () => {
    const ann = await user();
    const Policy = policyOf(DELEGATION, allow('Encrypt', { Principal: { AWS: ann.arn } }));
    const KeyId = await newKey({ Policy });
    await principals().remove(ann.arn);
    expect(await get(KeyId)).toBe(Policy);
    expect(await encrypt(KeyId)).toBe('ok');
    expect(await put(KeyId, Policy)).toBe(UNKNOWN_PRINCIPAL);
  });
});

test.each([
  ['without an action', { Action: undefined }],
  ['without a resource', { Resource: undefined }],
  ['about another resource', { Resource: 'arn:aws:kms:us-east-1:000000000000:key/other' }],
])('a statement %s is accepted and has no effect', async (_, elements) => {
  const ann = await user();
  const statement = { ...allow('Encrypt', { Principal: { AWS: ann.arn } }), ...elements };
  const KeyId = await newKey();
  expect(await put(KeyId, policyOf(DELEGATION, statement))).toBe('ok');
  expect(await encrypt(KeyId, ann)).toBe(denied(ann.arn, 'Encrypt', KeyId));
  const Principal = { AWS: ROOT };
  expect(await put(KeyId, policyOf(DELEGATION, { ...statement, Principal, Effect: 'Deny' }))).toBe('ok');
  expect(await encrypt(KeyId)).toBe('ok');
});

describe('A policy that is malformed', () => {
  const ok = policyOf(DELEGATION);
  test.each([
    ['text', 'no JSON', 'The policy is invalid: it is not JSON.'],
    ['without a statement', '{"Version":"2012-10-17"}', 'The policy is invalid: Statement is required.'],
    [
      'of another version',
      ok.replace('2012', '2020'),
      'The policy is invalid: Version must be 2012-10-17 or 2008-10-17.',
    ],
    [
      'without principals',
      policyOf(allow('*')),
      'The policy is invalid: Statement[0] must have either Principal or NotPrincipal.',
    ],
    [
      'with an element twice',
      ok.replace('"Effect"', '"Effect":"Deny","Effect"'),
      'The policy is invalid: Effect appears twice in one object.',
    ],
  ])('%s', async (_, Policy, message) => {
    const KeyId = await newKey();
    expect(await put(KeyId, Policy)).toBe(`MalformedPolicyDocumentException: ${message}`);
    expect(await put(KeyId, Policy, undefined, { BypassPolicyLockoutSafetyCheck: true })).toMatch(/^Malformed/);
    expect(await call('CreateKey', { Policy })).toBe(`MalformedPolicyDocumentException: ${message}`);
    expect(await get(KeyId)).toContain('key-default-1');
  });

  test('with more than 32,768 bytes', async () => {
    const padded = (bytes: number) => ok.padEnd(bytes, ' ');
    const KeyId = await newKey();
    expect(await put(KeyId, padded(32_768))).toBe('ok');
    expect(await put(KeyId, padded(32_769))).toBe('LimitExceededException: The key policy has more than 32768 bytes.');
    expect(await call('CreateKey', { Policy: padded(131_072) })).toMatch(/^LimitExceededException/);
    expect(await put(KeyId, padded(131_073))).toMatch(
      /^ValidationException: 1 validation error detected: Value '.* at 'policy'/,
    );
  });
});

describe.each([
  ['GetKeyPolicy', {}],
  ['PutKeyPolicy', { Policy: policyOf(DELEGATION) }],
  ['ListKeyPolicies', {}],
])('%s', (operation, input) => {
  test.each(identifierRefusals(operation))('refuses the key %s', async (KeyId, exception) => {
    expect(await call(operation, { KeyId, ...input })).toBe(exception);
  });

  test('refuses callers without permission from the key policy or their own policies, and grants do not help', async () => {
    const ann = await user(allow('Encrypt'));
    const KeyId = await newKey();
    await grant(KeyId, ann.arn, ['Encrypt', 'DescribeKey', 'CreateGrant']);
    expect(await call(operation, { KeyId, ...input }, ann)).toBe(denied(ann.arn, operation, KeyId));
  });
});

test.each([
  ['GetKeyPolicy', { PolicyName: 'other' }, 'NotFoundException: No such policy exists'],
  ['PutKeyPolicy', { PolicyName: 'other', Policy: '{}' }, 'NotFoundException: No such policy exists'],
  [
    'GetKeyPolicy',
    { PolicyName: 'a b' },
    "ValidationException: 1 validation error detected: Value 'a b' at 'policyName' failed to satisfy constraint: " +
      'Member must satisfy regular expression pattern: ^\\w+$',
  ],
  [
    'PutKeyPolicy',
    {},
    "ValidationException: 1 validation error detected: Value null at 'policy' failed to satisfy constraint: Member must not be null",
  ],
  [
    'ListKeyPolicies',
    { Marker: 'x' },
    'InvalidMarkerException: Marker is invalid: send the NextMarker of the previous page, with the same filters.',
  ],
])('%s of %j is refused', async (operation, input, exception) => {
  expect(await call(operation, { KeyId: await newKey(), ...input })).toBe(exception);
});
