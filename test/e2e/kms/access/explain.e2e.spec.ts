import {
  allow,
  type Caller,
  DELEGATION,
  FOREIGN_KEY,
  keyArn,
  MISSING_KEY,
  policyOf,
  ROOT,
  useKmsAccess,
} from '../../../support/kms-access.js';

const { service, call, done, user, session, newKey, grant } = useKmsAccess();

let ann: Caller;
let line: Caller;
let KeyId: string;
beforeAll(async () => {
  [ann, line] = [await user(allow('Decrypt', { Sid: 'Read' })), await session()];
  const Policy = policyOf(
    DELEGATION,
    allow('Encrypt', { Sid: 'Write', Principal: { AWS: ann.arn } }),
    { ...allow('DescribeKey', { Principal: { AWS: ann.arn } }), Effect: 'Deny' },
    allow('ListGrants', {
      Principal: { AWS: ann.arn },
      Condition: { StringEquals: { 'kms:RequestAlias': 'alias/explained' } },
    }),
  );
  KeyId = await newKey({ Policy });
  await done('CreateAlias', { AliasName: 'alias/explained', TargetKeyId: KeyId });
});

/** Asks the admin API. @returns its answer without the other statements that were considered, or the exception */
async function explain(Principal: string, Action: string, Resource: string, Context: object = {}): Promise<unknown> {
  const body = JSON.stringify({ Principal, Action, Resource, Context });
  const { status, json } = await service.send({ path: '/admin/explain', body });
  const { Considered: _, ...decided } = json;
  return status === 200 ? decided : `${String(json['__type'])}: ${String(json['message'])}`;
}

test("a statement of the key policy, one of the caller's own policies, or none decides", async () => {
  expect(await explain(ann.arn, 'kms:Encrypt', KeyId)).toEqual({
    Decision: 'allowed',
    Reason: `By Allow in policy ${KeyId}, statement 2 (Write).`,
    Statement: { Policy: KeyId, Number: 2, Sid: 'Write' },
  });
  expect(await explain(ann.arn, 'kms:Decrypt', KeyId)).toEqual({
    Decision: 'allowed',
    Reason: 'By Allow in policy own, statement 1 (Read).',
    Statement: { Policy: 'own', Number: 1, Sid: 'Read' },
  });
  expect(await explain(ann.arn, 'kms:DescribeKey', KeyId)).toEqual({
    Decision: 'denied',
    Reason: `By Deny in policy ${KeyId}, statement 3.`,
    Statement: { Policy: KeyId, Number: 3 },
  });
  expect(await explain(line.arn, 'kms:Encrypt', KeyId)).toEqual({
    Decision: 'denied',
    Reason: `No policy of ${line.arn} or of ${KeyId} allows kms:Encrypt.`,
  });
  const silent = policyOf(allow('PutKeyPolicy', { Principal: { AWS: ROOT } }));
  const other = await newKey({ Policy: silent });
  for (const arn of [ann.arn, ROOT])
    expect(await explain(arn, 'kms:Decrypt', other)).toEqual({
      Decision: 'denied',
      Reason: `Neither the policy of ${other} nor a grant allows ${arn} or its account kms:Decrypt.`,
    });
});

test('a grant decides, with the encryption context that the question states', async () => {
  const key = await newKey();
  const Constraints = { EncryptionContextSubset: { Table: 'orders' } };
  const { GrantId } = await grant(key, line.principalArn, ['Encrypt', 'CreateGrant'], { Constraints });
  const byGrant = { Decision: 'allowed', Reason: `By grant ${GrantId} of ${key}.`, GrantId };
  const denied = expect.objectContaining({ Decision: 'denied' }) as unknown;
  const context = (name: string) => ({ [name]: ['orders'] });
  expect(await explain(line.arn, 'kms:Encrypt', key, context('kms:EncryptionContext:Table'))).toEqual(byGrant);
  expect(await explain(line.arn, 'kms:Encrypt', key, context('kms:EncryptionContext:table'))).toEqual(denied);
  expect(await explain(line.arn, 'kms:Encrypt', key)).toEqual(denied);
  expect(await explain(line.arn, 'kms:Decrypt', key, context('kms:EncryptionContext:Table'))).toEqual(denied);
  expect(await explain(ann.arn, 'kms:Encrypt', key, context('kms:EncryptionContext:Table'))).toEqual(denied);
});

