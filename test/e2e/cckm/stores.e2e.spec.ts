import { setTimeout as pause } from 'node:timers/promises';
import { DeleteCustomKeyStoreCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { DataSource } from 'typeorm';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { statement } from '../../support/admin.js';
import { ACCOUNT, type AwsKey, cckmOf, type CckmUser, MISSING, UUID } from '../../support/cckm.js';
import { clusterId, settledStore, useClusters } from '../../support/clusters.js';
import { describeWithSoftHsm, PIN } from '../../support/softhsm.js';

type Json = Record<string, unknown>;
interface Store extends Json {
  id: string;
  aws_param: Json & { custom_key_store_id: string; connection_state: string };
}
interface List<T> {
  total: number;
  resources: T[];
}

const STORES = 'cckm/aws/custom-key-stores';
const REGIONS = { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };

describeWithSoftHsm('custom key stores', () => {
  const clusters = useClusters(() => ({ one: {}, two: {}, three: {} }), REGIONS);
  let kms: KMSClient;
  let ann: CckmUser;
  let cckm: ReturnType<typeof cckmOf>;
  beforeAll(async () => {
    kms = clusters.client;
    cckm = cckmOf(clusters.service);
    ann = await cckm.user('ann', statement(['kms:*', 'cckm:*']));
  });

  const bodyOf = (name: string, param: object = {}) => ({
    kms: 'kms',
    region: 'us-east-1',
    name,
    aws_param: {
      custom_key_store_type: 'AWS_CLOUDHSM',
      cloud_hsm_cluster_id: clusterId(name),
      trust_anchor_certificate: clusters.anchors.get(name),
      key_store_password: PIN,
      ...param,
    },
  });
  const get = (id: string, user = ann) => user.ok<Store>('GET', `${STORES}/${id}`);
  /** Polls a store as Thales's clients do. */
  async function settled(id: string): Promise<string> {
    for (;;) {
      const { connection_state: state } = (await get(id)).aws_param;
      if (!/CTING$/.test(state)) return state;
      await pause(20);
    }
  }

  let one: Store;

  test('are created, read, connected and renamed by the requests of the Terraform provider', async () => {
    const nothing = { xks_proxy_connectivity: '', xks_proxy_uri_endpoint: '', xks_proxy_vpc_endpoint_service_name: '' };
    const body = { ...bodyOf('one', nothing), linked_state: true, enable_success_audit_event: false };
    one = await ann.ok<Store>(
      'POST',
      STORES,
      { ...body, local_hosted_params: { blocked: false, mtls_enabled: false } },
      201,
    );
    const { id, aws_param } = one;
    expect(one).toEqual({
      id: expect.stringMatching(UUID),
      uri: `kylo:kylo:cckm:aws-custom-key-store:${id}`,
      account: 'kylo:kylo:admin:accounts:kylo',
      application: 'ncryptify:gemalto:admin:apps:kylo',
      devAccount: 'ncryptify:gemalto:admin:accounts:gemalto',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      kms_id: expect.stringMatching(UUID),
      kms: 'kms',
      name: 'one',
      region: 'us-east-1',
      cloud_name: 'aws',
      type: 'AWS_CLOUDHSM',
      linked_state: true,
      gone: false,
      aws_param: {
        aws_account_id: ACCOUNT,
        custom_key_store_id: expect.stringMatching(/^cks-[0-9a-f]{17}$/),
        custom_key_store_name: 'one',
        custom_key_store_type: 'AWS_CLOUDHSM',
        connection_state: 'DISCONNECTED',
        cloud_hsm_cluster_id: clusterId('one'),
        trust_anchor_certificate: clusters.anchors.get('one'),
      },
      local_hosted_params: { blocked: false, linked_state: true },
    });
    expect(await get(id)).toEqual(one);
    expect(await ann.refused('POST', `${STORES}/${id}/create-aws-key`, { aws_param: {} })).toMatch(
      /^409 17 NCERRConflict \| CustomKeyStoreInvalidStateException/,
    );
    expect(
      (await ann.ok<Store>('POST', `${STORES}/${id}/connect`, { aws_param: { key_store_password: PIN } })).id,
    ).toBe(id);
    expect(await settled(id)).toBe('CONNECTED');
    const renamed = await ann.ok<Store>('PATCH', `${STORES}/${id}`, {
      name: 'renamed',
      aws_param: { cloud_hsm_cluster_id: clusterId('one') },
      local_hosted_params: {},
    });
    expect(renamed).toMatchObject({ name: 'renamed', aws_param: { connection_state: 'CONNECTED' } });
    expect(await ann.ok('PATCH', `${STORES}/${id}`, { name: 'one', aws_param: {} })).toMatchObject({ name: 'one' });
    expect(await ann.ok('PATCH', `${STORES}/${id}`, {})).toMatchObject({ name: 'one' });
    const list = await ann.ok<List<Store>>('GET', `${STORES}/?limit=-1&name=one&region=us-east-1`);
    expect(list).toMatchObject({ total: 1, resources: [{ id }] });
    expect((await settledStore(kms, aws_param.custom_key_store_id)).ConnectionState).toBe('CONNECTED');
  });

  test('hold keys, which name their store and are found by it', async () => {
    const { id, aws_param } = one;
    const Tags = [{ TagKey: 'team', TagValue: 'orders' }];
    const key = await ann.ok<AwsKey>(
      'POST',
      `${STORES}/${id}/create-aws-key`,
      { aws_param: { Alias: 'in-store', Description: 'on a token', Tags }, key_users: ['ann'] },
      201,
    );
    expect(key).toMatchObject({
      kms: 'kms',
      region: 'us-east-1',
      key_users: ['ann'],
      custom_key_store_id: id,
      linked_state: true,
      key_material_origin: 'native',
      aws_param: {
        Origin: 'AWS_CLOUDHSM',
        CustomKeyStoreId: aws_param.custom_key_store_id,
        Alias: ['alias/in-store'],
        Tags,
        KeyRotationEnabled: false,
      },
    });
    expect(await ann.ok('GET', `cckm/aws/keys/${key.id}`)).toEqual(key);
    await kms.send(new EncryptCommand({ KeyId: 'alias/in-store', Plaintext: Buffer.from('x') }));
    const plain = await ann.createKey();
    expect(plain).not.toHaveProperty('custom_key_store_id');
    expect(plain.aws_param).not.toHaveProperty('CustomKeyStoreId');
    for (const query of [
      `custom_key_store_id=${id}`,
      `custom_key_store_id=${aws_param.custom_key_store_id}`,
      'custom_key_store_name=one',
      `custom_key_store_name=one&custom_key_store_id=${id}`,
      'origin=AWS_CLOUDHSM',
    ])
      expect([query, await ann.ok('GET', `cckm/aws/keys?${query}`)]).toEqual([
        query,
        expect.objectContaining({ total: 1, resources: [key] }),
      ]);
    for (const query of ['custom_key_store_name=none', `custom_key_store_id=${MISSING}`, 'custom_key_store_id=cks'])
      expect(await ann.ok('GET', `cckm/aws/keys?${query}`)).toMatchObject({ total: 0 });
    const sorted = await ann.ok<List<AwsKey>>('GET', 'cckm/aws/keys?sort=-CustomKeyStoreID&limit=1');
    expect(sorted.resources[0]!.id).toBe(key.id);

    for (const action of ['rotate', 'rotate-material', 'enable-auto-rotation'])
      expect(await ann.refused('POST', `cckm/aws/keys/${key.id}/${action}`)).toMatch(/^400 15 NCERRBadRequest/);
    await ann.ok('POST', `cckm/aws/keys/${key.id}/schedule-deletion`, { days: 7 });
    await ann.ok('POST', `cckm/aws/keys/${key.id}/cancel-deletion`);
    expect(await ann.refused('DELETE', `${STORES}/${id}`)).toMatch(/^409 17 NCERRConflict \| CustomKeyStore/);
  });

  test('are disconnected, which makes their keys unavailable, and not deleted while they hold keys', async () => {
    const { id } = one;
    await ann.ok('POST', `${STORES}/${id}/disconnect`);
    expect(await settled(id)).toBe('DISCONNECTED');
    expect(await ann.refused('POST', `${STORES}/${id}/disconnect`)).toMatch(/^409 17 .*CustomKeyStoreInvalidState/);
    expect(await ann.ok('GET', 'cckm/aws/keys?custom_key_store_name=one')).toMatchObject({
      resources: [{ aws_param: { KeyState: 'Unavailable' } }],
    });
    expect(await ann.refused('DELETE', `${STORES}/${id}`)).toMatch(/^409 17 .*CustomKeyStoreHasCMKsException/);
    await ann.ok('POST', `${STORES}/${id}/connect`, { key_store_password: PIN });
    expect(await settled(id)).toBe('CONNECTED');
  });

  test('show a failed connection with its reason, and are deleted once disconnected', async () => {
    const { id } = await ann.ok<Store>('POST', STORES, bodyOf('two', { key_store_password: 'another-pin' }), 201);
    await ann.ok('POST', `${STORES}/${id}/connect`);
    expect(await settled(id)).toBe('FAILED');
    expect((await get(id)).aws_param).toMatchObject({ connection_error_details: 'INVALID_CREDENTIALS' });
    await ann.ok('POST', `${STORES}/${id}/disconnect`);
    expect(await settled(id)).toBe('DISCONNECTED');
    expect((await ann.send('DELETE', `${STORES}/${id}`)).status).toBe(204);
    expect(await ann.refused('GET', `${STORES}/${id}`)).toBe(
      '404 16 NCERRResourceNotFound: Resource not found | Custom key store not found',
    );
  });

  test('that were created through KMS are recorded by a synchronization, and marked once they are deleted', async () => {
    const container = await ann.ok<{ id: string }>(
      'POST',
      'cckm/aws/kms',
      { name: 'hsm', account_id: ACCOUNT, regions: ['us-east-1'] },
      201,
    );
    const CustomKeyStoreId = await clusters.store('three');
    const query = `${STORES}?custom_key_store_id=${CustomKeyStoreId}`;
    expect(await ann.ok('GET', query)).toMatchObject({ total: 0 });
    const jobs = `${STORES}/synchronization-jobs`;
    const job = await ann.ok<Json & { id: string }>('POST', jobs, { kms: ['hsm'] }, 202);
    expect(job).toMatchObject({
      overall_status: 'completed',
      passes: [{ kms: 'hsm', region: 'us-east-1', added: 1, updated: 0, gone: 0 }],
    });
    expect(await ann.ok('GET', `${jobs}/${job.id}`)).toEqual(job);
    expect(await ann.ok('GET', jobs)).toMatchObject({ total: 1, resources: [job] });
    expect(await ann.refused('POST', `${jobs}/${job.id}/cancel`)).toMatch(/^409 17 .*has ended/);
    expect(await ann.refused('GET', `cckm/aws/synchronization-jobs/${job.id}`)).toMatch(/^404 16 /);
    const { resources } = await ann.ok<List<Store>>('GET', query);
    expect(resources).toMatchObject([{ name: 'three', kms: 'hsm', kms_id: container.id }]);
    const { id } = resources[0]!;

    expect(await ann.refused('DELETE', `cckm/aws/kms/${container.id}`)).toBe(
      '409 17 NCERRConflict | The KMS hsm has one or more custom key store associated',
    );
    expect(await ann.refused('PATCH', `cckm/aws/kms/${container.id}`, { regions: ['eu-west-1'] })).toBe(
      '409 17 NCERRConflict | The region us-east-1 has custom key stores of this KMS: keep it',
    );
    await kms.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId }));
    expect(await get(id)).toMatchObject({ gone: true, name: 'three', aws_param: { connection_state: 'DISCONNECTED' } });
    expect(await ann.ok('POST', jobs, { kms: 'hsm' }, 202)).toMatchObject({ passes: [{ added: 0, gone: 1 }] });
    for (const [method, suffix, body] of [
      ['PATCH', '', { name: 'x' }],
      ['POST', '/connect'],
      ['POST', '/disconnect'],
      ['POST', '/create-aws-key', { aws_param: {} }],
    ] as const)
      expect(await ann.refused(method, `${STORES}/${id}${suffix}`, body)).toBe(
        `404 16 NCERRResourceNotFound: Resource not found | Custom key store ${CustomKeyStoreId} not found`,
      );
    expect((await ann.send('DELETE', `${STORES}/${id}`)).status).toBe(204);
    expect((await ann.send('DELETE', `cckm/aws/kms/${container.id}`)).status).toBe(204);
  });

  test.each<[string, () => object, string]>([
    ['in an unknown container', () => ({ ...bodyOf('two'), kms: 'none' }), '404 16 '],
    ['in a Region that the container lacks', () => ({ ...bodyOf('two'), region: 'ap-south-1' }), '400 9 '],
    ['without a name', () => ({ ...bodyOf('two'), name: undefined }), '400 15 '],
    ['with an empty name', () => ({ ...bodyOf('two'), name: '' }), '400 9 NCERRInvalidParamValue'],
    ['with the name of another', () => ({ ...bodyOf('two'), name: 'one' }), '409 17 NCERRConflict'],
    ['on a cluster in use', () => ({ ...bodyOf('one'), name: 'x' }), 'CloudHsmClusterInUseException'],
    ['on an unknown cluster', () => bodyOf('two', { cloud_hsm_cluster_id: 'cluster-22222222222' }), '400 9 '],
    [
      'with another trust anchor',
      () => bodyOf('two', { trust_anchor_certificate: clusters.anchors.get('one') }),
      '400 9 ',
    ],
    ['without a password', () => bodyOf('two', { key_store_password: '' }), '400 9 '],
    ['with a short password', () => bodyOf('two', { key_store_password: 'x' }), '400 9 '],
    [
      'of the type that is the default of CipherTrust Manager',
      () => bodyOf('two', { custom_key_store_type: undefined }),
      "400 15 NCERRBadRequest: Bad HTTP request | Keyblock doesn't serve this request.",
    ],
    ['behind a proxy', () => bodyOf('two', { custom_key_store_type: 'EXTERNAL_KEY_STORE' }), '400 15 '],
  ])('are not created %s', async (_, body, message) => {
    const answer = await ann.refused('POST', STORES, body());
    expect(answer).toContain(message);
    expect(answer).not.toContain(PIN);
    expect(await ann.ok('GET', STORES)).toMatchObject({ total: 1 });
  });

  test('that do not exist are not found', async () => {
    for (const id of [MISSING, 'none', one.aws_param.custom_key_store_id, '..%2fkeys', '%00'])
      for (const [method, suffix, body] of [
        ['GET', ''],
        ['PATCH', '', {}],
        ['DELETE', ''],
        ['POST', '/connect'],
        ['POST', '/disconnect'],
        ['POST', '/create-aws-key', { aws_param: {} }],
      ] as const)
        expect(await ann.refused(method, `${STORES}/${id}${suffix}`, body)).toMatch(/^404 16 NCERRResourceNotFound/);
  });

  test('accept no origin but their own for a new key', async () => {
    for (const Origin of ['AWS_KMS', 'EXTERNAL', 'EXTERNAL_KEY_STORE'])
      expect(await ann.refused('POST', `${STORES}/${one.id}/create-aws-key`, { aws_param: { Origin } })).toMatch(
        /^400 15 .*Origin must be AWS_CLOUDHSM/,
      );
    expect(
      await ann.refused('POST', 'cckm/aws/keys', {
        ...{ kms: 'kms', region: 'us-east-1' },
        aws_param: { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: one.aws_param.custom_key_store_id },
      }),
    ).toMatch(/^400 15 .*Origin must be AWS_KMS or EXTERNAL/);
  });

  describe('cannot be changed by a user', () => {
    const NEEDS: [method: string, suffix: string, needs: string, body?: object][] = [
      ['PATCH', '', 'kms:UpdateCustomKeyStore', { name: 'x' }],
      ['DELETE', '', 'kms:DeleteCustomKeyStore'],
      ['POST', '/connect', 'kms:ConnectCustomKeyStore'],
      ['POST', '/connect', 'kms:UpdateCustomKeyStore', { key_store_password: 'another-pin' }],
      ['POST', '/disconnect', 'kms:DisconnectCustomKeyStore'],
      ['POST', '/create-aws-key', 'kms:CreateKey', { aws_param: {} }],
    ];

    test('without the permission in KMS for each change', async () => {
      const reader = await cckm.user('reader', statement(['kms:DescribeCustomKeyStores', 'cckm:*']));
      const before = await get(one.id, reader);
      for (const [method, suffix, needs, body] of NEEDS)
        expect(await reader.refused(method, `${STORES}/${one.id}${suffix}`, body)).toMatch(
          new RegExp(`^403 4 NCERRForbidden \\| AccessDeniedException: .*${needs}`),
        );
      expect(await reader.refused('POST', STORES, bodyOf('two'))).toMatch(/^403 4 .*kms:CreateCustomKeyStore/);
      expect(await get(one.id)).toEqual(before);
    });

    test('without kms:DescribeCustomKeyStores, who neither sees nor counts them, nor finds keys by their names', async () => {
      const blind = await cckm.user('blind', statement(['kms:*', 'cckm:*']), {
        Effect: 'Deny',
        Action: 'kms:DescribeCustomKeyStores',
        Resource: '*',
      });
      expect(await blind.ok('GET', STORES)).toMatchObject({ total: 0, resources: [] });
      expect(await blind.refused('GET', `${STORES}/${one.id}`)).toMatch(/^403 4 .*kms:DescribeCustomKeyStores/);
      expect(await blind.ok('GET', 'cckm/aws/keys?custom_key_store_name=one')).toMatchObject({ total: 0 });
      for (const [method, suffix, , body] of NEEDS)
        expect(await blind.refused(method, `${STORES}/${one.id}${suffix}`, body)).toMatch(/^403 4 /);
      expect(await blind.ok('POST', `${STORES}/synchronization-jobs`, { kms: 'kms' }, 202)).toMatchObject({
        overall_status: 'failed',
        passes: [{ error: expect.stringContaining('kms:DescribeCustomKeyStores') as unknown }, {}],
      });
    });

    test("whom the container's ACLs do not permit the change", async () => {
      const setAcls = (...actions: string[]) =>
        ann.ok('POST', 'cckm/aws/kms/kms/update-acls', {
          acls: actions.length > 0 ? [{ group: 'CCKM Users', actions }] : [],
        });
      const bound = await cckm.user('bound', statement('kms:*'));
      await setAcls('viewbyok');
      expect(await bound.ok('GET', STORES)).toMatchObject({ total: 0 });
      expect(await bound.refused('GET', `${STORES}/${one.id}`)).toMatch(/do not permit viewnative to bound$/);
      await setAcls('viewnative');
      await get(one.id, bound);
      for (const [method, suffix, body, action] of [
        ['PATCH', '', { name: 'x' }, 'keyupdate'],
        ['POST', '/connect', undefined, 'keyupdate'],
        ['POST', '/disconnect', undefined, 'keyupdate'],
        ['DELETE', '', undefined, 'keydelete'],
        ['POST', '/create-aws-key', { aws_param: {} }, 'keycreate'],
      ] as const)
        expect(await bound.refused(method, `${STORES}/${one.id}${suffix}`, body)).toBe(
          `403 4 NCERRForbidden | The ACLs of the KMS kms do not permit ${action} to bound`,
        );
      expect(await bound.refused('POST', STORES, bodyOf('two'))).toMatch(/do not permit keycreate/);
      expect(await bound.refused('POST', `${STORES}/synchronization-jobs`, { kms: 'kms' })).toMatch(
        /do not permit keysynchronize/,
      );
      await setAcls();
    });
  });

  test('are not changed in an archived container', async () => {
    await ann.ok('POST', 'cckm/aws/kms/kms/archive');
    for (const [method, suffix, body] of [
      ['PATCH', '', { name: 'x' }],
      ['POST', '/disconnect'],
      ['DELETE', ''],
      ['POST', '/create-aws-key', { aws_param: {} }],
    ] as const)
      expect(await ann.refused(method, `${STORES}/${one.id}${suffix}`, body)).toMatch(/^409 17 .*is archived/);
    await get(one.id);
    await ann.ok('POST', 'cckm/aws/kms/kms/recover');
  });

  test('leave no password in audit events or in the database', async () => {
    await clusters.service.app.get(AuditLog).flush();
    const database = clusters.service.app.get(DataSource);
    const events = await database.query<{ name: string; text: string }[]>(
      `SELECT event->>'eventName' AS name, event::text AS text FROM audit_events`,
    );
    expect(events.map(({ name }) => name)).toEqual(expect.arrayContaining(['ConnectStore', 'CreateCustomKeyStore']));
    const records = await database.query<{ snapshot: string }[]>('SELECT snapshot FROM cckm_stores');
    const texts = [...events.map(({ text }) => text), ...records.map(({ snapshot }) => snapshot)];
    for (const secret of [PIN, 'another-pin']) expect(texts.filter((text) => text.includes(secret))).toEqual([]);
  });
});
