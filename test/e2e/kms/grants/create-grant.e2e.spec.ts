import { DataSource } from 'typeorm';
import { keyIdOf } from '../../../support/keys.js';
import {
  allow,
  type Caller,
  DELEGATION,
  denied,
  identifierRefusals,
  keyArn,
  policyOf,
  ROOT,
  useKmsAccess,
} from '../../../support/kms-access.js';

const { service, call, done, user, session, newKey, grant } = useKmsAccess();

interface Grants {
  Grants: Record<string, unknown>[];
}
const listed = (KeyId: string, input: object = {}) => done<Grants>('ListGrants', { KeyId, ...input });
const idsOf = ({ Grants }: Grants) => Grants.map(({ GrantId }) => GrantId);
const encrypt = (KeyId: string, by?: Caller, input: object = {}) =>
  call('Encrypt', { KeyId, Plaintext: 'AA==', ...input }, by);
const OTHER = 'arn:aws:iam::000000000000:user/other';
const create = (input: object, by?: Caller) => call('CreateGrant', input, by);
const ofOther = { GranteePrincipal: OTHER, Operations: ['Encrypt'] };
const DRY_RUN = 'DryRunOperationException: The request would have succeeded, but the DryRun option is set.';

test('a grant is listed with all that it was created with', async () => {
  const KeyId = await newKey();
  const Constraints = { EncryptionContextSubset: { table: 'orders', row: '1' } };
  const plain = await grant(KeyId, OTHER, ['Encrypt', 'Decrypt', 'Encrypt']);
  const named = await grant(KeyId, ROOT, ['DescribeKey'], {
    Name: 'for:a/test_1',
    RetiringPrincipal: OTHER,
    Constraints,
  });
  const service = await done<{ GrantId: string }>('CreateGrant', {
    KeyId,
    GranteeServicePrincipal: 's3.amazonaws.com',
    RetiringServicePrincipal: 'ec2.amazonaws.com',
    Operations: ['Decrypt'],
    Constraints: { SourceArn: 'arn:aws:s3:us-east-1:000000000000:bucket' },
  });
  const common = { KeyId, CreationDate: expect.any(Number) as number, IssuingAccount: ROOT };
  expect(await listed(KeyId)).toEqual({
    Grants: [
      { ...common, GrantId: plain.GrantId, Name: '', GranteePrincipal: OTHER, Operations: ['Encrypt', 'Decrypt'] },
      {
        ...common,
        GrantId: named.GrantId,
        Name: 'for:a/test_1',
        GranteePrincipal: ROOT,
        RetiringPrincipal: OTHER,
        Operations: ['DescribeKey'],
        Constraints,
      },
      {
        ...common,
        GrantId: service.GrantId,
        Name: '',
        GranteeServicePrincipal: 's3.amazonaws.com',
        RetiringServicePrincipal: 'ec2.amazonaws.com',
        Operations: ['Decrypt'],
        Constraints: { SourceArn: 'arn:aws:s3:us-east-1:000000000000:bucket' },
      },
    ],
    Truncated: false,
  });
  expect(plain).toEqual({
    GrantId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    GrantToken: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) as string,
  });
});