test('a grant decides CreateGrant by the operations that the question states', async () => {
  const key = await newKey();
  const { GrantId } = await grant(key, ann.arn, ['Encrypt', 'CreateGrant']);
  const operations = (...names: string[]) => ({ 'kms:GrantOperations': names });
  expect(await explain(ann.arn, 'kms:CreateGrant', key, operations('Encrypt'))).toMatchObject({ GrantId });
  expect(await explain(ann.arn, 'kms:CreateGrant', key, operations('Encrypt', 'Decrypt'))).toMatchObject({
    Decision: 'denied',
  });
});

test("RetireGrant is decided by the principal's own policies and the grants of the key", async () => {
  const key = await newKey();
  expect(await explain(ann.arn, 'kms:RetireGrant', key)).toMatchObject({ Decision: 'denied' });
  const { GrantId } = await grant(key, line.principalArn, ['Encrypt'], { RetiringPrincipal: ann.arn });
  expect(await explain(ann.arn, 'kms:RetireGrant', key)).toMatchObject({ Decision: 'allowed', GrantId });
  expect(await explain(line.arn, 'kms:RetireGrant', key)).toMatchObject({ Decision: 'denied' });
  expect(await explain(ROOT, 'kms:RetireGrant', key)).toMatchObject({ Decision: 'allowed' });
});

test('a key is found by its alias, and an alias without a key is not found', async () => {
  const alias = 'arn:aws:kms:us-east-1:000000000000:alias/explained';
  expect(await explain(ann.arn, 'kms:Encrypt', alias)).toMatchObject({ Statement: { Policy: KeyId, Number: 2 } });
  expect(await explain(ann.arn, 'kms:ListGrants', alias)).toMatchObject({ Statement: { Policy: KeyId, Number: 4 } });
  expect(await explain(ann.arn, 'kms:ListGrants', KeyId)).toMatchObject({ Decision: 'denied' });
  expect(await explain(ann.arn, 'kms:DeleteAlias', alias)).toEqual({
    Decision: 'denied',
    Reason: `No policy of ${ann.arn} or of ${alias} allows kms:DeleteAlias.`,
  });
  for (const missing of [MISSING_KEY, alias.replace('explained', 'none')])
    expect(await explain(ann.arn, 'kms:Decrypt', missing)).toMatchObject({ Statement: { Policy: 'own' } });
});

test.each([
  ['kms:Encrypt', FOREIGN_KEY, { Decision: 'denied', Reason: 'The service keeps no keys of account 111111111111.' }],
  [
    'kms:ListKeys',
    '*',
    { Decision: 'allowed', Reason: 'The root of the account needs no policy, and no policy of the key denies it.' },
  ],
  ['kms:ListKeys', MISSING_KEY, 'ValidationException: The resource of ListKeys is "*", because it has no resource.'],
  ['kms:Encrypt', '*', 'ValidationException: The resource of Encrypt is the ARN of a KMS key or of an alias.'],
  [
    'kms:Encrypt',
    'arn:aws:payment-cryptography:us-east-1:000000000000:key/x',
    'ValidationException: The resource of Encrypt is the ARN of a KMS key or of an alias.',
  ],
  [
    'kms:CreateAlias',
    '*',
    'ValidationException: The resource of CreateAlias is the ARN of an alias or of its KMS key.',
  ],
  [
    'CreateAlias',
    keyArn(),
    'ValidationException: Several services have an action CreateAlias: name one of payment-cryptography:CreateAlias, ' +
      'kms:CreateAlias.',
  ],
  ['kms:Fly', '*', 'ValidationException: There is no action kms:Fly. An action is e.g. kms:Encrypt.'],
])('%s on %s is answered for the root', async (action, resource, answer) => {
  expect(await explain(ROOT, action, resource)).toEqual(answer);
});

test('explanations match what the service does', async () => {
  expect(await call('Encrypt', { KeyId, Plaintext: 'AA==' }, ann)).toBe('ok');
  expect(await call('DescribeKey', { KeyId }, ann)).toMatch(/with an explicit deny in a resource-based policy$/);
  expect(await call('ListGrants', { KeyId }, ann)).toMatch(/because no identity-based policy allows/);
});
