import { DescribeKeyCommand, GetKeyPolicyCommand, ListAliasesCommand, TagResourceCommand } from '@aws-sdk/client-kms';
import { CckmKeys } from '../../../src/cckm/keys/cckm-keys.js';
import { statement } from '../../support/admin.js';
import { rootCall } from '../../support/call.js';
import { ACCOUNT, type AwsKey, type CckmUser, useCckm, userArn } from '../../support/cckm.js';
import { exchange } from '../../support/exchange.js';
import { kmsClient } from '../../support/kms.js';

const REGIONS = { KEYBLOCK_REGION: 'us-east-1', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };
const { service, user } = useCckm(REGIONS);

interface List {
  skip: number;
  limit: number;
  total: number;
  resources: AwsKey[];
}

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});

const create = (body: object) => ann.refused('POST', 'cckm/aws/keys', body);

describe('a key is created', () => {
  test('with an alias, tags, a description and the default policy, and KMS has all of them', async () => {
    const key = await ann.createKey({
      Alias: 'made',
      Description: 'made by CCKM',
      Tags: [{ TagKey: 'team', TagValue: 'orders' }],
      KeyUsage: '',
      CustomerMasterKeySpec: '',
      Origin: '',
      MultiRegion: null,
      Policy: null,
    });
    const { KeyID, Arn } = key.aws_param;
    const kms = kmsClient(service);
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/made' }));
    expect(KeyMetadata).toMatchObject({ KeyId: KeyID, Arn, Description: 'made by CCKM', KeyState: 'Enabled' });
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: KeyID }));
    expect(JSON.parse(Policy!)).toEqual(key.aws_param['Policy']);
    expect(key['createdAt']).toBe(key['synced_at']);
    expect(await ann.ok('GET', `cckm/aws/keys/${key.id}`)).toEqual(key);
  });

  test.each<[string, string | undefined, string, Record<string, unknown>]>([
    ['ECC_NIST_P256', undefined, 'asymmetric', { KeyUsage: 'SIGN_VERIFY', SigningAlgorithms: ['ECDSA_SHA_256'] }],
    ['ECC_NIST_P384', 'KEY_AGREEMENT', 'asymmetric', { KeyUsage: 'KEY_AGREEMENT', KeyAgreementAlgorithms: ['ECDH'] }],
    ['RSA_2048', undefined, 'asymmetric', { KeyUsage: 'ENCRYPT_DECRYPT' }],
    ['HMAC_256', undefined, 'symmetric', { KeyUsage: 'GENERATE_VERIFY_MAC', MacAlgorithmSpec: ['HMAC_SHA_256'] }],
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'symmetric', { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'] }],
  ])('of the spec %s with the usage %s as %s key', async (CustomerMasterKeySpec, KeyUsage, keyType, expected) => {
    const key = await ann.createKey({ CustomerMasterKeySpec, KeyUsage });
    expect(key).toMatchObject({ key_type: keyType, aws_param: { CustomerMasterKeySpec, ...expected } });
  });

  test('for imported material, and waits for it', async () => {
    const key = await ann.createKey({ Origin: 'EXTERNAL' });
    expect(key).toMatchObject({
      key_material_origin: 'cckm',
      aws_param: { Origin: 'EXTERNAL', KeyState: 'PendingImport', KeyRotationEnabled: false },
    });
  });

  test('with a policy of its own, as an object or as text', async () => {
    const policy = {
      Version: '2012-10-17',
      Id: 'mine',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' },
      ],
    };
    expect((await ann.createKey({ Policy: policy })).aws_param['Policy']).toEqual(policy);
    expect((await ann.createKey({ Policy: JSON.stringify(policy) })).aws_param['Policy']).toEqual(policy);
  });

  test('with a policy from lists of users', async () => {
    await user('usher');
    const key = await ann.createKey({}, { key_admins: ['ann'], key_users: ['usher'], key_users_roles: [] });
    expect(key).toMatchObject({ key_admins: ['ann'], key_users: ['usher'] });
    expect(key).not.toHaveProperty('key_users_roles');
    const { Statement } = key.aws_param['Policy'] as { Statement: { Sid: string; Principal: { AWS: unknown } }[] };
    expect(Statement.map(({ Sid, Principal }) => [Sid, Principal.AWS])).toEqual([
      ['Enable IAM User Permissions', [`arn:aws:iam::${ACCOUNT}:root`]],
      ['Allow access for Key Administrators', [userArn('ann')]],
      ['Allow use of the key', [userArn('usher')]],
      ['Allow attachment of persistent resources', [userArn('usher')]],
    ]);
  });

  const valid = { kms: 'kms', region: 'us-east-1', aws_param: {} };
  test.each<[string, object, string]>([
    ['an unknown container', { ...valid, kms: 'other' }, '404 16 NCERRResourceNotFound'],
    ['no container', { ...valid, kms: undefined }, '/kms is required'],
    ['another Region', { ...valid, region: 'ap-south-1' }, '400 9 NCERRInvalidParamValue | region must be one of'],
    ['no aws_param', { ...valid, aws_param: undefined }, '/aws_param is required'],
    ['an aws_param that is text', { ...valid, aws_param: 'x' }, '400 15 NCERRBadRequest: Bad HTTP request |'],
    [
      'an unknown spec',
      { ...valid, aws_param: { CustomerMasterKeySpec: 'DES' } },
      "400 9 NCERRInvalidParamValue | ValidationException: 1 validation error detected: Value 'DES' at 'keySpec'",
    ],
    [
      'a usage that the spec does not have',
      { ...valid, aws_param: { CustomerMasterKeySpec: 'HMAC_256', KeyUsage: 'SIGN_VERIFY' } },
      'KeyUsage SIGN_VERIFY is not compatible with KeySpec HMAC_256',
    ],
    ['an origin of a key store', { ...valid, aws_param: { Origin: 'AWS_CLOUDHSM' } }, '400 15 NCERRBadRequest'],
    [
      'an alias of AWS',
      { ...valid, aws_param: { Alias: 'aws/mine' } },
      '403 4 NCERRForbidden | NotAuthorizedException',
    ],
    ['an alias with a colon', { ...valid, aws_param: { Alias: 'a:b' } }, '400 9 NCERRInvalidParamValue | An alias has'],
    ['an alias that is too long', { ...valid, aws_param: { Alias: 'a'.repeat(251) } }, '400 9 NCERRInvalidParamValue'],
    [
      'a tag twice',
      {
        ...valid,
        aws_param: {
          Tags: [
            { TagKey: 'a', TagValue: '' },
            { TagKey: 'a', TagValue: '' },
          ],
        },
      },
      '400 9 NCERRInvalidParamValue | TagException: Duplicate tag keys',
    ],
    [
      'a tag without a value',
      { ...valid, aws_param: { Tags: [{ TagKey: 'a' }] } },
      '/aws_param/Tags/0/TagValue is required',
    ],
    [
      '201 tags',
      { ...valid, aws_param: { Tags: Array.from({ length: 201 }, (_, i) => ({ TagKey: `${i}`, TagValue: '' })) } },
      'at most 200 members',
    ],
    [
      'a policy that is not a policy document',
      { ...valid, aws_param: { Policy: { Statement: [] } } },
      '400 9 NCERRInvalidParamValue',
    ],
    ['a policy that is a number', { ...valid, aws_param: { Policy: 5 } }, '400 9 NCERRInvalidParamValue'],
    [
      'a policy that locks its author out',
      {
        ...valid,
        aws_param: {
          Policy: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Deny', Principal: '*', Action: 'kms:PutKeyPolicy', Resource: '*' }],
          },
        },
      },
      'MalformedPolicyDocumentException',
    ],
    [
      'a policy whose condition is null, which would hold for everybody without it',
      {
        ...valid,
        aws_param: {
          Policy: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*', Condition: null }],
          },
        },
      },
      '400 9 NCERRInvalidParamValue',
    ],
    ['an unknown user in a list', { ...valid, key_users: ['nobody'] }, 'MalformedPolicyDocumentException'],
    [
      'an unknown template',
      { ...valid, policytemplate: 'baf58871-2503-4d13-a84a-339aeb8fdfaf' },
      '404 16 NCERRResourceNotFound',
    ],
    ['a policy beside a list', { ...valid, key_admins: ['ann'], aws_param: { Policy: {} } }, '400 15 NCERRBadRequest'],
    ['a template beside a list', { ...valid, key_admins: ['ann'], policytemplate: 'x' }, '400 15 NCERRBadRequest'],
  ])('not with %s', async (_, body, message) => {
    const before = (await ann.ok<List>('GET', 'cckm/aws/keys')).total;
    expect(await create(body)).toContain(message);
    expect((await ann.ok<List>('GET', 'cckm/aws/keys')).total).toBe(before);
  });

  test('not with an alias that another key has', async () => {
    await ann.createKey({ Alias: 'alias/taken' });
    expect(await create({ ...valid, aws_param: { Alias: 'taken' } })).toBe(
      '409 18 NCERRKeyAlreadyExists | The alias alias/taken already exists in us-east-1',
    );
    await ann.createKey({ Alias: 'taken' }, { region: 'eu-west-1' });
  });
});

