import { keyIdOf } from '../../support/keys.js';
import {
  allow,
  type Caller,
  DELEGATION,
  denied,
  FOREIGN_KEY,
  identifierRefusals,
  keyArn,
  MISSING_KEY,
  noPolicy,
  policyOf,
  ROOT,
  useKmsAccess,
} from '../../support/kms-access.js';

const { call, done, user, newKey } = useKmsAccess();

interface Alias {
  AliasName: string;
  TargetKeyId: string;
  CreationDate: number;
  LastUpdatedDate: number;
}
interface Aliases {
  Aliases: Alias[];
  Truncated: boolean;
  NextMarker?: string;
}
const list = (input: object = {}, region?: string) =>
  done<Aliases>('ListAliases', input, undefined, region ? { region } : {});
const namesOf = ({ Aliases }: Aliases) => Aliases.map(({ AliasName }) => AliasName);
const create = (AliasName: string, TargetKeyId: string, by?: Caller) =>
  call('CreateAlias', { AliasName, TargetKeyId }, by);
const update = (AliasName: string, TargetKeyId: string, by?: Caller) =>
  call('UpdateAlias', { AliasName, TargetKeyId }, by);
const remove = (AliasName: string, by?: Caller) => call('DeleteAlias', { AliasName }, by);
const arnOf = (name: string) => `arn:aws:kms:us-east-1:000000000000:${name}`;
const encrypt = (KeyId: string, by?: Caller) => call('Encrypt', { KeyId, Plaintext: 'AA==' }, by);
const keyOf = async (KeyId: string) => (await done<{ KeyId: string }>('Encrypt', { KeyId, Plaintext: 'AA==' })).KeyId;

test('an alias names a key, then another, then none', async () => {
  const [one, two] = [await newKey(), await newKey()];
  expect(await done('CreateAlias', { AliasName: 'alias/a/b_c-1', TargetKeyId: one })).toEqual({});
  expect(await list({ KeyId: one })).toEqual({
    Aliases: [
      {
        AliasName: 'alias/a/b_c-1',
        AliasArn: arnOf('alias/a/b_c-1'),
        TargetKeyId: keyIdOf(one),
        CreationDate: expect.any(Number) as number,
        LastUpdatedDate: expect.any(Number) as number,
      },
    ],
    Truncated: false,
  });
  const [before] = (await list({ KeyId: keyIdOf(one) })).Aliases;
  expect([await keyOf('alias/a/b_c-1'), await keyOf(arnOf('alias/a/b_c-1'))]).toEqual([one, one]);
  expect(await done('UpdateAlias', { AliasName: 'alias/a/b_c-1', TargetKeyId: keyIdOf(two) })).toEqual({});
  expect([await keyOf('alias/a/b_c-1'), await keyOf(arnOf('alias/a/b_c-1'))]).toEqual([two, two]);
  const [after] = (await list({ KeyId: two })).Aliases;
  expect(after).toMatchObject({ TargetKeyId: keyIdOf(two), CreationDate: before?.CreationDate });
  expect(after?.LastUpdatedDate).toBeGreaterThan(before?.LastUpdatedDate ?? Infinity);
  expect(namesOf(await list({ KeyId: one }))).toEqual([]);
  expect(await done('DeleteAlias', { AliasName: 'alias/a/b_c-1' })).toEqual({});
  const gone = `NotFoundException: Alias ${arnOf('alias/a/b_c-1')} is not found.`;
  expect([await encrypt('alias/a/b_c-1'), await remove('alias/a/b_c-1')]).toEqual([gone, gone]);
  expect(await encrypt(two)).toBe('ok');
});

test('names are unique in a Region, and case-sensitive', async () => {
  const [KeyId, far] = [
    await newKey(),
    (await done<{ KeyMetadata: { KeyId: string } }>('CreateKey', {}, undefined, { region: 'eu-west-1' })).KeyMetadata
      .KeyId,
  ];
  expect(await create('alias/one', KeyId)).toBe('ok');
  expect(await create('alias/one', await newKey())).toBe(
    `AlreadyExistsException: An alias with the name ${arnOf('alias/one')} already exists`,
  );
  expect(await create('alias/One', KeyId)).toBe('ok');
  expect(
    await call('CreateAlias', { AliasName: 'alias/one', TargetKeyId: far }, undefined, { region: 'eu-west-1' }),
  ).toBe('ok');
  expect(namesOf(await list({}, 'eu-west-1'))).toEqual(['alias/one']);
});

test('concurrent calls create an alias once', async () => {
  const keys = await Promise.all(Array.from({ length: 5 }, () => newKey()));
  const answers = await Promise.all(keys.map((KeyId) => create('alias/race', KeyId)));
  expect(answers.filter((answer) => answer === 'ok')).toHaveLength(1);
  expect(answers.filter((answer) => answer.startsWith('AlreadyExistsException'))).toHaveLength(4);
});

