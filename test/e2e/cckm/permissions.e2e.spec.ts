import { DataSource } from 'typeorm';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { resourcesOf } from '../../../src/http/operation.js';
import { statement } from '../../support/admin.js';
import { ACCOUNT, type AwsKey, type CckmUser, forbidden, useCckm, userArn } from '../../support/cckm.js';
import { sendKms } from '../../support/kms.js';

const { service, admin, setPolicy, signIn, user } = useCckm({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });

const READS = [
  'kms:DescribeKey',
  'kms:GetKeyPolicy',
  'kms:ListAliases',
  'kms:ListResourceTags',
  'kms:GetKeyRotationStatus',
];

let chief: CckmUser;
let container: string;
beforeAll(async () => {
  chief = await user('chief', statement(['kms:*', 'cckm:*']));
  container = (await chief.ok<{ id: string }>('GET', 'cckm/aws/kms/kms')).id;
});

/** Every action on a key with its permissions in KMS, in addition to those for every response. */
const ACTIONS: [action: string, needs: string, body?: object][] = [
  ['schedule-deletion', 'kms:ScheduleKeyDeletion', { days: 7 }],
  ['cancel-deletion', 'kms:CancelKeyDeletion'],
  ['enable', 'kms:EnableKey'],
  ['disable', 'kms:DisableKey'],
  ['enable-auto-rotation', 'kms:EnableKeyRotation'],
  ['disable-auto-rotation', 'kms:DisableKeyRotation'],
  ['rotate-material', 'kms:RotateKeyOnDemand'],
  ['rotate', 'kms:CreateKey'],
  ['policy', 'kms:PutKeyPolicy', { key_admins: ['chief'] }],
  ['update-description', 'kms:UpdateKeyDescription', { description: 'x' }],
  ['add-tags', 'kms:TagResource', { tags: [{ tag_key: 'a', tag_value: '' }] }],
  ['remove-tags', 'kms:UntagResource', { tags: ['a'] }],
  ['add-alias', 'kms:CreateAlias', { alias: 'of-limited' }],
  ['replicate-key', 'kms:ReplicateKey', { replica_region: 'eu-west-1' }],
  ['update-primary-region', 'kms:UpdatePrimaryRegion', { PrimaryRegion: 'eu-west-1' }],
];

describe('a user without the permission in KMS', () => {
  let limited: CckmUser;
  beforeAll(async () => {
    limited = await user('limited', statement([...READS, 'cckm:*']));
  });

  test.each(ACTIONS.map(([action, needs, body]) => ({ action, needs, body })))(
    'is refused $action, which needs $needs, and changes nothing',
    async ({ action, needs, body }) => {
      const { id } = await chief.createKey({ MultiRegion: action === 'replicate-key' });
      if (action === 'cancel-deletion') await chief.ok('POST', `cckm/aws/keys/${id}/schedule-deletion`);
      const key = await chief.ok<AwsKey>('GET', `cckm/aws/keys/${id}`);
      expect(await limited.refused('POST', `cckm/aws/keys/${id}/${action}`, body)).toMatch(forbidden(needs));
      expect(await chief.ok('GET', `cckm/aws/keys/${id}`)).toEqual(key);
    },
  );

  test('is refused the creation of keys, and of keys with tags', async () => {
    const body = { kms: 'kms', region: 'us-east-1', aws_param: {} };
    expect(await limited.refused('POST', 'cckm/aws/keys', body)).toMatch(forbidden('kms:CreateKey'));
    await setPolicy('limited', statement([...READS, 'kms:CreateKey', 'kms:PutKeyPolicy']));
    await limited.createKey();
    const Tags = [{ TagKey: 'a', TagValue: '' }];
    expect(await limited.refused('POST', 'cckm/aws/keys', { ...body, aws_param: { Tags } })).toMatch(
      forbidden('kms:TagResource'),
    );
    const alias = await limited.refused('POST', 'cckm/aws/keys', { ...body, aws_param: { Alias: 'not-mine' } });
    expect(alias).toMatch(forbidden('kms:CreateAlias'));
  });

  test('is refused public keys, rotations and synchronization', async () => {
    const { id } = await chief.createKey({ CustomerMasterKeySpec: 'RSA_2048' });
    expect(await limited.refused('GET', `cckm/aws/keys/${id}/download-public-key`)).toMatch(
      forbidden('kms:GetPublicKey'),
    );
    expect(await limited.refused('GET', `cckm/aws/keys/${id}/rotations`)).toMatch(forbidden('kms:ListKeyRotations'));
    const job = await limited.ok('POST', 'cckm/aws/synchronization-jobs', { synchronize_all: true }, 202);
    expect(job).toMatchObject({
      overall_status: 'failed',
      passes: [{ status: 'failed', added: 0, error: expect.stringContaining('kms:ListKeys') as unknown }, {}],
    });
  });

  test('succeeds with that permission and no other change of CCKM', async () => {
    await setPolicy('limited', statement([...READS, 'kms:CancelKeyDeletion']));
    const { id } = await chief.createKey();
    await chief.ok('POST', `cckm/aws/keys/${id}/schedule-deletion`);
    expect(await limited.ok('POST', `cckm/aws/keys/${id}/cancel-deletion`)).toMatchObject({
      aws_param: { KeyState: 'Disabled' },
    });
    expect(await limited.refused('POST', `cckm/aws/keys/${id}/enable`)).toMatch(forbidden('kms:EnableKey'));
  });
});

