import { CreateKeyCommand, DescribeKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { ContainerRepository } from '../../../src/cckm/containers/container.repository.js';
import { Synchronizer } from '../../../src/cckm/jobs/synchronize.js';
import { KeyRecordRepository } from '../../../src/cckm/keys/key-record.repository.js';
import type { AwsParam } from '../../../src/cckm/keys/keys.schema.js';
import { StoreRecordRepository } from '../../../src/cckm/stores/store-record.repository.js';
import { KmsDeletionWorker } from '../../../src/kms/keys/kms-deletion.worker.js';
import { statement } from '../../support/admin.js';
import { rootCall } from '../../support/call.js';
import { ACCOUNT, type AwsKey, type CckmUser, keyArn, useCckm, UUID } from '../../support/cckm.js';
import { kmsClient } from '../../support/kms.js';

const REGIONS = { KEYBLOCK_REGION: 'us-east-1', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };
const { service, user } = useCckm(REGIONS);

type Json = Record<string, unknown>;
interface Container extends Json {
  id: string;
}

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});
const create = (name: string, regions = ['us-east-1']) =>
  ann.ok<Container>('POST', 'cckm/aws/kms', { name, account_id: ACCOUNT, connection: 'keyblock', regions }, 201);

describe('KMS containers', () => {
  test('begin with one of all Regions', async () => {
    const list = await ann.ok<{ resources: Container[] }>('GET', 'cckm/aws/kms');
    expect(list).toMatchObject({ skip: 0, limit: 10, total: 1 });
    const [first] = list.resources;
    const id = first!.id;
    expect(first).toEqual({
      id: expect.stringMatching(UUID),
      uri: `kylo:kylo:cckm:kms:${id}`,
      account: 'kylo:kylo:admin:accounts:kylo',
      application: 'ncryptify:gemalto:admin:apps:kylo',
      devAccount: 'ncryptify:gemalto:admin:accounts:gemalto',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      name: 'kms',
      account_id: ACCOUNT,
      arn: `arn:aws:iam::${ACCOUNT}:root`,
      connection: 'keyblock',
      regions: ['us-east-1', 'eu-west-1'],
      acls: [],
      assume_role_arn: '',
      assume_role_external_id: '',
      auto_added: true,
      status: 'ACTIVE',
    });
    expect(await ann.ok('GET', `cckm/aws/kms/${id}`)).toEqual(first);
    expect(await ann.ok('GET', 'cckm/aws/kms/kms')).toEqual(first);
  });

  test('are created, changed, listed and deleted', async () => {
    const made = await create('payments', ['us-east-1', 'eu-west-1', 'us-east-1']);
    expect(made).toMatchObject({ name: 'payments', regions: ['us-east-1', 'eu-west-1'], auto_added: false });
    for (const query of [
      'name=payments',
      `id=${made.id}`,
      'account_id=000000000000&name=payments',
      'region=eu-west-1&name=payments&connection=keyblock',
    ])
      expect(await ann.ok('GET', `cckm/aws/kms/?${query}`)).toMatchObject({ total: 1, resources: [made] });
    expect(await ann.ok('GET', 'cckm/aws/kms?region=ap-south-1')).toMatchObject({ total: 0 });
    expect(await ann.ok('GET', 'cckm/aws/kms?sort=-name&limit=1')).toMatchObject({ total: 2, resources: [made] });

    const { id: key } = await ann.createKey({}, { kms: made.id, region: 'eu-west-1' });
    expect(await ann.ok('GET', 'cckm/aws/keys?kms=payments')).toMatchObject({
      total: 1,
      resources: [{ id: key, kms: 'payments', kms_id: made.id }],
    });
    expect(await ann.refused('PATCH', `cckm/aws/kms/${made.id}`, { regions: ['us-east-1'] })).toBe(
      '409 17 NCERRConflict | The region eu-west-1 has keys of this KMS: keep it',
    );
    expect(await ann.refused('DELETE', `cckm/aws/kms/${made.id}`)).toBe(
      '409 17 NCERRConflict | The KMS payments has one or more key associated',
    );
    expect(await ann.ok('PATCH', `cckm/aws/kms/${made.id}`, { regions: ['eu-west-1'] })).toMatchObject({
      regions: ['eu-west-1'],
    });
    expect(await ann.ok('PATCH', `cckm/aws/kms/${made.id}`, {})).toMatchObject({ regions: ['eu-west-1'] });
    expect(await ann.refused('POST', 'cckm/aws/keys', { kms: 'payments', region: 'us-east-1', aws_param: {} })).toMatch(
      /^400 9 /,
    );

    await ann.send('DELETE', `cckm/aws/keys/${key}`);
    expect((await ann.send('DELETE', `cckm/aws/kms/${made.id}`)).status).toBe(204);
    expect(await ann.refused('GET', `cckm/aws/kms/${made.id}`)).toMatch(/^404 16 NCERRResourceNotFound/);
  });

  test('are archived and recovered', async () => {
    const { id, name } = await create('archive');
    const key = await ann.createKey({}, { kms: name });
    expect(await ann.refused('POST', `cckm/aws/kms/${id}/recover`)).toMatch(/^409 17 .*is not archived/);
    expect(await ann.ok('POST', `cckm/aws/kms/${id}/archive`)).toMatchObject({ status: 'ARCHIVED' });
    expect(await ann.refused('POST', `cckm/aws/kms/${id}/archive`)).toMatch(/^409 17 .*is archived already/);
    for (const [path, body] of [
      ['cckm/aws/keys', { kms: name, region: 'us-east-1', aws_param: {} }],
      [`cckm/aws/keys/${key.id}/disable`, undefined],
      [`cckm/aws/keys/${key.id}/refresh`, undefined],
      ['cckm/aws/synchronization-jobs', { kms: name }],
    ] as const)
      expect(await ann.refused('POST', path, body)).toBe(
        '409 17 NCERRConflict | The KMS archive is archived: recover it first',
      );
    expect(await ann.ok('GET', `cckm/aws/keys/${key.id}`)).toMatchObject({ kms: name });
    await ann.ok('POST', 'cckm/aws/synchronization-jobs', { synchronize_all: true }, 202);
    expect(await ann.ok('POST', `cckm/aws/kms/${id}/recover`)).toMatchObject({ status: 'ACTIVE' });
    await ann.ok('POST', `cckm/aws/keys/${key.id}/disable`);
  });

  const valid = { name: 'valid', account_id: ACCOUNT, regions: ['us-east-1'] };
  test.each<[string, object, string]>([
    [
      'the account of others',
      { ...valid, account_id: '111122223333' },
      '400 9 NCERRInvalidParamValue | account_id must be 000000000000',
    ],
    [
      'another connection',
      { ...valid, connection: 'aws' },
      '400 9 NCERRInvalidParamValue | connection must be keyblock',
    ],
    [
      'a Region that is not served',
      { ...valid, regions: ['us-east-1', 'ap-south-1'] },
      '400 9 NCERRInvalidParamValue | regions must be among',
    ],
    ['no Regions', { ...valid, regions: [] }, '400 9 '],
    ['no name', { ...valid, name: undefined }, '400 15 NCERRBadRequest'],
    ['an empty name', { ...valid, name: '' }, '400 9 '],
    ['a name with a slash', { ...valid, name: 'a/b' }, '400 9 '],
    ['a name like an id', { ...valid, name: 'baf58871-2503-4d13-a84a-339aeb8fdfaf' }, 'name must not look like an id'],
    [
      'a name that is taken',
      { ...valid, name: 'kms' },
      '409 17 NCERRConflict | A KMS with the name kms already exists',
    ],
  ])('are not created with %s', async (_, body, message) => {
    expect(await ann.refused('POST', 'cckm/aws/kms', body)).toContain(message);
  });

  test('that do not exist are not found', async () => {
    const path = 'cckm/aws/kms/baf58871-2503-4d13-a84a-339aeb8fdfaf';
    for (const [method, suffix, body] of [
      ['GET', ''],
      ['PATCH', '', {}],
      ['DELETE', ''],
      ['POST', '/archive'],
      ['POST', '/recover'],
      ['POST', '/update-acls', { acls: [] }],
    ] as const)
      expect(await ann.refused(method, path + suffix, body)).toMatch(/^404 16 NCERRResourceNotFound/);
    expect(await ann.refused('GET', 'cckm/aws/kms/%00')).toMatch(/^404 16 /);
    expect(await ann.refused('PATCH', 'cckm/aws/kms/..%2fkeys', {})).toMatch(/^404 16 /);
  });

  test('that are deleted while something is added to them are not found', async () => {
    const { id } = await create('short-lived');
    const container = await service.app.get(ContainerRepository).find(id);
    await ann.send('DELETE', `cckm/aws/kms/${id}`);
    const call = rootCall('CreateAwsKey');
    const missing = { name: 'NCERRResourceNotFound', message: 'KMS short-lived not found' };
    const arn = keyArn('baf58871-2503-4d13-a84a-339aeb8fdfaf');
    await expect(service.app.get(KeyRecordRepository).add(call, container, arn, {} as AwsParam)).rejects.toMatchObject(
      missing,
    );
    await expect(service.app.get(StoreRecordRepository).add(call, container, arn)).rejects.toMatchObject(missing);
  });

  test('have the account and the Regions of this service, over its one connection', async () => {
    const account = { account_id: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root` };
    expect(await ann.ok('POST', 'cckm/aws/accounts', { connection: 'keyblock' })).toEqual({ accounts: [account] });
    expect(await ann.ok('POST', 'cckm/aws/get-all-regions')).toEqual({ regions: ['us-east-1', 'eu-west-1'] });
    expect(await ann.refused('POST', 'cckm/aws/accounts', { connection: 'other' })).toMatch(/^400 9 /);
    const path = 'connectionmgmt/services/aws/connections';
    const list = await ann.ok<{ resources: Container[] }>('GET', `${path}?name=keyblock`);
    expect(list).toMatchObject({
      total: 1,
      resources: [{ name: 'keyblock', account: 'kylo:kylo:admin:accounts:kylo' }],
    });
    expect(await ann.ok('GET', `${path}/${list.resources[0]!.id}`)).toEqual(list.resources[0]);
    expect(await ann.ok('GET', `${path}?name=other`)).toMatchObject({ total: 0 });
    expect(await ann.refused('GET', `${path}/other`)).toMatch(/^404 16 /);
  });
});

describe('a synchronization', () => {
  const synchronize = (body: object) => ann.ok('POST', 'cckm/aws/synchronization-jobs', body, 202);

  test('records keys that were created through KMS, refreshes the others, and finds missing ones', async () => {
    const recorded = await ann.createKey({ Alias: 'synchronized' });
    const doomed = await ann.createKey();
    const kms = kmsClient(service);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'made through KMS' }));
    const { KeyId = '' } = KeyMetadata!;
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyId}`)).toMatchObject({ total: 0 });
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: doomed.aws_param.KeyID, PendingWindowInDays: 7 }));
    await service.app.get(KmsDeletionWorker, { strict: false }).doDue(new Date(Date.now() + 8 * 86_400_000));

    const job = await synchronize({ kms: ['kms'], regions: ['us-east-1'] });
    expect(job).toMatchObject({
      id: expect.stringMatching(UUID),
      overall_status: 'completed',
      cloud_name: 'aws',
      synchronize_all: false,
      passes: [{ kms: 'kms', region: 'us-east-1', status: 'completed', added: 1, gone: 1 }],
    });
    const found = await ann.ok<{ resources: AwsKey[] }>('GET', `cckm/aws/keys?keyid=${KeyId}&region=us-east-1`);
    expect(found).toMatchObject({
      total: 1,
      resources: [{ kms: 'kms', aws_param: { Description: 'made through KMS' } }],
    });
    const after = await ann.ok<AwsKey>('GET', `cckm/aws/keys/${recorded.id}`);
    expect(String(after['synced_at']) > String(recorded['synced_at'])).toBe(true);
    expect(String(after['updatedAt']) > String(recorded['updatedAt'])).toBe(true);
    expect(await ann.ok('GET', `cckm/aws/keys/${doomed.id}`)).toMatchObject({ gone: true });

    expect(await synchronize({ kms: 'kms', regions: 'us-east-1' })).toMatchObject({ passes: [{ added: 0 }] });
    const twice = await synchronize({ kms: ['kms', String(recorded['kms_id']), 'kms'], regions: ['us-east-1'] });
    expect(twice['passes']).toHaveLength(1);
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyId}`)).toMatchObject({
      total: 1,
      resources: [{ id: found.resources[0]!.id }],
    });
    expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata).toMatchObject({ Enabled: true });
  });

  test('of all containers covers each of their Regions, and leaves a key in the container that has it', async () => {
    const other = await create('second', ['us-east-1']);
    const key = await ann.createKey();
    const job = await synchronize({ synchronize_all: true });
    expect(job).toMatchObject({ overall_status: 'completed', synchronize_all: true });
    expect((job['passes'] as Json[]).map(({ kms, region }) => `${String(kms)} ${String(region)}`)).toEqual(
      expect.arrayContaining(['second us-east-1', 'kms us-east-1', 'kms eu-west-1']),
    );
    expect(await ann.ok('GET', `cckm/aws/keys/${key.id}`)).toMatchObject({ kms: 'kms' });
    expect(await ann.ok('GET', 'cckm/aws/keys?kms=second')).toMatchObject({ total: 0 });
    await ann.send('DELETE', `cckm/aws/kms/${other.id}`);
  });

  test('reads no more keys than its limit, and a later one reads the rest', async () => {
    const name = 'bounded';
    const { id } = await create(name, ['eu-west-1']);
    const kms = kmsClient(service, { region: 'eu-west-1' });
    for (let i = 0; i < 3; i++) await kms.send(new CreateKeyCommand({}));
    const container = await service.app.get(ContainerRepository).find(id);
    const call = rootCall('StartSynchronization');
    const pass = (keys: number) => service.app.get(Synchronizer).keysOf(call, container, 'eu-west-1', { keys });
    const at = { kms: name, region: 'eu-west-1', status: 'completed', gone: 0 };
    expect(await pass(2)).toEqual({ ...at, added: 2, updated: 0, remaining: 1 });
    expect(await pass(2)).toEqual({ ...at, added: 1, updated: 1, remaining: 1 });
    expect(await pass(3)).toEqual({ ...at, added: 0, updated: 3, remaining: 0 });
    expect(await ann.ok('GET', `cckm/aws/keys?kms=${name}`)).toMatchObject({ total: 3 });
  });

  test('is visible only to the user who started it, and can no longer be cancelled', async () => {
    const job = await synchronize({ kms: 'kms' });
    const path = `cckm/aws/synchronization-jobs/${String(job['id'])}`;
    expect(await ann.ok('GET', path)).toEqual(job);
    expect(await ann.ok('GET', 'cckm/aws/synchronization-jobs?limit=1&sort=-createdAt')).toMatchObject({
      limit: 1,
      resources: [{}],
    });
    expect(await ann.refused('POST', `${path}/cancel`)).toMatch(/^409 17 NCERRConflict \| The job .* has ended/);
    const eve = await user('eve', statement(['kms:*', 'cckm:*']));
    expect(await eve.refused('GET', path)).toMatch(/^404 16 /);
    expect(await eve.refused('POST', `${path}/cancel`)).toMatch(/^404 16 /);
    expect(await eve.ok('GET', 'cckm/aws/synchronization-jobs')).toMatchObject({ total: 0 });
    expect(await ann.refused('GET', `cckm/aws/bulkjob/${String(job['id'])}`)).toMatch(/^404 16 /);
  });

  test.each<[string, object, string]>([
    ['nothing', {}, '400 15 NCERRBadRequest'],
    ['both', { kms: 'kms', synchronize_all: true }, '400 15 NCERRBadRequest'],
    ['an unknown container', { kms: ['kms', 'none'] }, '404 16 '],
    ['a number', { kms: 5 }, '400 '],
    ['an empty list', { kms: [] }, '400 15 '],
    ['a Region that no container has', { kms: 'kms', regions: ['us-east-1', 'nowhere'] }, '400 9 '],
    ['such a Region of all containers', { synchronize_all: true, regions: 'us-east-1,eu-west-1' }, '400 9 '],
  ])('is not started for %s', async (_, body, message) => {
    expect(await ann.refused('POST', 'cckm/aws/synchronization-jobs', body)).toContain(message);
  });
});

describe('a bulk job', () => {
  const bulk = (body: object) => ann.ok('POST', 'cckm/aws/bulkjob', body, 202);

  test('changes keys, each with its own result', async () => {
    const [one, two] = [await ann.createKey(), await ann.createKey({ Origin: 'EXTERNAL' })];
    const missing = 'baf58871-2503-4d13-a84a-339aeb8fdfaf';
    const keys = [one.id, two.id, missing, one.id];
    const scheduled = await bulk({ keys, operation: 'schedulekeydeletion', days: 8 });
    expect(scheduled).toMatchObject({
      overall_status: 'failed',
      operation: 'schedulekeydeletion',
      results: [
        { key_id: one.id, status: 'completed' },
        { key_id: two.id, status: 'completed' },
        { key_id: missing, status: 'failed', error: 'NCERRResourceNotFound: Key not found' },
      ],
    });
    expect(await bulk({ keys: [one.id, two.id], operation: 'cancelkeydeletion' })).toMatchObject({
      overall_status: 'completed',
    });
    const enabled = await bulk({ keys: [one.id, two.id], operation: 'enablekey' });
    expect(enabled).toMatchObject({
      results: [
        { status: 'completed' },
        { status: 'failed', error: expect.stringContaining('KMSInvalidStateException') as unknown },
      ],
    });
    expect(await ann.ok('GET', `cckm/aws/keys/${one.id}`)).toMatchObject({ aws_param: { KeyState: 'Enabled' } });
    await bulk({ keys: [one.id], operation: 'disablekey' });
    expect(await ann.ok('GET', `cckm/aws/keys/${one.id}`)).toMatchObject({ aws_param: { KeyState: 'Disabled' } });

    const path = `cckm/aws/bulkjob/${String(scheduled['id'])}`;
    expect(await ann.ok('GET', path)).toEqual(scheduled);
    expect(await ann.ok('GET', 'cckm/aws/bulkjob')).toMatchObject({ total: 4 });
    expect(await ann.refused('POST', `${path}/cancel`)).toMatch(/^409 17 /);
  });

  test('beside another one leaves each key in a state that one of them set, as every answer shows', async () => {
    const keys = [(await ann.createKey()).id, (await ann.createKey()).id];
    const jobs = await Promise.all(
      ['schedulekeydeletion', 'disablekey', 'schedulekeydeletion', 'enablekey'].map((operation) =>
        bulk({ keys, operation }),
      ),
    );
    expect(jobs.map(({ results }) => (results as Json[]).map(({ key_id }) => key_id))).toEqual(jobs.map(() => keys));
    for (const [i, id] of keys.entries()) {
      const scheduled = [jobs[0]!, jobs[2]!].filter(({ results }) => (results as Json[])[i]!['status'] === 'completed');
      expect(scheduled).toHaveLength(1);
      const { aws_param } = await ann.ok<AwsKey>('GET', `cckm/aws/keys/${id}`);
      const { KeyMetadata } = await kmsClient(service).send(new DescribeKeyCommand({ KeyId: aws_param.KeyID }));
      expect([aws_param.KeyState, KeyMetadata!.KeyState]).toEqual(['PendingDeletion', 'PendingDeletion']);
    }
  });

  test.each<[string, object, string]>([
    ['no keys', { keys: [], operation: 'enablekey' }, '400 9 '],
    ['201 keys', { keys: Array.from({ length: 201 }, () => 'x'), operation: 'enablekey' }, '400 9 '],
    ['another operation', { keys: ['x'], operation: 'deletekey' }, '400 9 '],
    ['too few days', { keys: ['x'], operation: 'schedulekeydeletion', days: 6 }, '400 9 '],
    ['no template', { keys: ['x'], operation: 'applypolicytemplate' }, '400 15 '],
    ['an unknown template', { keys: ['x'], operation: 'applypolicytemplate', policy_template_id: 'x' }, '404 16 '],
  ])('is not started for %s', async (_, body, message) => {
    expect(await ann.refused('POST', 'cckm/aws/bulkjob', body)).toContain(message);
  });
});

describe('policy templates', () => {
  const ROOT = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' };
  const POLICY = { Version: '2012-10-17', Id: 'template', Statement: [ROOT] };

  test('are created, given to keys, pushed to them and deleted once no key has them', async () => {
    const template = await ann.ok<Container>(
      'POST',
      'cckm/aws/templates',
      { name: 'orders', kms: 'kms', account_id: ACCOUNT, policy: POLICY },
      201,
    );
    expect(template).toMatchObject({ name: 'orders', kms: 'kms', account_id: ACCOUNT, policy: POLICY });
    const { id } = template;
    expect(await ann.ok('GET', `cckm/aws/templates/${id}`)).toEqual(template);
    expect(await ann.ok('GET', 'cckm/aws/templates?name=orders&kms=kms')).toMatchObject({
      total: 1,
      resources: [template],
    });
    expect(await ann.ok('GET', 'cckm/aws/templates?name=none')).toMatchObject({ total: 0 });

    const tag = { TagKey: 'cckm_policy_template_id', TagValue: id };
    const created = await ann.createKey({ Tags: [{ TagKey: 'a', TagValue: '' }] }, { policytemplate: id });
    expect(created.aws_param).toMatchObject({ Policy: POLICY, Tags: [{ TagKey: 'a' }, tag] });
    const later = await ann.createKey();
    const applied = await ann.ok<AwsKey>('POST', `cckm/aws/keys/${later.id}/policy`, { policytemplate: id });
    expect(applied.aws_param).toMatchObject({ Policy: POLICY, Tags: [tag] });
    const many = await ann.createKey();
    await ann.ok(
      'POST',
      'cckm/aws/bulkjob',
      { keys: [many.id], operation: 'applypolicytemplate', policy_template_id: id },
      202,
    );
    expect(await ann.ok('GET', `cckm/aws/keys?cckm_policy_template_id=${id}`)).toMatchObject({ total: 3 });

    const changed = await ann.ok<Container>('PATCH', `cckm/aws/templates/${id}`, {
      policy: { ...POLICY, Id: 'changed' },
    });
    expect(changed).toMatchObject({ policy: { Id: 'changed' } });
    const read = async () =>
      (await ann.ok<AwsKey>('GET', `cckm/aws/keys/${created.id}`)).aws_param['Policy'] as { Id: string };
    expect((await read()).Id).toBe('template');
    await ann.ok('PATCH', `cckm/aws/templates/${id}`, { auto_push: true });
    expect((await read()).Id).toBe('changed');
    expect(await ann.ok('PATCH', `cckm/aws/templates/${id}`, { key_admins: ['ann'] })).toMatchObject({
      key_admins: ['ann'],
    });

    expect(await ann.refused('DELETE', `cckm/aws/templates/${id}`)).toBe(
      '409 17 NCERRConflict | The template orders has one or more key associated',
    );
    for (const key of [created, later, many]) {
      const { aws_param } = await ann.ok<AwsKey>('POST', `cckm/aws/keys/${key.id}/policy`, { policy: POLICY });
      expect(JSON.stringify(aws_param['Tags'])).not.toContain('cckm_policy_template_id');
    }
    expect((await ann.send('DELETE', `cckm/aws/templates/${id}`)).status).toBe(204);
    expect(await ann.refused('GET', `cckm/aws/templates/${id}`)).toMatch(/^404 16 /);
  });

  test.each<[string, object, string]>([
    ['no policy', { name: 'x' }, '400 15 '],
    ['no name', { policy: POLICY }, '400 15 '],
    ['a policy and lists', { name: 'x', policy: POLICY, key_admins: ['ann'] }, '400 15 '],
    ['text that is not JSON', { name: 'x', policy: '{' }, '400 9 '],
    ['an unknown container', { name: 'x', policy: POLICY, kms: 'none' }, '404 16 '],
    ['a NUL in its name', { name: 'a\0', policy: POLICY }, '400 9 '],
  ])('are not created with %s', async (_, body, message) => {
    expect(await ann.refused('POST', 'cckm/aws/templates', body)).toContain(message);
  });

  test('have names of their own, and those that do not exist are not found', async () => {
    await ann.ok('POST', 'cckm/aws/templates', { name: 'once', key_users: ['ann'] }, 201);
    expect(await ann.refused('POST', 'cckm/aws/templates', { name: 'once', key_users: ['ann'] })).toMatch(
      /^409 17 .*already exists/,
    );
    for (const id of ['baf58871-2503-4d13-a84a-339aeb8fdfaf', 'none', '..%2fkeys']) {
      expect(await ann.refused('GET', `cckm/aws/templates/${id}`)).toMatch(/^404 16 /);
      expect(await ann.refused('PATCH', `cckm/aws/templates/${id}`, { key_users: ['ann'] })).toMatch(/^404 16 /);
      expect(await ann.refused('DELETE', `cckm/aws/templates/${id}`)).toMatch(/^404 16 /);
    }
  });
});