test('two aliases that swap their keys concurrently do not block each other', async () => {
  const keys = [await newKey(), await newKey()];
  await create('alias/left', keys[0]!);
  await create('alias/right', keys[1]!);
  for (let round = 0; round < 10; round++)
    expect(
      await Promise.all([update('alias/left', keys[(round + 1) % 2]!), update('alias/right', keys[round % 2]!)]),
    ).toEqual(['ok', 'ok']);
});

test('lists are sorted by name, in pages', async () => {
  const KeyId = await newKey();
  const names = ['alias/list/a', 'alias/list/b', 'alias/list/c'];
  for (const name of [...names].reverse()) expect(await create(name, KeyId)).toBe('ok');
  const first = await list({ KeyId, Limit: 2 });
  expect([namesOf(first), first.Truncated]).toEqual([names.slice(0, 2), true]);
  expect(await remove('alias/list/b')).toBe('ok');
  const rest = await list({ KeyId, Limit: 100, Marker: first.NextMarker });
  expect(rest).toEqual({ Aliases: [expect.objectContaining({ AliasName: 'alias/list/c' })], Truncated: false });
  expect(await call('ListAliases', { Marker: first.NextMarker })).toMatch(/^InvalidMarkerException/);
});

const PREFIX =
  'ValidationException: Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html';
test.each([
  ['disk', PREFIX],
  ['alias/', PREFIX],
  ['Alias/disk', PREFIX],
  ['x/alias/disk', PREFIX],
  [arnOf('alias/disk'), PREFIX],
  ['alias/aws', 'NotAuthorizedException'],
  ['alias/aws/', 'NotAuthorizedException'],
  ['alias/aws/s3', 'NotAuthorizedException'],
  [
    'alias/a b',
    "ValidationException: 1 validation error detected: Value 'alias/a b' at 'aliasName' failed to satisfy constraint: " +
      'Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$',
  ],
  [
    '',
    "ValidationException: 2 validation errors detected: Value '' at 'aliasName' failed to satisfy constraint: Member must have " +
      "length greater than or equal to 1; Value '' at 'aliasName' failed to satisfy constraint: Member must satisfy regular " +
      'expression pattern: ^[a-zA-Z0-9:/_-]+$',
  ],
  [
    `alias/${'a'.repeat(251)}`,
    `ValidationException: 1 validation error detected: Value 'alias/${'a'.repeat(251)}' at 'aliasName' failed to satisfy ` +
      'constraint: Member must have length less than or equal to 256',
  ],
])('%s names no alias', async (name, exception) => {
  const KeyId = await newKey();
  expect(await create(name, KeyId)).toBe(exception);
  expect(await update(name, KeyId)).toBe(exception);
  expect(await remove(name)).toBe(exception);
  expect(namesOf(await list({ KeyId }))).toEqual([]);
});

test.each(['alias/awsome', 'alias/aws-s3', 'alias/my/aws/s3', `alias/${'a'.repeat(250)}`])(
  '%s names one',
  async (name) => expect(await create(name, await newKey())).toBe('ok'),
);

test('a new name has no colon', async () => {
  const KeyId = await newKey();
  expect(await create('alias/a:b', KeyId)).toBe(
    'ValidationException: alias/a:b contains invalid characters for an alias',
  );
  expect(await remove('alias/a:b')).toBe(`NotFoundException: Alias ${arnOf('alias/a:b')} is not found.`);
});