describe('a user sees', () => {
  test('no keys without kms:DescribeKey, and can neither act on them nor count them', async () => {
    const blind = await user('blind', statement('kms:*'), { Effect: 'Deny', Action: 'kms:DescribeKey', Resource: '*' });
    const { id } = await chief.createKey();
    expect(await blind.refused('GET', `cckm/aws/keys/${id}`)).toMatch(/^403 4 NCERRForbidden.*explicit deny/);
    expect(await blind.refused('POST', `cckm/aws/keys/${id}/disable`)).toMatch(/^403 /);
    expect(await blind.ok('GET', 'cckm/aws/keys')).toMatchObject({ total: 0, resources: [] });
    expect((await chief.ok<AwsKey>('GET', `cckm/aws/keys/${id}`)).aws_param.KeyState).toBe('Enabled');
  });

  test('only the keys that policies allow, by their tags', async () => {
    const tagged = await chief.createKey({ Tags: [{ TagKey: 'team', TagValue: 'red' }] });
    await chief.createKey({ Tags: [{ TagKey: 'team', TagValue: 'blue' }] });
    const red = await user(
      'red',
      statement('kms:*', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'red' } } }),
    );
    expect(await red.ok('GET', 'cckm/aws/keys?limit=-1')).toMatchObject({ total: 1, resources: [{ id: tagged.id }] });
    expect(await red.ok('GET', 'cckm/aws/keys?tags=blue')).toMatchObject({ total: 0 });
  });

  test('no policy, aliases, tags or rotation without the permission for each', async () => {
    const partial = await user('partial', statement('kms:DescribeKey'));
    const { id } = await chief.createKey({ Alias: 'hidden', Tags: [{ TagKey: 'secret', TagValue: 'tag' }] });
    const { aws_param } = await partial.ok<AwsKey>('GET', `cckm/aws/keys/${id}`);
    for (const member of ['Policy', 'Alias', 'Tags', 'KeyRotationEnabled'])
      expect(aws_param).not.toHaveProperty(member);
    for (const query of ['alias=hidden', 'tags=secret', 'cckm_policy_template_id=x'])
      expect(await partial.ok('GET', `cckm/aws/keys?${query}`)).toMatchObject({ total: 0 });
    const refresh = await partial.ok<AwsKey>('POST', `cckm/aws/keys/${id}/refresh`);
    expect(refresh.aws_param).not.toHaveProperty('Policy');
    // Another user keeps the permission to read.
    expect((await chief.ok<AwsKey>('GET', `cckm/aws/keys/${id}`)).aws_param.Alias).toEqual(['alias/hidden']);

    await setPolicy('partial', statement(['kms:DescribeKey', 'kms:CreateKey', 'kms:UpdateAlias']));
    expect(await partial.refused('POST', `cckm/aws/keys/${id}/rotate`)).toMatch(
      /^403 4 NCERRForbidden \| A rotation needs/,
    );
  });
});