describe('The same call again', () => {
  const input = {
    Name: 'again',
    RetiringPrincipal: OTHER,
    Constraints: { EncryptionContextEquals: { a: '1', b: '2' } },
  };

  test('returns the grant of its name, with another token', async () => {
    const KeyId = await newKey();
    const first = await grant(KeyId, OTHER, ['Encrypt', 'Decrypt'], input);
    const Constraints = { EncryptionContextEquals: { b: '2', a: '1' } };
    const second = await grant(KeyId, OTHER, ['Decrypt', 'Encrypt'], { ...input, Constraints });
    expect(second.GrantId).toBe(first.GrantId);
    expect(second.GrantToken).not.toBe(first.GrantToken);
    expect(idsOf(await listed(KeyId))).toEqual([first.GrantId]);
    expect((await grant(await newKey(), OTHER, ['Encrypt', 'Decrypt'], input)).GrantId).not.toBe(first.GrantId);
  });

  test.each([
    ['without a name', { Name: undefined }],
    ['with another name', { Name: 'other' }],
    ['with another grantee', { GranteePrincipal: ROOT }],
    ['with another retiring principal', { RetiringPrincipal: ROOT }],
    ['without a retiring principal', { RetiringPrincipal: undefined }],
    ['with fewer operations', { Operations: ['Encrypt'] }],
    ['with another constraint', { Constraints: { EncryptionContextEquals: { a: '1' } } }],
    ['with a constraint of another type', { Constraints: { EncryptionContextSubset: { a: '1', b: '2' } } }],
    ['without a constraint', { Constraints: undefined }],
  ])('%s makes another grant', async (_, changes) => {
    const KeyId = await newKey();
    const first = await grant(KeyId, OTHER, ['Encrypt', 'Decrypt'], input);
    const second = await grant(KeyId, OTHER, ['Encrypt', 'Decrypt'], { ...input, ...changes });
    expect(idsOf(await listed(KeyId))).toEqual([first.GrantId, second.GrantId]);
  });

  test('called concurrently creates one grant', async () => {
    const KeyId = await newKey();
    const grants = await Promise.all(Array.from({ length: 5 }, () => grant(KeyId, OTHER, ['Encrypt'], input)));
    expect(new Set(grants.map(({ GrantId }) => GrantId)).size).toBe(1);
    expect(idsOf(await listed(KeyId))).toHaveLength(1);
  });
});

test('constraints narrow what a grant allows, and not DescribeKey', async () => {
  const ann = await user();
  const KeyId = await newKey();
  const refused = denied(ann.arn, 'Encrypt', KeyId);
  await grant(KeyId, ann.arn, ['Encrypt', 'DescribeKey'], {
    Constraints: { EncryptionContextSubset: { table: 'orders' } },
  });
  expect(await encrypt(KeyId, ann)).toBe(refused);
  expect(await encrypt(KeyId, ann, { EncryptionContext: { table: 'Orders' } })).toBe(refused);
  expect(await encrypt(KeyId, ann, { EncryptionContext: { table: 'orders', row: '1' } })).toBe('ok');
  expect(await call('DescribeKey', { KeyId }, ann)).toBe('ok');
  expect(await call('Decrypt', { KeyId, CiphertextBlob: 'AA==' }, ann)).toMatch(/^InvalidCiphertextException/);
  const second = await newKey();
  await grant(second, ann.arn, ['Encrypt'], { Constraints: { EncryptionContextEquals: { table: 'orders' } } });
  expect(await encrypt(second, ann, { EncryptionContext: { table: 'orders', row: '1' } })).toBe(
    denied(ann.arn, 'Encrypt', second),
  );
  expect(await encrypt(second, ann, { EncryptionContext: { table: 'orders' } })).toBe('ok');
  const behalf = await newKey();
  await grant(behalf, ann.arn, ['Encrypt'], { Constraints: { SourceArn: 'arn:aws:s3:us-east-1:000000000000:bucket' } });
  expect(await encrypt(behalf, ann)).toBe(denied(ann.arn, 'Encrypt', behalf));
});

test('a grant to an account, a role or one session applies to the principals that it names', async () => {
  const [ann, line] = [await user(), await session()];
  const [account, role, one] = [await newKey(), await newKey(), await newKey()];
  await grant(account, ROOT, ['Encrypt']);
  await grant(role, line.principalArn, ['Encrypt']);
  await grant(one, line.arn, ['Encrypt']);
  expect(await Promise.all([account, role, one].map((key) => encrypt(key, line)))).toEqual(['ok', 'ok', 'ok']);
  expect(await encrypt(account, ann)).toBe('ok');
  for (const key of [role, one]) expect(await encrypt(key, ann)).toBe(denied(ann.arn, 'Encrypt', key));
});