describe('A target', () => {
  const refusals = (operation: string) => identifierRefusals(operation).filter(([id]) => !id.startsWith('alias/'));
  test.each(refusals('CreateAlias'))('of a new alias is not %s', async (id, exception) => {
    expect(await create('alias/none', id)).toBe(exception);
  });

  test.each(identifierRefusals('UpdateAlias'))('of an alias is not %s', async (id, exception) => {
    const name = 'alias/updated';
    await create(name, await newKey());
    const [before] = (await list({ Limit: 100 })).Aliases.filter(({ AliasName }) => AliasName === name);
    expect(await update(name, id)).toBe(exception);
    expect((await list({ Limit: 100 })).Aliases).toContainEqual(before);
  });

  test('of a new alias is not an alias', async () => {
    const ALIAS = 'ValidationException: Aliases must refer to keys. Not aliases';
    expect(await create('alias/none', 'alias/other')).toBe(ALIAS);
    expect(await create('alias/none', arnOf('alias/other'))).toBe(ALIAS);
  });

  test('of an alias must exist, and the alias too', async () => {
    expect(await update('alias/none', await newKey())).toBe(
      `NotFoundException: Alias ${arnOf('alias/none')} is not found.`,
    );
    expect(await call('ListAliases', { KeyId: MISSING_KEY })).toBe(
      `NotFoundException: Key '${MISSING_KEY}' does not exist`,
    );
    expect(await call('ListAliases', { KeyId: 'alias/x' })).toBe("NotFoundException: Invalid keyId 'alias/x'");
    expect(await call('ListAliases', { KeyId: FOREIGN_KEY })).toMatch(/^AccessDeniedException/);
  });

  test.each([
    [
      'of another usage',
      { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
      'ValidationException: Alias alias/kept cannot be changed from a CMK with key usage ENCRYPT_DECRYPT to a CMK with key usage ' +
        'GENERATE_VERIFY_MAC. The key usage of the current CMK and the new CMK must be the same.',
    ],
  ])('%s does not take the place of the former one', async (_, input, exception) => {
    const KeyId = await newKey();
    await create('alias/kept', KeyId);
    expect(await update('alias/kept', await newKey(input))).toBe(exception);
    expect(await keyOf('alias/kept')).toBe(KeyId);
  });

  test('has 50 aliases at most', async () => {
    const [full, other] = [await newKey(), await newKey()];
    for (let i = 0; i < 50; i++) expect(await create(`alias/full/${i}`, full)).toBe('ok');
    await create('alias/other', other);
    const exceeded = `LimitExceededException: ${full} has the 50 aliases that a key may have: delete some.`;
    expect([await create('alias/full/50', full), await update('alias/other', full)]).toEqual([exceeded, exceeded]);
    expect(await create('alias/full/1', full)).toMatch(/^AlreadyExistsException/);
    expect(await update('alias/full/1', full)).toBe('ok');
    expect(await update('alias/full/1', other)).toBe('ok');
    expect(await create('alias/full/50', full)).toBe('ok');
    expect(namesOf(await list({ KeyId: full, Limit: 100 }))).toHaveLength(50);
  });
});

describe('Permission is needed', () => {
  const KEYS = { Resource: keyArn('*') };
  test.each([
    ['CreateAlias', (name: string, by: Caller, key: string) => create(name, key, by), false],
    ['UpdateAlias', (name: string, by: Caller, key: string) => update(name, key, by), true],
    ['DeleteAlias', (name: string, by: Caller) => remove(name, by), true],
  ])('by %s on the alias and on the key', async (operation, ask, exists) => {
    const name = `alias/permission/${operation}`;
    const KeyId = await newKey();
    if (exists) await create(name, KeyId);
    const onAlias = await user(allow(operation, { Resource: arnOf('alias/*') }));
    const onKey = await user(allow(operation, KEYS));
    const onBoth = await user(allow(operation));
    expect(await ask(name, onKey, KeyId)).toBe(denied(onKey.arn, operation, arnOf(name)));
    expect(await ask(name, onAlias, KeyId)).toBe(denied(onAlias.arn, operation, KeyId));
    const own = await newKey({ Policy: policyOf(allow('PutKeyPolicy', { Principal: { AWS: ROOT } })) });
    if (operation === 'CreateAlias')
      expect(await create(name, own, onBoth)).toBe(denied(onBoth.arn, operation, own, noPolicy('resource', operation)));
    expect(await ask(name, onBoth, KeyId)).toBe('ok');
  });

  test('by UpdateAlias on the former key, too', async () => {
    const ann = await user(allow('UpdateAlias'));
    const Deny = { ...allow('UpdateAlias', { Principal: { AWS: ann.arn } }), Effect: 'Deny' };
    const [former, key] = [await newKey({ Policy: policyOf(DELEGATION, Deny) }), await newKey()];
    await create('alias/former', former);
    expect(await update('alias/former', key, ann)).toBe(
      denied(ann.arn, 'UpdateAlias', former, 'with an explicit deny in a resource-based policy'),
    );
    expect(await keyOf('alias/former')).toBe(former);
  });

  test('by ListAliases on nothing else', async () => {
    const [ann, bob] = [await user(allow('ListAliases')), await user()];
    expect(await call('ListAliases', { KeyId: await newKey() }, ann)).toBe('ok');
    expect(await call('ListAliases', {}, bob)).toBe(denied(bob.arn, 'ListAliases', '*'));
  });

  test('before a caller learns whether an alias or a key exists', async () => {
    const ann = await user(allow('UpdateAlias', { Resource: arnOf('alias/*') }));
    expect(await update('alias/unknown', MISSING_KEY, ann)).toBe(denied(ann.arn, 'UpdateAlias', MISSING_KEY));
    expect(await remove('alias/unknown', ann)).toBe(denied(ann.arn, 'DeleteAlias', arnOf('alias/unknown')));
  });
});

test('policies see the alias of the request, and those of the key', async () => {
  const ann = await user(
    allow('Encrypt', { Condition: { StringEquals: { 'kms:RequestAlias': 'alias/seen' } } }),
    allow('DescribeKey', { Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/seen' } } }),
  );
  const KeyId = await newKey();
  const describeKey = () => call('DescribeKey', { KeyId }, ann);
  expect(await describeKey()).toBe(denied(ann.arn, 'DescribeKey', KeyId));
  await create('alias/seen', KeyId);
  await create('alias/unseen', KeyId);
  expect(await describeKey()).toBe('ok');
  expect(await encrypt('alias/seen', ann)).toBe('ok');
  for (const id of [KeyId, 'alias/unseen']) expect(await encrypt(id, ann)).toBe(denied(ann.arn, 'Encrypt', KeyId));
  await remove('alias/seen');
  expect(await describeKey()).toBe(denied(ann.arn, 'DescribeKey', KeyId));
});