describe('the policy of a key', () => {
  test('refuses a user whose own policies allow everything', async () => {
    const policy = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: userArn('chief') }, Action: 'kms:*', Resource: '*' },
        { Effect: 'Allow', Principal: '*', Action: 'kms:DescribeKey', Resource: '*' },
      ],
    };
    const { id } = await chief.createKey({ Policy: policy });
    const powerful = await user('powerful', statement(['kms:*', 'cckm:*']));
    expect(await powerful.refused('POST', `cckm/aws/keys/${id}/disable`)).toMatch(/^403 4 .*kms:DisableKey/);
    expect(await powerful.refused('POST', `cckm/aws/keys/${id}/policy`, { key_admins: ['powerful'] })).toMatch(
      /^403 4 /,
    );
    expect((await powerful.ok<AwsKey>('GET', `cckm/aws/keys/${id}`)).aws_param).not.toHaveProperty('Policy');
  });

  test('allows a user who has no policies at all', async () => {
    const named = await user('named');
    const policy = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' },
        {
          Effect: 'Allow',
          Principal: { AWS: userArn('named') },
          Action: ['kms:DescribeKey', 'kms:DisableKey'],
          Resource: '*',
        },
      ],
    };
    const { id } = await chief.createKey({ Policy: policy });
    expect(await named.ok('POST', `cckm/aws/keys/${id}/disable`)).toMatchObject({
      aws_param: { KeyState: 'Disabled' },
    });
    expect(await named.refused('POST', `cckm/aws/keys/${id}/enable`)).toMatch(forbidden('kms:EnableKey'));
  });

  test('sees the conditions of the call: Region, source and the user', async () => {
    const bound = await user(
      'bound',
      statement('kms:*', {
        Condition: {
          StringEquals: { 'aws:RequestedRegion': 'us-east-1', 'aws:username': 'bound' },
          IpAddress: { 'aws:SourceIp': '127.0.0.1' },
        },
      }),
    );
    const here = await chief.createKey();
    const there = await chief.createKey({}, { region: 'eu-west-1' });
    await bound.ok('POST', `cckm/aws/keys/${here.id}/disable`);
    expect(await bound.refused('POST', `cckm/aws/keys/${there.id}/disable`)).toMatch(/^403 /);
  });
});

describe('the actions of CCKM itself', () => {
  const OWN: [operation: string, method: string, path: () => string, body?: object][] = [
    ['DeleteKeyRecord', 'DELETE', () => `cckm/aws/keys/${key}`],
    ['CreateKms', 'POST', () => 'cckm/aws/kms', { name: 'x', account_id: ACCOUNT, regions: ['us-east-1'] }],
    ['UpdateKms', 'PATCH', () => `cckm/aws/kms/${container}`, { regions: ['us-east-1'] }],
    ['DeleteKms', 'DELETE', () => `cckm/aws/kms/${container}`],
    ['ArchiveKms', 'POST', () => `cckm/aws/kms/${container}/archive`],
    ['RecoverKms', 'POST', () => `cckm/aws/kms/${container}/recover`],
    ['UpdateAcls', 'POST', () => `cckm/aws/kms/${container}/update-acls`, { acls: [] }],
    ['ListTemplates', 'GET', () => 'cckm/aws/templates'],
    ['CreateTemplate', 'POST', () => 'cckm/aws/templates', { name: 'x', key_admins: ['chief'] }],
    ['GetTemplate', 'GET', () => `cckm/aws/templates/${key}`],
    ['UpdateTemplate', 'PATCH', () => `cckm/aws/templates/${key}`, {}],
    ['DeleteTemplate', 'DELETE', () => `cckm/aws/templates/${key}`],
  ];
  let key: string;
  let keysOnly: CckmUser;
  beforeAll(async () => {
    key = (await chief.createKey()).id;
    keysOnly = await user('keys-only', statement('kms:*'));
  });

  test.each(OWN.map(([operation, method, path, body]) => ({ operation, method, path, body })))(
    '$operation is refused to a user with all permissions in KMS',
    async ({ operation, method, path, body }) => {
      expect(await keysOnly.refused(method, path(), body)).toBe(
        `403 4 NCERRForbidden | AccessDeniedException: User: ${userArn('keys-only')} is not authorized to perform: cckm:${operation} on resource: * because no identity-based policy allows the cckm:${operation} action`,
      );
    },
  );

  test('GetTemplate is also needed to give a key a template, because the key shows its policy', async () => {
    const { id: policytemplate } = await chief.ok<{ id: string }>(
      'POST',
      'cckm/aws/templates',
      { name: 'unread', key_admins: ['chief'] },
      201,
    );
    const mine = await keysOnly.createKey({ MultiRegion: true });
    const body = { kms: 'kms', region: 'us-east-1', aws_param: {}, policytemplate };
    const bulk = { keys: [mine.id], operation: 'applypolicytemplate', policy_template_id: policytemplate };
    for (const [path, given] of [
      ['cckm/aws/keys', body],
      [`cckm/aws/keys/${mine.id}/policy`, { policytemplate }],
      [`cckm/aws/keys/${mine.id}/policy`, { policytemplate: mine.id }],
      [`cckm/aws/keys/${mine.id}/replicate-key`, { replica_region: 'eu-west-1', policytemplate }],
      ['cckm/aws/bulkjob', bulk],
    ] as const)
      expect([path, await keysOnly.refused('POST', path, given)]).toEqual([
        path,
        expect.stringMatching(forbidden('cckm:GetTemplate')),
      ]);
    expect(await chief.ok('GET', `cckm/aws/keys/${mine.id}`)).toMatchObject({ aws_param: mine.aws_param });
    await setPolicy('keys-only', statement(['kms:*', 'cckm:GetTemplate']));
    expect(await keysOnly.ok('POST', `cckm/aws/keys/${mine.id}/policy`, { policytemplate })).toMatchObject({
      aws_param: { Tags: [{ TagKey: 'cckm_policy_template_id', TagValue: policytemplate }] },
    });
    await setPolicy('keys-only', statement('kms:*'));
  });

  test('are all the actions that need one', () => {
    const own = [...resourcesOf('cckm')].filter(([, resource]) => resource === 'nothing').map(([name]) => name);
    expect(own.toSorted()).toEqual(OWN.map(([name]) => name).toSorted());
  });
});