describe('A grantee who may create grants', () => {
  const Constraints = { EncryptionContextSubset: { table: 'orders' } };
  test('can grant what it may itself, and no more', async () => {
    const [ann, bob] = [await user(), await user()];
    const KeyId = await newKey();
    const refused = denied(ann.arn, 'CreateGrant', KeyId);
    const byAnn = (input: object) => create({ KeyId, GranteePrincipal: bob.arn, ...input }, ann);
    expect(await byAnn({ Operations: ['Encrypt'] })).toBe(refused);
    await grant(KeyId, ann.arn, ['Encrypt', 'CreateGrant'], { Constraints });
    expect(await byAnn({ Operations: ['Encrypt'] })).toBe(refused);
    expect(await byAnn({ Operations: ['Decrypt'], Constraints })).toBe(refused);
    expect(await byAnn({ Operations: ['Encrypt', 'DescribeKey'], Constraints })).toBe(refused);
    expect(await byAnn({ Operations: ['Encrypt'], Constraints: { EncryptionContextSubset: { row: '1' } } })).toBe(
      refused,
    );
    expect(await encrypt(KeyId, bob, { EncryptionContext: { table: 'orders' } })).toBe(
      denied(bob.arn, 'Encrypt', KeyId),
    );
    expect(await byAnn({ Operations: ['Encrypt'], Constraints })).toBe('ok');
    expect(await encrypt(KeyId, bob, { EncryptionContext: { table: 'orders' } })).toBe('ok');
    expect(await encrypt(KeyId, bob)).toBe(denied(bob.arn, 'Encrypt', KeyId));
  });

  test('can grant all that any one of its grants allows', async () => {
    const ann = await user();
    const KeyId = await newKey();
    await grant(KeyId, ann.arn, ['Encrypt', 'CreateGrant']);
    await grant(KeyId, ann.arn, ['Decrypt', 'CreateGrant']);
    const byAnn = (...Operations: string[]) => create({ KeyId, GranteePrincipal: OTHER, Operations }, ann);
    expect([await byAnn('Encrypt'), await byAnn('Decrypt')]).toEqual(['ok', 'ok']);
    expect(await byAnn('Encrypt', 'Decrypt')).toBe(denied(ann.arn, 'CreateGrant', KeyId));
  });
});

