import { statement } from '../../support/admin.js';
import { ACCOUNT, type AwsKey, type CckmUser, PASSWORD, request, type Tokens, useCckm } from '../../support/cckm.js';

/** The requests of Thales's clients, in the order in which their published code makes them. */

const REGIONS = { KEYBLOCK_REGION: 'us-east-1', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };
const { service, createUser, userWith } = useCckm(REGIONS);

interface List {
  total: number;
  resources: AwsKey[];
}

beforeAll(() => createUser('automation', statement(['kms:*', 'cckm:*', 'keyblock:ListPrincipals'])));

describe('the Terraform provider', () => {
  let provider: CckmUser;

  test('signs in without grant_type and with an empty Bearer', async () => {
    const { status, json } = await request(service.url, 'POST', 'auth/tokens', {
      headers: { authorization: 'Bearer ' },
      body: {
        auth_domain: '',
        domain: '',
        username: 'automation',
        password: PASSWORD,
        connection: '',
        labels: [],
        refresh_token_lifetime: 0,
        refresh_token_revoke_unused_in: 0,
        renew_refresh_token: false,
      },
    });
    expect(status).toBe(201);
    provider = userWith(json as unknown as Tokens);
  });

  test('reads the connection, creates a KMS container and refreshes it', async () => {
    expect(await provider.refused('GET', 'connectionmgmt/services/aws/connections/keyblock-by-name')).toMatch(
      /^404 16 NCERRResourceNotFound/,
    );
    const connections = await provider.ok<List>('GET', 'connectionmgmt/services/aws/connections?name=keyblock');
    expect(connections.total).toBe(1);
    const accounts = await provider.ok('POST', 'cckm/aws/accounts', { connection: 'keyblock' });
    expect(accounts).toEqual({ accounts: [expect.objectContaining({ account_id: ACCOUNT })] });
    const kms = await provider.ok<{ id: string }>(
      'POST',
      'cckm/aws/kms',
      { account_id: ACCOUNT, connection: 'keyblock', name: 'terraform', regions: ['us-east-1', 'eu-west-1'] },
      201,
    );
    expect(await provider.ok('GET', `cckm/aws/kms/${kms.id}`)).toMatchObject({ name: 'terraform' });
    const acls = [{ group: 'CCKM Users', permit: true, actions: ['viewnative', 'keycreate'] }];
    expect(await provider.ok('POST', `cckm/aws/kms/${kms.id}/update-acls`, { acls })).toMatchObject({ acls });
    expect(await provider.ok('PATCH', `cckm/aws/kms/${kms.id}`, { regions: ['eu-west-1', 'us-east-1'] })).toMatchObject(
      {
        regions: ['eu-west-1', 'us-east-1'],
      },
    );
  });

  test('creates, reads, updates and destroys a key', async () => {
    const created = await provider.ok<AwsKey>(
      'POST',
      'cckm/aws/keys',
      {
        kms: 'terraform',
        region: 'us-east-1',
        key_admins: null,
        key_users: [],
        policytemplate: '',
        aws_param: {
          Alias: 'tf-key',
          BypassPolicyLockoutSafetyCheck: false,
          CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
          Description: 'by Terraform',
          KeyUsage: 'ENCRYPT_DECRYPT',
          MultiRegion: false,
          Origin: 'AWS_KMS',
          Tags: [{ TagKey: 'managed', TagValue: 'terraform' }],
        },
      },
      201,
    );
    const path = `cckm/aws/keys/${created.id}`;
    await provider.ok('POST', `${path}/enable-auto-rotation`, { rotation_period_in_days: 180 });
    expect((await provider.ok<AwsKey>('GET', path)).aws_param['KeyRotationEnabled']).toBe(true);
    const found = await provider.ok<List>(
      'GET',
      `cckm/aws/keys/?skip=0&limit=1&keyid=${created.aws_param.KeyID}&region=us-east-1`,
    );
    expect(found).toMatchObject({ total: 1, resources: [{ id: created.id, kms: 'terraform' }] });

    await provider.ok('POST', `${path}/add-alias`, { alias: 'tf-key-2' });
    await provider.ok('POST', `${path}/delete-alias`, { alias: 'tf-key' });
    await provider.ok('POST', `${path}/remove-tags`, { tags: ['managed'] });
    await provider.ok('POST', `${path}/add-tags`, { tags: [{ tag_key: 'owner', tag_value: 'payments' }] });
    await provider.ok('POST', `${path}/update-description`, { description: 'changed' });
    await provider.ok('POST', `${path}/disable`);
    await provider.ok('POST', `${path}/disable-auto-rotation`).catch(() => undefined);
    await provider.ok('POST', `${path}/enable`);
    const material = (await provider.ok<AwsKey>('GET', path)).aws_param['CurrentKeyMaterialId'];
    await provider.ok('POST', `${path}/rotate-material`);
    const rotated = await provider.ok<AwsKey>('GET', path);
    expect(rotated.aws_param['CurrentKeyMaterialId']).not.toBe(material);
    expect(rotated.aws_param).toMatchObject({
      Alias: ['alias/tf-key-2'],
      Tags: [{ TagKey: 'owner', TagValue: 'payments' }],
      Description: 'changed',
    });

    await provider.ok('POST', `${path}/schedule-deletion`, { days: 7 });
    expect(await provider.refused('POST', `${path}/schedule-deletion`, { days: 7 })).toContain('is pending deletion');
    expect((await provider.send('DELETE', path)).status).toBe(204);
    expect(await provider.refused('GET', path)).toContain('NCERRResourceNotFound');
  });

  test('replicates a multi-Region key, polls it and moves the primary key', async () => {
    const primary = await provider.createKey({ MultiRegion: true }, { kms: 'terraform' });
    const { KeyID } = primary.aws_param;
    const found = await provider.ok<List>(
      'GET',
      `cckm/aws/keys?keyid=${KeyID}&multi_region=true&multi_region_key_type=PRIMARY`,
    );
    expect(found.total).toBe(1);
    const replica = await provider.ok<AwsKey>(
      'POST',
      `cckm/aws/keys/${primary.id}/replicate-key`,
      { replica_region: 'eu-west-1', aws_param: {} },
      201,
    );
    let state = replica.aws_param.KeyState;
    while (state !== 'Enabled')
      state = (await provider.ok<AwsKey>('GET', `cckm/aws/keys/${replica.id}`)).aws_param.KeyState;
    await provider.ok('POST', `cckm/aws/keys/${primary.id}/update-primary-region`, { PrimaryRegion: 'eu-west-1' });
    const moved = await provider.ok<List>(
      'GET',
      `cckm/aws/keys?keyid=${KeyID}&multi_region=true&multi_region_key_type=PRIMARY`,
    );
    expect(moved).toMatchObject({ total: 1, resources: [{ id: replica.id, region: 'eu-west-1' }] });
  });

  test('uses a policy template, which it cannot destroy before the key has another policy', async () => {
    const template = await provider.ok<{ id: string }>(
      'POST',
      'cckm/aws/templates',
      { name: 'tf', kms: 'terraform', account_id: ACCOUNT, key_admins: ['automation'] },
      201,
    );
    const key = await provider.createKey({}, { kms: 'terraform', policytemplate: template.id });
    await provider.ok('PATCH', `cckm/aws/templates/${template.id}`, { key_users: ['automation'], auto_push: true });
    expect(await provider.refused('DELETE', `cckm/aws/templates/${template.id}`)).toContain(
      'has one or more key associated',
    );
    await provider.ok('POST', `cckm/aws/keys/${key.id}/policy`, { key_admins: ['automation'] });
    expect((await provider.send('DELETE', `cckm/aws/templates/${template.id}`)).status).toBe(204);
  });

  test('reads its data sources: users, roles, rotations and custom key stores', async () => {
    const body = { kms: 'terraform', marker: '', max_items: 0, path_prefix: '' };
    expect(await provider.ok('POST', 'cckm/aws/get-iam-users', body)).toMatchObject({
      Users: [{ UserName: 'automation' }],
      IsTruncated: false,
    });
    expect(await provider.ok('POST', 'cckm/aws/get-iam-roles', { kms: 'terraform' })).toEqual({
      Roles: [],
      IsTruncated: false,
    });
    expect(await provider.ok('GET', 'cckm/aws/custom-key-stores/?limit=-1&name=none')).toMatchObject({ total: 0 });
    expect(await provider.refused('POST', 'cckm/aws/create-hyok-key', { aws_param: {} })).toMatch(/^400 15 /);
  });

  test('polls updatedAt after a refresh, and refreshes its token', async () => {
    const key = await provider.createKey();
    const refreshed = await provider.ok<AwsKey>('POST', `cckm/aws/keys/${key.id}/refresh`);
    expect((await provider.ok<AwsKey>('GET', `cckm/aws/keys/${key.id}`))['updatedAt']).toBe(refreshed['updatedAt']);
    const { status, json } = await request(service.url, 'POST', 'auth/tokens/', {
      body: {
        grant_type: 'refresh_token',
        refresh_token: provider.tokens.refresh_token,
        username: '',
        password: '',
        domain: '',
        renew_refresh_token: true,
      },
    });
    expect(status).toBe(201);
    await userWith(json as unknown as Tokens).ok('GET', 'auth/self/user');
  });
});