describe('keys are listed', () => {
  let ids: string[];
  beforeAll(async () => {
    await ann.createKey();
    const tag = (TagValue: string) => [{ TagKey: 'lists', TagValue }];
    const made = [
      await ann.createKey({ Alias: 'list-b', Tags: tag('one') }),
      await ann.createKey({ Alias: 'list-a', CustomerMasterKeySpec: 'HMAC_256', Tags: tag('two') }),
      await ann.createKey({ Alias: 'list-c', MultiRegion: true, Tags: tag('three') }, { region: 'eu-west-1' }),
    ];
    ids = made.map(({ id }) => id);
    await ann.ok('POST', `cckm/aws/keys/${ids[1]!}/disable`);
  });
  const listed = async (query: string) =>
    (await ann.ok<List>('GET', `cckm/aws/keys?${query}`)).resources.map(({ id }) => ids.indexOf(id));

  test('in pages, the newest first', async () => {
    const all = await ann.ok<List>('GET', 'cckm/aws/keys/?skip=0&limit=-1');
    expect(all.resources).toHaveLength(all.total);
    expect(all.resources.slice(0, 3).map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await ann.ok('GET', 'cckm/aws/keys?skip=1&limit=2')).toEqual({
      skip: 1,
      limit: 2,
      total: all.total,
      resources: all.resources.slice(1, 3),
    });
    expect(await ann.ok('GET', 'cckm/aws/keys')).toMatchObject({ skip: 0, limit: 10 });
    expect(await ann.ok('GET', 'cckm/aws/keys?skip=1000')).toMatchObject({ total: all.total, resources: [] });
    expect(await ann.ok('GET', 'cckm/aws/keys?limit=0')).toMatchObject({ total: all.total, resources: [] });
    expect((await ann.ok<List>('GET', 'cckm/aws/keys?limit=999999')).resources).toHaveLength(all.total);
  });

  test.each<[string, number[]]>([
    ['alias=list-a', [1]],
    ['alias=alias/list-a', [1]],
    ['alias=alias%2Flist-a', [1]],
    ['alias=list-a&alias=list-b', [1, 0]],
    ['alias=none', []],
    ['tags=three', [2]],
    ['tags=%22TagKey%22:%22lists%22,%22TagValue%22:%22one%22', [0]],
    ['tags={"lists":"one"}', [0]],
    ['tags={"lists":"one"}&tags={"lists":"two"}', [1, 0]],
    ['tags={"lists":"one","other":"one"}', []],
    ['tags={"TagKey":"lists"', [2, 1, 0]],
    ['tags={"lists":', []],
    ['tags=lists&keystate=Disabled', [1]],
    ['tags=lists&enabled=true', [2, 0]],
    ['tags=lists&enabled=True', [2, 0]],
    ['tags=lists&enabled=false', [1]],
    ['tags=lists&region=eu-west-1', [2]],
    ['tags=lists&region=us-east-1&region=eu-west-1', [2, 1, 0]],
    ['tags=lists&multi_region=true', [2]],
    ['tags=lists&multi_region=true&multi_region_key_type=PRIMARY', [2]],
    ['tags=lists&multi_region_key_type=REPLICA', []],
    ['tags=lists&CustomerMasterKeySpec=HMAC_256', [1]],
    ['tags=lists&keyusage=ENCRYPT_DECRYPT', [2, 0]],
    ['tags=lists&origin=EXTERNAL', []],
    ['tags=lists&keymanager=CUSTOMER&cloud_name=aws&gone=false&kms=kms', [2, 1, 0]],
    ['tags=lists&cloud_name=aws-cn', []],
    ['tags=lists&gone=true', []],
    ['tags=lists&kms=other', []],
    ['tags=lists&kms_id=baf58871-2503-4d13-a84a-339aeb8fdfaf', []],
    ['tags=lists&blocked=false&rotation_job_enabled=false', [2, 1, 0]],
    ['tags=lists&blocked=true', []],
    ['tags=lists&key_material_origin=native', [2, 1, 0]],
    ['tags=lists&key_source=local', []],
    ['tags=lists&job_config_id=x', []],
    ['tags=lists&custom_key_store_id=x', []],
    ['tags=lists&cckm_policy_template_id=x', []],
    ['tags=lists&unknown=x&connection=keyblock', [2, 1, 0]],
    ['tags=lists&region=&enabled=', [2, 1, 0]],
    ['tags=lists&sort=alias', [1, 0, 2]],
    ['tags=lists&sort=-alias', [2, 0, 1]],
    ['tags=lists&sort=region,-alias', [2, 0, 1]],
    ['tags=lists&sort=enabled,alias', [1, 0, 2]],
    ['tags=lists&sort=createdAt', [0, 1, 2]],
    ['tags=lists&sort=unknown,__proto__,-constructor', [2, 1, 0]],
    ['tags=%27%20OR%201=1%20--', []],
  ])('by %s', async (query, expected) => {
    expect(await listed(query)).toEqual(expected);
  });

  test('by the id, ARN and KMS id of a key, which finds exactly one', async () => {
    const key = await ann.ok<AwsKey>('GET', `cckm/aws/keys/${ids[0]!}`);
    const { KeyID, Arn } = key.aws_param;
    for (const query of [
      `id=${key.id}`,
      `arn=${Arn}`,
      `keyid=${KeyID}&region=us-east-1`,
      `kms_id=${String(key['kms_id'])}&keyid=${KeyID}`,
    ])
      expect(await ann.ok('GET', `cckm/aws/keys?${query}`)).toMatchObject({ total: 1, resources: [key] });
    expect(await listed(`keyid=${KeyID}&region=eu-west-1`)).toEqual([]);
  });

  test('without making other requests wait for more than one key', async () => {
    const keys = service.app.get(CckmKeys);
    const call = rootCall('ListAwsKeys');
    const { length } = await keys.list(call, () => true);
    let turn = 0;
    let isListing = true;
    const count = () => {
      turn++;
      if (isListing) setImmediate(count);
    };
    count();
    const turns = new Set<number>();
    await keys.list(call, () => turns.add(turn).size > 0);
    isListing = false;
    expect(turns.size).toBe(length);
  });

  test('as KMS has them now, even after a change through KMS itself', async () => {
    const { KeyID } = (await ann.ok<AwsKey>('GET', `cckm/aws/keys/${ids[0]!}`)).aws_param;
    await kmsClient(service).send(new TagResourceCommand({ KeyId: KeyID, Tags: [{ TagKey: 'later', TagValue: 'x' }] }));
    expect(await listed('tags=later')).toEqual([0]);
  });

  test.each<[string, string]>([
    ['skip=-1', '/skip must be at least 0'],
    ['skip=x', '400'],
    ['limit=-2', '/limit must be at least -1'],
    ['limit=1.5', '400'],
    ['limit=1&limit=2', '400'],
    [`alias=${'a'.repeat(2049)}`, '/alias'],
    [Array.from({ length: 51 }, (_, i) => `id=${i}`).join('&'), '/id'],
  ])('not by %s', async (query, message) => {
    const answer = await ann.refused('GET', `cckm/aws/keys?${query}`);
    expect(answer).toMatch(/^400 /);
    expect(answer).toContain(message);
  });
});

