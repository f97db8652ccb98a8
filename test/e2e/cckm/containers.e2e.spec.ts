import { ContainerRepository } from '../../../src/cckm/containers/container.repository.js';
import { KeyRecordRepository } from '../../../src/cckm/keys/key-record.repository.js';
import type { AwsParam } from '../../../src/cckm/keys/keys.schema.js';
import { StoreRecordRepository } from '../../../src/cckm/stores/store-record.repository.js';
import { statement } from '../../support/admin.js';
import { rootCall } from '../../support/call.js';
import { ACCOUNT, type CckmUser, keyArn, MISSING, type Resource, useCckm, UUID } from '../../support/cckm.js';

const REGIONS = { KEYBLOCK_REGION: 'us-east-1', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };
const { service, user } = useCckm(REGIONS);

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});

describe('KMS containers', () => {
  test('begin with one of all Regions', async () => {
    const list = await ann.ok<{ resources: Resource[] }>('GET', 'cckm/aws/kms');
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
    const made = await ann.createContainer('payments', ['us-east-1', 'eu-west-1', 'us-east-1']);
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
    const { id, name } = await ann.createContainer('archive');
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
    ['a name like an id', { ...valid, name: MISSING }, 'name must not look like an id'],
    [
      'a name that is taken',
      { ...valid, name: 'kms' },
      '409 17 NCERRConflict | A KMS with the name kms already exists',
    ],
  ])('are not created with %s', async (_, body, message) => {
    expect(await ann.refused('POST', 'cckm/aws/kms', body)).toContain(message);
  });

  test('that do not exist are not found', async () => {
    const path = `cckm/aws/kms/${MISSING}`;
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
    const { id } = await ann.createContainer('short-lived');
    const container = await service.app.get(ContainerRepository).find(id);
    await ann.send('DELETE', `cckm/aws/kms/${id}`);
    const call = rootCall('CreateAwsKey');
    const missing = { name: 'NCERRResourceNotFound', message: 'KMS short-lived not found' };
    const arn = keyArn(MISSING);
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
    const list = await ann.ok<{ resources: Resource[] }>('GET', `${path}?name=keyblock`);
    expect(list).toMatchObject({
      total: 1,
      resources: [{ name: 'keyblock', account: 'kylo:kylo:admin:accounts:kylo' }],
    });
    expect(await ann.ok('GET', `${path}/${list.resources[0]!.id}`)).toEqual(list.resources[0]);
    expect(await ann.ok('GET', `${path}?name=other`)).toMatchObject({ total: 0 });
    expect(await ann.refused('GET', `${path}/other`)).toMatch(/^404 16 /);
  });
});