describe('the Ansible modules', () => {
  let module: CckmUser;
  beforeAll(async () => {
    const { json } = await request(service.url, 'POST', 'auth/tokens/', {
      body: { grant_type: 'password', username: 'automation', password: PASSWORD, domain: '', auth_domain_path: '' },
    });
    module = userWith(json as unknown as Tokens);
  });

  test('create a key unless its alias exists, and find it by its alias', async () => {
    const find = () => module.ok<List>('GET', 'cckm/aws/keys?alias=ansible-key&region=us-east-1&kms=kms');
    expect((await find()).total).toBe(0);
    const body = { kms: 'kms', region: 'us-east-1', cks_op_type: 'create', aws_param: { Alias: 'ansible-key' } };
    await module.ok('POST', 'cckm/aws/keys', body, 201);
    expect(await find()).toMatchObject({ total: 1, resources: [{ region: 'us-east-1', kms: 'kms' }] });
    expect(await module.refused('POST', 'cckm/aws/keys', body)).toMatch(/NCERRKeyAlreadyExists|NCERRConflict/);
  });

  test('run operations on a key by its id, with JSON and without a body', async () => {
    const { id } = await module.createKey();
    const key = (action: string, body?: object) => module.ok<AwsKey>('POST', `cckm/aws/keys/${id}/${action}`, body);
    await key('disable');
    await key('enable');
    await key('enable-auto-rotation', {});
    await key('get-key-rotation-status');
    await key('disable-auto-rotation');
    await key('rotate-material');
    await key('add-tags', { tags: [{ tag_key: 'a', tag_value: 'b' }] });
    await key('remove-tags', { tags: ['a'] });
    await key('add-alias', { alias: 'ansible-op' });
    expect((await key('delete-alias', { tags: 'ansible-op' })).aws_param.Alias).toEqual([]);
    await key('update-description', { description: 'ansible' });
    await key('policy', {
      policy: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' },
        ],
      },
    });
    await key('schedule-deletion', { days: 7 });
    expect((await key('cancel-deletion')).aws_param.KeyState).toBe('Disabled');
    await key('enable');
    await key('refresh');
    const rotations = await module.ok<List>('GET', `cckm/aws/keys/${id}/rotations?skip=0&limit=10`);
    expect(rotations.total).toBe(2);
  });

  test('discover what the connection reaches, and whether an alias is free', async () => {
    await module.ok('POST', 'cckm/aws/accounts', { connection: 'keyblock' });
    await module.ok('POST', 'cckm/aws/get-all-regions', { connection: 'keyblock' });
    await module.ok('POST', 'cckm/aws/get-iam-roles', { kms: 'kms' });
    await module.ok('POST', 'cckm/aws/get-iam-users', { kms: 'kms' });
    for (const path of ['get-log-groups', 'custom-key-stores/get-unused-cloudhsm-clusters'])
      expect(await module.refused('POST', `cckm/aws/${path}`, { kms: 'kms', region: 'us-east-1' })).toMatch(/^400 15 /);
    expect(
      await module.ok('POST', 'cckm/aws/alias/verify', { alias: 'free', region: 'us-east-1', kms: 'kms' }),
    ).toMatchObject({ available: true });
  });

  test('manage containers and policy templates, and archive what they no longer use', async () => {
    const { id } = await module.ok<{ id: string }>(
      'POST',
      'cckm/aws/kms',
      { name: 'ansible', account_id: ACCOUNT, connection: 'keyblock', regions: ['us-east-1'] },
      201,
    );
    await module.ok('PATCH', `cckm/aws/kms/${id}`, { regions: ['us-east-1', 'eu-west-1'] });
    await module.ok('POST', `cckm/aws/kms/${id}/archive`);
    await module.ok('POST', `cckm/aws/kms/${id}/recover`);
    const template = await module.ok<{ id: string }>(
      'POST',
      'cckm/aws/templates',
      { name: 'ansible', kms: 'ansible', account_id: ACCOUNT, key_users: ['automation'] },
      201,
    );
    const key = await module.createKey({}, { kms: 'ansible' });
    await module.ok(
      'POST',
      'cckm/aws/bulkjob',
      { keys: [key.id], operation: 'applypolicytemplate', policy_template_id: template.id },
      202,
    );
    expect(await module.ok('GET', `cckm/aws/keys?cckm_policy_template_id=${template.id}`)).toMatchObject({ total: 1 });
    expect((await module.send('DELETE', `cckm/aws/keys/${key.id}`)).status).toBe(204);
    expect((await module.send('DELETE', `cckm/aws/templates/${template.id}`)).status).toBe(204);
    expect((await module.send('DELETE', `cckm/aws/kms/${id}`)).status).toBe(204);
  });

  test('synchronize custom key stores', async () => {
    const job = await module.ok<{ id: string }>(
      'POST',
      'cckm/aws/custom-key-stores/synchronization-jobs',
      { synchronize_all: true },
      202,
    );
    const path = `cckm/aws/custom-key-stores/synchronization-jobs/${job.id}`;
    expect(await module.ok('GET', path)).toMatchObject({ overall_status: 'completed' });
    expect(await module.ok('GET', 'cckm/aws/custom-key-stores?skip=0&limit=10')).toMatchObject({ total: 0 });
  });

  test('change many keys, and synchronize by the name of one container', async () => {
    const keys = [(await module.createKey()).id, (await module.createKey()).id];
    await module.ok('POST', 'cckm/aws/bulkjob', { keys, operation: 'schedulekeydeletion', days: 7 }, 202);
    await module.ok('POST', 'cckm/aws/bulkjob', { keys, operation: 'cancelkeydeletion' }, 202);
    const job = await module.ok<{ id: string }>(
      'POST',
      'cckm/aws/synchronization-jobs',
      { kms: 'kms', regions: ['us-east-1'] },
      202,
    );
    expect(await module.ok('GET', `cckm/aws/synchronization-jobs/${job.id}`)).toMatchObject({
      overall_status: 'completed',
    });
    expect(await module.ok('GET', 'cckm/aws/synchronization-jobs?skip=0&limit=1')).toMatchObject({ total: 1 });
  });
});