describe('the record of a key', () => {
  test('is deleted, and the KMS key stays', async () => {
    const { id, aws_param } = await ann.createKey({ Alias: 'stays' });
    expect((await ann.send('DELETE', `cckm/aws/keys/${id}`)).status).toBe(204);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/enable'],
    ] as const)
      expect(await ann.refused(method, `cckm/aws/keys/${id}${path}`)).toMatch(
        /^404 16 NCERRResourceNotFound: Resource not found/,
      );
    const { KeyMetadata } = await kmsClient(service).send(new DescribeKeyCommand({ KeyId: aws_param.KeyID }));
    expect(KeyMetadata).toMatchObject({ KeyState: 'Enabled' });
    const { Aliases } = await kmsClient(service).send(new ListAliasesCommand({ KeyId: aws_param.KeyID }));
    expect(Aliases).toMatchObject([{ AliasName: 'alias/stays' }]);
  });

  test.each([
    '..',
    '../keys',
    '..%2f..%2fauth%2fself%2fuser',
    '%2e%2e%2f',
    'a/../../kms',
    '%00',
    '%2e',
    'baf58871-2503-4d13-a84a-339aeb8fdfa',
    'BAF58871-2503-4D13-A84A-339AEB8FDFAF',
    'baf58871-2503-4d13-a84a-339aeb8fdfaf%20',
    'baf58871-2503-4d13-a84a-339aeb8fdfaf%0a',
    '%27%20OR%20%271%27=%271',
    'alias%2Fmade',
    `arn:aws:kms:us-east-1:${ACCOUNT}:key%2F1234abcd-12ab-34cd-56ef-1234567890ab`,
    '%F0%9F%92%A9',
    '*',
    '__proto__',
  ])('is not found by %s', async (id) => {
    for (const [method, suffix] of [
      ['GET', ''],
      ['POST', '/cancel-deletion'],
      ['DELETE', ''],
    ] as const) {
      // Sent unchanged, because fetch would resolve the dots.
      const head = [
        `${method} /api/v1/cckm/aws/keys/${id}${suffix} HTTP/1.1`,
        'Host: x',
        `Authorization: Bearer ${ann.jwt}`,
      ];
      const answer = await exchange(
        service.url,
        [...head, 'Content-Length: 0', 'Connection: close', '', ''].join('\r\n'),
        'end',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 40[045] [^]*"codeDesc":"NCERR(ResourceNotFound|InvalidParamValue)/);
    }
  });
});