describe('CreateGrant', () => {
  test.each(identifierRefusals('CreateGrant'))('refuses the key %s', async (KeyId, exception) => {
    expect(await create({ KeyId, ...ofOther })).toBe(exception);
  });

  const BUCKET = 'arn:aws:s3:us-east-1:000000000000:bucket';
  const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));
  const constrained = (EncryptionContextEquals: object) => ({ ...ofOther, Constraints: { EncryptionContextEquals } });
  test.each<[what: string, input: object, exception: string | RegExp]>([
    [
      'no grantee',
      { Operations: ['Encrypt'] },
      'ValidationException: Specify either GranteePrincipal or GranteeServicePrincipal, and only one of them.',
    ],
    [
      'two grantees',
      { ...ofOther, GranteeServicePrincipal: 's3.amazonaws.com' },
      'ValidationException: Specify either GranteePrincipal or GranteeServicePrincipal, and only one of them.',
    ],
    [
      'two retiring principals',
      { ...ofOther, RetiringPrincipal: OTHER, RetiringServicePrincipal: 's3.amazonaws.com' },
      'ValidationException: Specify either RetiringPrincipal or RetiringServicePrincipal, not both.',
    ],
    [
      'a service without SourceArn',
      { GranteeServicePrincipal: 's3.amazonaws.com', RetiringPrincipal: OTHER, Operations: ['Encrypt'] },
      /^ValidationException: A grant to a GranteeServicePrincipal needs/,
    ],
    [
      'a service without a retiring principal',
      { GranteeServicePrincipal: 's3.amazonaws.com', Constraints: { SourceArn: BUCKET }, Operations: ['Encrypt'] },
      /^ValidationException: A grant to a GranteeServicePrincipal needs/,
    ],
    [
      'no operations',
      { ...ofOther, Operations: [] },
      'ValidationException: Operations must name at least one operation.',
    ],
    [
      'an unknown operation',
      { ...ofOther, Operations: ['Encrypt', 'PutKeyPolicy'] },
      /at 'operations\.2\.member' failed to satisfy constraint: Member must satisfy enum value set: \[/,
    ],
    [
      'an operation of other keys',
      { ...ofOther, Operations: ['Encrypt', 'Sign', 'GenerateMac'] },
      /^ValidationException: A grant of .* can't allow Sign, GenerateMac: it can allow Encrypt, Decrypt/,
    ],
    [
      'a name with a space',
      { ...ofOther, Name: 'a b' },
      /at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: \^\[a-zA-Z0-9:\/_-\]\+\$$/,
    ],
    ['a long name', { ...ofOther, Name: 'n'.repeat(257) }, /at 'name' failed .* length less than or equal to 256$/],
    [
      'a grantee that is not an ARN',
      { ...ofOther, GranteePrincipal: 'ann' },
      'InvalidArnException: ann is not the ARN of an account, a user, a role or a session.',
    ],
    [
      'a retiring principal that is not an ARN',
      { ...ofOther, RetiringPrincipal: '000000000000' },
      'InvalidArnException: 000000000000 is not the ARN of an account, a user, a role or a session.',
    ],
    [
      'nine pairs of context',
      constrained(pairs(9)),
      /^ValidationException: An encryption context in the constraints of a grant has at most 8 pairs/,
    ],
    [
      'nothing but empty contexts',
      { ...ofOther, Constraints: { EncryptionContextEquals: {}, EncryptionContextSubset: {} } },
      /^ValidationException: Constraints must have at least one constraint: /,
    ],
    [
      'constraints without a constraint',
      { ...ofOther, Constraints: {} },
      /^ValidationException: Constraints must have at least one constraint: /,
    ],
    [
      'null in place of a constraint',
      { ...ofOther, Constraints: { EncryptionContextSubset: null } },
      /^ValidationException: Constraints must have at least one constraint: /,
    ],
    [
      'null as a value of context',
      constrained({ a: '1', b: null }),
      'SerializationException: constraints.encryptionContextEquals.b must be of type string.',
    ],
    [
      'null as an operation',
      { ...ofOther, Operations: ['Encrypt', null] },
      'SerializationException: operations.2.member must be of type string.',
    ],
    ['a long value of context', constrained({ a: 'v'.repeat(385) }), /has at most 384 characters\.$/],
    [
      'a short SourceArn',
      { ...ofOther, Constraints: { SourceArn: 'arn:aws:s3:::b' } },
      /at 'constraints\.sourceArn' failed .* length greater than or equal to 20/,
    ],
    [
      'eleven tokens',
      { ...ofOther, GrantTokens: Array.from({ length: 11 }, () => 'x') },
      /at 'grantTokens' failed .* length less than or equal to 10/,
    ],
    ['DryRun', { ...ofOther, DryRun: true }, DRY_RUN],
  ])('refuses %s', async (_, input, exception) => {
    const KeyId = await newKey();
    const answer = await create({ KeyId, ...input });
    if (typeof exception === 'string') expect(answer).toBe(exception);
    else expect(answer).toMatch(exception);
    expect(idsOf(await listed(KeyId))).toEqual([]);
  });

  test('refuses an empty constraint of callers who must constrain their grants', async () => {
    const ofTypes = { 'ForAnyValue:StringEquals': { 'kms:GrantConstraintType': 'EncryptionContextSubset' } };
    const ann = await user(allow('CreateGrant', { Condition: ofTypes }));
    const KeyId = await newKey();
    const constrainedTo = (EncryptionContextSubset: unknown) =>
      create({ KeyId, ...ofOther, Constraints: { EncryptionContextSubset } }, ann);
    expect(await constrainedTo({})).toMatch(/^ValidationException: /);
    expect(await constrainedTo(null)).toMatch(/^ValidationException: /);
    expect(await constrainedTo({ table: null })).toMatch(/^SerializationException: /);
    expect(await create({ KeyId, ...ofOther }, ann)).toBe(denied(ann.arn, 'CreateGrant', KeyId));
    // Another constraint isn't the one that they must set.
    const other = { EncryptionContextSubset: {}, EncryptionContextEquals: { table: 'orders' } };
    expect(await create({ KeyId, ...ofOther, Constraints: other }, ann)).toBe(denied(ann.arn, 'CreateGrant', KeyId));
    expect(await constrainedTo({ table: 'orders' })).toBe('ok');
  });

  test('is decided by the encryption context that its constraints require', async () => {
    const forOrders = { StringEquals: { 'kms:EncryptionContext:table': 'orders' } };
    const ann = await user(allow(['CreateGrant', 'Encrypt'], { Condition: forOrders }));
    const KeyId = await newKey();
    const refusal = denied(ann.arn, 'CreateGrant', KeyId);
    const orders = { table: 'orders' };
    const constrainedTo = (Constraints: object) => create({ KeyId, ...ofOther, Constraints }, ann);
    expect(await constrainedTo({ EncryptionContextSubset: orders })).toBe('ok');
    expect(await constrainedTo({ EncryptionContextEquals: { ...orders, row: '1' } })).toBe('ok');
    expect(await constrainedTo({ EncryptionContextSubset: { table: 'cards' } })).toBe(refusal);
    expect(await create({ KeyId, ...ofOther }, ann)).toBe(refusal);
  });

  test('accepts values at the limits', async () => {
    const KeyId = await newKey();
    expect(await create({ KeyId, ...constrained({ ...pairs(7), long: 'v'.repeat(384) }), Name: 'n'.repeat(256) })).toBe(
      'ok',
    );
  });

  test('refuses a constraint of the encryption context for a key without one', async () => {
    const KeyId = await newKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
    const input = { KeyId, GranteePrincipal: OTHER, Operations: ['GenerateMac', 'DescribeKey'] };
    expect(await create({ ...input, Constraints: { EncryptionContextEquals: { a: '1' } } })).toMatch(
      /^ValidationException: A grant of .* can't have a constraint of the encryption context/,
    );
    expect(await create({ ...input, Operations: ['Encrypt'] })).toMatch(
      /can't allow Encrypt: it can allow GenerateMac, VerifyMac/,
    );
    expect(await create({ ...input, Constraints: { SourceArn: BUCKET } })).toBe('ok');
  });

  test('refuses a key that waits for its material', async () => {
    const KeyId = await newKey({ Origin: 'EXTERNAL' });
    expect(await create({ KeyId, ...ofOther })).toBe(`KMSInvalidStateException: ${KeyId} is pending import.`);
  });

  test('refuses callers without permission from policies, and an explicit Deny overrides the grant that would', async () => {
    const ann = await user(allow('CreateGrant', { Condition: { StringEquals: { 'kms:GranteePrincipal': OTHER } } }));
    const KeyId = await newKey();
    expect(await create({ KeyId, ...ofOther }, ann)).toBe('ok');
    expect(await create({ KeyId, ...ofOther, GranteePrincipal: ROOT }, ann)).toBe(
      denied(ann.arn, 'CreateGrant', KeyId),
    );
    await grant(KeyId, ann.arn, ['Encrypt', 'CreateGrant']);
    expect(await create({ KeyId, ...ofOther, GranteePrincipal: ROOT }, ann)).toBe('ok');
    const Policy = policyOf(DELEGATION, { ...allow('CreateGrant', { Principal: { AWS: ann.arn } }), Effect: 'Deny' });
    expect(await call('PutKeyPolicy', { KeyId, Policy })).toBe('ok');
    expect(await create({ KeyId, ...ofOther }, ann)).toBe(
      denied(ann.arn, 'CreateGrant', KeyId, 'with an explicit deny in a resource-based policy'),
    );
  });

  test('refuses the 50,001st grant of a key, and returns one of a known name', async () => {
    const KeyId = await newKey();
    const named = await grant(KeyId, OTHER, ['Encrypt'], { Name: 'one' });
    await service.app.get(DataSource).query(
      `INSERT INTO kms_grants (key_arn, grant_id, grantee_principal, operations, created_at)
       SELECT $1, lpad(n::text, 64, '0'), $2, 'Encrypt', now() FROM generate_series(1, 49999) AS n`,
      [keyArn(keyIdOf(KeyId)), OTHER],
    );
    expect(await create({ KeyId, ...ofOther })).toBe(
      `LimitExceededException: ${KeyId} has the 50000 grants that a key may have: retire or revoke some.`,
    );
    expect((await grant(KeyId, OTHER, ['Encrypt'], { Name: 'one' })).GrantId).toBe(named.GrantId);
  });
});