test('the events of a change name the user, and both the call to CCKM and the operation of KMS', async () => {
  const { id, aws_param } = await chief.createKey();
  await chief.ok('POST', `cckm/aws/keys/${id}/schedule-deletion`, { days: 9 });
  const answer = await chief.send('POST', `cckm/aws/keys/${id}/cancel-deletion`);
  const nosy = await user('nosy', statement('kms:DescribeKey'));
  await nosy.refused('POST', `cckm/aws/keys/${id}/disable`);
  await service.app.get(AuditLog).flush();
  const rows = await service.app
    .get(DataSource)
    .query<{ event: Record<string, never> }[]>(
      `SELECT event FROM audit_events WHERE event::text LIKE '%${aws_param.KeyID}%'`,
    );
  const of = (name: string) =>
    rows.map(({ event }) => event as Record<string, unknown>).filter(({ eventName }) => eventName === name);
  expect(of('CancelKeyDeletion')).toEqual([
    expect.objectContaining({
      eventSource: 'kms.amazonaws.com',
      userIdentity: expect.objectContaining({
        type: 'IAMUser',
        userName: 'chief',
        arn: userArn('chief'),
        accessKeyId: chief.tokens.refresh_token_id,
      }),
      requestID: answer.headers.get('x-amzn-requestid'),
      requestParameters: { keyId: aws_param.Arn },
      resources: [{ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: aws_param.Arn }],
    }),
  ]);
  expect(of('CancelDeletion')).toEqual([
    expect.objectContaining({
      eventSource: 'cckm',
      userIdentity: expect.objectContaining({ userName: 'chief' }),
      requestParameters: { id },
      requestID: answer.headers.get('x-amzn-requestid'),
      readOnly: false,
    }),
  ]);
  expect(of('ScheduleKeyDeletion')[0]).toMatchObject({
    requestParameters: { keyId: aws_param.Arn, pendingWindowInDays: 9 },
  });
  expect(of('DisableKey')).toEqual([
    expect.objectContaining({
      errorCode: 'AccessDeniedException',
      userIdentity: expect.objectContaining({ userName: 'nosy' }),
    }),
  ]);
  expect(of('DisableAwsKey')).toEqual([
    expect.objectContaining({
      errorCode: 'AccessDeniedException',
      userIdentity: expect.objectContaining({ userName: 'nosy' }),
    }),
  ]);
});

test('a user of CCKM has no more permissions than with an access key', async () => {
  await admin('POST', 'users', { Name: 'twin' });
  await admin('PUT', 'users/twin/password', { Password: 'a password of the twin' });
  await setPolicy('twin', statement([...READS, 'kms:EnableKey']));
  const { AccessKeyId, SecretAccessKey } = await admin('POST', 'users/twin/access-keys');
  const credentials = { accessKeyId: String(AccessKeyId), secretAccessKey: String(SecretAccessKey) };
  const twin = await signIn('twin', 'a password of the twin');
  const { id, aws_param } = await chief.createKey();
  for (const [operation, action] of [
    ['EnableKey', 'enable'],
    ['DisableKey', 'disable'],
    ['CancelKeyDeletion', 'cancel-deletion'],
    ['RotateKeyOnDemand', 'rotate-material'],
  ] as const) {
    const direct = await sendKms(service, operation, { KeyId: aws_param.KeyID }, { credentials });
    const { status } = await twin.send('POST', `cckm/aws/keys/${id}/${action}`);
    const isDenied = String(direct.json['__type']).includes('AccessDenied');
    expect([action, status]).toEqual([action, isDenied ? 403 : 200]);
  }
});
