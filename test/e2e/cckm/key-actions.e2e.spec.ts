import { createPublicKey } from 'node:crypto';
import { DecryptCommand, DescribeKeyCommand, EncryptCommand, ListAliasesCommand } from '@aws-sdk/client-kms';
import { KmsDeletionWorker } from '../../../src/kms/keys/kms-deletion.worker.js';
import { statement } from '../../support/admin.js';
import { ACCOUNT, type AwsKey, type CckmUser, keyArn, useCckm, userArn, UUID } from '../../support/cckm.js';
import { kmsClient } from '../../support/kms.js';
import { addMaterial } from '../../support/kms-rows.js';
import { TestClock } from '../../support/service.js';

const REGIONS = { KEYBLOCK_REGION: 'us-east-1', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };
const clock = new TestClock();
const { service, admin, user } = useCckm(REGIONS, clock);

const MISSING = 'baf58871-2503-4d13-a84a-339aeb8fdfaf';
const NOT_FOUND = '404 16 NCERRResourceNotFound: Resource not found | Key not found';

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});
const act = (id: string, action: string, body?: object) =>
  ann.ok<AwsKey>('POST', `cckm/aws/keys/${id}/${action}`, body, action === 'replicate-key' ? 201 : 200);
const refused = (id: string, action: string, body?: object) =>
  ann.refused('POST', `cckm/aws/keys/${id}/${action}`, body);
const get = (id: string) => ann.ok<AwsKey>('GET', `cckm/aws/keys/${id}`);

describe('deletion', () => {
  test('is scheduled for 7 days by default, and is refused a second time', async () => {
    const { id } = await ann.createKey();
    const pending = await act(id, 'schedule-deletion');
    expect(pending).toMatchObject({
      deletion_date: pending.aws_param['DeletionDate'],
      aws_param: { KeyState: 'PendingDeletion', Enabled: false },
    });
    const days = (Date.parse(String(pending['deletion_date'])) - clock.now().getTime()) / 86_400_000;
    expect(Math.round(days)).toBe(7);
    expect(pending['deletion_date']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await refused(id, 'schedule-deletion', { days: 7 })).toMatch(
      /^409 17 NCERRConflict \| KMSInvalidStateException: .* is pending deletion/,
    );
    for (const action of ['enable', 'disable', 'enable-auto-rotation', 'rotate-material'])
      expect(await refused(id, action)).toMatch(
        /^409 17 NCERRConflict \| KMSInvalidStateException: .* is pending deletion/,
      );
    const cancelled = await act(id, 'cancel-deletion');
    expect(cancelled).not.toHaveProperty('deletion_date');
    expect(cancelled.aws_param).not.toHaveProperty('DeletionDate');
  });

  test.each([6, 31, 0, -1, 1.5, '7', null])('is not scheduled for %p days, but null counts as absent', async (days) => {
    const { id } = await ann.createKey();
    if (days === null) await act(id, 'schedule-deletion', { days });
    else expect(await refused(id, 'schedule-deletion', { days })).toMatch(/^400 (9|15) NCERR.*\/days must be/);
    expect((await get(id)).aws_param.KeyState).toBe(days === null ? 'PendingDeletion' : 'Enabled');
  });

  test('is cancelled only while it is scheduled', async () => {
    const { id, aws_param } = await ann.createKey();
    expect(await refused(id, 'cancel-deletion')).toBe(
      `409 17 NCERRConflict | KMSInvalidStateException: ${aws_param.Arn} is not pending deletion.`,
    );
    expect(await refused(MISSING, 'cancel-deletion')).toBe(NOT_FOUND);
    expect((await get(id)).aws_param.KeyState).toBe('Enabled');
  });

  test('ends with a destroyed key, whose record keeps its description', async () => {
    const created = await ann.createKey({ Alias: 'soon-gone', Description: 'of old' });
    const { id } = created;
    await act(id, 'schedule-deletion', { days: 7 });
    const later = new Date(clock.now().getTime() + 8 * 86_400_000);
    await service.app.get(KmsDeletionWorker, { strict: false }).doDue(later);
    const gone = await get(id);
    expect(gone).toMatchObject({
      gone: true,
      aws_param: { Description: 'of old', Alias: ['alias/soon-gone'], KeyState: 'PendingDeletion' },
    });
    expect(await ann.ok('GET', `cckm/aws/keys?gone=true&id=${id}`)).toMatchObject({ total: 1 });
    for (const action of ['enable', 'cancel-deletion', 'schedule-deletion', 'rotate-material'])
      expect(await refused(id, action)).toBe(
        `404 16 NCERRResourceNotFound: Resource not found | KMS key ${created.aws_param.Arn} not found`,
      );
    const refreshed = await act(id, 'refresh');
    expect(refreshed).toMatchObject({ gone: true });
    expect((await ann.send('DELETE', `cckm/aws/keys/${id}`)).status).toBe(204);
  });
});

describe('keys are enabled and disabled', () => {
  test('in KMS, and calls that change nothing succeed as in KMS', async () => {
    const { id, aws_param } = await ann.createKey();
    const kms = kmsClient(service);
    const encrypt = () => kms.send(new EncryptCommand({ KeyId: aws_param.KeyID, Plaintext: Buffer.from('x') }));
    expect((await act(id, 'disable')).aws_param).toMatchObject({ KeyState: 'Disabled', Enabled: false });
    await expect(encrypt()).rejects.toThrow(/is disabled/);
    expect((await act(id, 'disable')).aws_param.KeyState).toBe('Disabled');
    expect((await act(id, 'enable')).aws_param).toMatchObject({ KeyState: 'Enabled', Enabled: true });
    await encrypt();
  });

  test('not without material', async () => {
    const { id } = await ann.createKey({ Origin: 'EXTERNAL' });
    expect(await refused(id, 'enable')).toMatch(
      /^409 17 NCERRConflict \| KMSInvalidStateException: .* is pending import/,
    );
  });
});

describe('rotation', () => {
  test('is turned on and off', async () => {
    const { id } = await ann.createKey();
    const on = await act(id, 'enable-auto-rotation', { rotation_period_in_days: 90 });
    expect(on.aws_param).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
      NextRotationDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(await act(id, 'get-key-rotation-status')).toEqual(on);
    expect((await act(id, 'enable-auto-rotation')).aws_param['RotationPeriodInDays']).toBe(365);
    expect(
      (await act(id, 'enable-auto-rotation', { rotation_period_in_days: 0 })).aws_param['RotationPeriodInDays'],
    ).toBe(365);
    const off = await act(id, 'disable-auto-rotation');
    expect(off.aws_param['KeyRotationEnabled']).toBe(false);
    expect(off.aws_param).not.toHaveProperty('NextRotationDate');
  });

  test.each<[string, object, string]>([
    ['of 89 days', { rotation_period_in_days: 89 }, '400 9 NCERRInvalidParamValue'],
    ['of 2,561 days', { rotation_period_in_days: 2561 }, '400 9 NCERRInvalidParamValue'],
    ['of text', { rotation_period_in_days: 'x' }, '400 15 NCERRBadRequest'],
  ])('is not turned on with a period %s', async (_, body, message) => {
    const { id } = await ann.createKey();
    expect(await refused(id, 'enable-auto-rotation', body)).toContain(message);
  });

  test('is refused for a key pair, with the exception of KMS', async () => {
    const { id } = await ann.createKey({ CustomerMasterKeySpec: 'RSA_2048' });
    for (const action of ['enable-auto-rotation', 'disable-auto-rotation', 'rotate-material'])
      expect(await refused(id, action)).toBe(
        '400 15 NCERRBadRequest: Bad HTTP request | UnsupportedOperationException: ',
      );
    expect(await ann.refused('GET', `cckm/aws/keys/${id}/rotations`)).toContain('UnsupportedOperationException');
  });

  test('of the material keeps the key, and its materials are listed', async () => {
    const { id, aws_param } = await ann.createKey();
    const kms = kmsClient(service);
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: aws_param.KeyID, Plaintext: Buffer.from('before') }),
    );
    const rotated = await act(id, 'rotate-material', {});
    expect(rotated.aws_param['CurrentKeyMaterialId']).not.toBe(aws_param['CurrentKeyMaterialId']);
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(Plaintext!).toString()).toBe('before');

    const list = await ann.ok<{ resources: object[] }>('GET', `cckm/aws/keys/${id}/rotations?limit=-1`);
    expect(list).toMatchObject({ total: 2, skip: 0 });
    expect(list.resources).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        key_source: 'native',
        key_material_origin: 'native',
        aws_param: {
          KeyId: aws_param.KeyID,
          KeyMaterialId: aws_param['CurrentKeyMaterialId'],
          KeyMaterialState: 'NON_CURRENT',
        },
      }),
      expect.objectContaining({
        aws_param: {
          KeyId: aws_param.KeyID,
          KeyMaterialId: rotated.aws_param['CurrentKeyMaterialId'],
          KeyMaterialState: 'CURRENT',
          RotationDate: expect.stringMatching(/Z$/),
          RotationType: 'ON_DEMAND',
        },
      }),
    ]);
    const count = async (query: string) =>
      (await ann.ok<{ total: number }>('GET', `cckm/aws/keys/${id}/rotations?${query}`)).total;
    expect(await count('KeyMaterialState=CURRENT')).toBe(1);
    expect(await count('RotationType=ON_DEMAND')).toBe(1);
    expect(await count('RotationType=AUTOMATIC')).toBe(0);
    expect(await count(`KeyMaterialId=${String(aws_param['CurrentKeyMaterialId'])}`)).toBe(1);
    expect(await count('ImportState=IMPORTED')).toBe(0);
    expect(await count('key_source=local')).toBe(0);
    expect(await count('key_material_origin=native')).toBe(2);
  });

  test('by a new key moves the aliases, and both keys name each other', async () => {
    await user('usher');
    const old = await ann.createKey(
      { Alias: 'app', Tags: [{ TagKey: 'k', TagValue: 'v' }], Description: 'old' },
      { key_users: ['usher'] },
    );
    const next = await act(old.id, 'rotate', { description: 'new', retain_alias: true, disable_encrypt: true });
    expect(next).toMatchObject({
      rotated_from: old.id,
      key_users: ['usher'],
      aws_param: { Alias: ['alias/app'], Tags: [{ TagKey: 'k', TagValue: 'v' }], Description: 'new' },
    });
    expect(next.aws_param['Policy']).toEqual(old.aws_param['Policy']);
    expect(next.id).not.toBe(old.id);
    const before = await get(old.id);
    expect(before).toMatchObject({
      rotated_to: next.id,
      rotated_at: expect.stringMatching(/\.\d{6}Z$/),
      rotation_status: 'ROTATED',
      aws_param: { Alias: [expect.stringMatching(/^alias\/app-\d{14}$/)], KeyState: 'Enabled' },
    });
    const kms = kmsClient(service);
    await kms.send(new EncryptCommand({ KeyId: 'alias/app', Plaintext: Buffer.from('x') }));
    const client = await clientOf('ann-keys');
    await expect(
      client.send(new EncryptCommand({ KeyId: old.aws_param.KeyID, Plaintext: Buffer.from('x') })),
    ).rejects.toThrow(/explicit deny/);
    const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: next.aws_param.KeyID }));
    expect(Aliases).toHaveLength(1);

    const plain = await act(next.id, 'rotate');
    expect(plain).toMatchObject({ rotated_from: next.id, aws_param: { Alias: ['alias/app'], Description: 'new' } });
    expect(plain).not.toHaveProperty('rotated_to');
  });

  test('by a new key is refused before it begins if a retained alias would be too long', async () => {
    const { id } = await ann.createKey({ Alias: 'a'.repeat(236) });
    const { total } = await ann.ok<{ total: number }>('GET', 'cckm/aws/keys?limit=0');
    expect(await refused(id, 'rotate', { retain_alias: true })).toMatch(
      /^400 9 NCERRInvalidParamValue \| An alias has/,
    );
    expect(await get(id)).toMatchObject({ rotation_status: '', aws_param: { Alias: [`alias/${'a'.repeat(236)}`] } });
    expect(await ann.ok('GET', 'cckm/aws/keys?limit=0')).toMatchObject({ total });
    await act(id, 'rotate');
  });

  test.each<[string, string, object, string]>([
    ['by a source key', 'rotate', { source_key_id: 'x' }, 'ImportKeyMaterial'],
    ['by a source key of an HSM', 'rotate', { source_key_tier: 'hsm-luna' }, 'ImportKeyMaterial'],
    [
      'of the material by a source key',
      'rotate-material',
      { source_key_identifier: 'x', source_key_tier: 'local' },
      'ImportKeyMaterial',
    ],
  ])('%s is not served, and the refusal says what is', async (_, action, body, instead) => {
    const { id } = await ann.createKey();
    const answer = await refused(id, action, body);
    expect(answer).toMatch(/^400 15 NCERRBadRequest: Bad HTTP request \| Keyblock doesn't serve this request\. /);
    expect(answer).toContain(instead);
  });

  test('keeps what a simultaneous policy change records, and vice versa', async () => {
    const { id } = await ann.createKey();
    await Promise.all([act(id, 'rotate'), act(id, 'policy', { key_admins: ['ann'] })]);
    expect(await get(id)).toMatchObject({
      key_admins: ['ann'],
      rotated_to: expect.stringMatching(UUID) as unknown,
      rotation_status: 'ROTATED',
    });
  });
});

describe('imported material', () => {
  test('is deleted, and the key waits for it again', async () => {
    const { id, aws_param } = await ann.createKey({ Origin: 'EXTERNAL' });
    await addMaterial(service, aws_param.Arn);
    expect(await act(id, 'enable')).toMatchObject({
      key_material_origin: 'cckm',
      aws_param: { KeyState: 'Enabled', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
    });
    expect(await refused(id, 'delete-material', { key_material_id: 'a'.repeat(64) })).toMatch(/^404 16 /);
    expect(await refused(id, 'delete-material', { key_material_id: 'x' })).toMatch(/^400 9 /);
    expect((await act(id, 'delete-material')).aws_param).toMatchObject({ KeyState: 'PendingImport', Enabled: false });
    const list = await ann.ok('GET', `cckm/aws/keys/${id}/rotations?ImportState=PENDING_IMPORT`);
    expect(list).toMatchObject({ total: 1, resources: [{ key_source: 'external', key_material_origin: 'cckm' }] });
  });

  test('of a key that KMS made cannot be deleted', async () => {
    const { id } = await ann.createKey();
    expect(await refused(id, 'delete-material')).toMatch(/^400 15 NCERRBadRequest.*UnsupportedOperationException/);
  });
});

describe('policy, description, tags and aliases', () => {
  const ROOT = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' };
  const POLICY = { Version: '2012-10-17', Statement: [ROOT] };

  test('a policy is replaced by another, given as policy or Policy, or by lists of users', async () => {
    const { id } = await ann.createKey({}, { key_admins: ['ann'] });
    const replaced = await act(id, 'policy', { policy: POLICY });
    expect(replaced.aws_param['Policy']).toEqual(POLICY);
    expect(replaced).not.toHaveProperty('key_admins');
    expect((await act(id, 'policy', { Policy: { ...POLICY, Id: 'two' } })).aws_param['Policy']).toMatchObject({
      Id: 'two',
    });
    const listed = await act(id, 'policy', {
      key_admins: ['ann', userArn('ann')],
      external_accounts: ['111122223333'],
    });
    expect(listed).toMatchObject({ key_admins: ['ann', userArn('ann')], external_accounts: ['111122223333'] });
    expect(JSON.stringify(listed.aws_param['Policy'])).toContain('arn:aws:iam::111122223333:root');
  });

  test.each<[string, object, string]>([
    ['nothing', {}, '400 15 NCERRBadRequest'],
    ['empty members', { policy: '', policytemplate: '', key_admins: [] }, '400 15 NCERRBadRequest'],
    ['two ways', { policy: POLICY, key_admins: ['ann'] }, '400 15 NCERRBadRequest'],
    [
      'a policy that locks the caller out',
      { policy: { Version: '2012-10-17', Statement: [] } },
      '400 9 NCERRInvalidParamValue',
    ],
    [
      'a statement with a condition that is null',
      { policy: { Version: '2012-10-17', Statement: [{ ...ROOT, Condition: null }] } },
      '400 9 NCERRInvalidParamValue',
    ],
    ['text that is not JSON', { policy: '{' }, '400 9 NCERRInvalidParamValue'],
    ['an unknown user', { key_users: ['nobody'] }, '400 9 NCERRInvalidParamValue'],
    ['a policy that is too long', { policy: { ...POLICY, Id: 'x'.repeat(33_000) } }, '429 15 NCERRBadRequest'],
  ])('a policy is not replaced by %s', async (_, body, message) => {
    const { id, aws_param } = await ann.createKey();
    expect(await refused(id, 'policy', body)).toContain(message);
    expect((await get(id)).aws_param['Policy']).toEqual(aws_param['Policy']);
  });

  test('a description is changed', async () => {
    const { id } = await ann.createKey({ Description: 'one' });
    expect((await act(id, 'update-description', { description: 'two' })).aws_param['Description']).toBe('two');
    expect((await act(id, 'update-description', { description: '' })).aws_param['Description']).toBe('');
    expect(await refused(id, 'update-description', {})).toContain('/description is required');
    expect(await refused(id, 'update-description', { description: 'x'.repeat(8193) })).toMatch(/^400 9 /);
    expect(await refused(id, 'update-description', { description: '\0' })).toMatch(/^400 9 /);
  });

  test('tags are added, changed and removed', async () => {
    const { id } = await ann.createKey();
    await act(id, 'add-tags', {
      tags: [
        { tag_key: 'a', tag_value: '1' },
        { tag_key: 'b', tag_value: '' },
      ],
    });
    const changed = await act(id, 'add-tags', { tags: [{ tag_key: 'a', tag_value: '2' }] });
    expect(changed.aws_param['Tags']).toEqual([
      { TagKey: 'a', TagValue: '2' },
      { TagKey: 'b', TagValue: '' },
    ]);
    expect((await act(id, 'remove-tags', { tags: ['a', 'none'] })).aws_param['Tags']).toEqual([
      { TagKey: 'b', TagValue: '' },
    ]);
    for (const [action, body] of [
      ['add-tags', { tags: [{ tag_key: 'aws:x', tag_value: '' }] }],
      ['add-tags', { tags: [{ tag_key: 'x' }] }],
      ['add-tags', { tags: [{ TagKey: 'x', TagValue: '' }] }],
      ['add-tags', {}],
      ['add-tags', { tags: Array.from({ length: 51 }, (_, i) => ({ tag_key: `${i}`, tag_value: '' })) }],
      ['remove-tags', { tags: [{ tag_key: 'b' }] }],
      ['remove-tags', {}],
    ] as const)
      expect(await refused(id, action, body)).toMatch(/^400 (9|15) NCERR/);
    expect((await get(id)).aws_param['Tags']).toEqual([{ TagKey: 'b', TagValue: '' }]);
  });

  test('aliases are added and deleted, with or without their prefix', async () => {
    const { id } = await ann.createKey();
    const other = await ann.createKey({ Alias: 'of-another' });
    await act(id, 'add-alias', { alias: 'one' });
    await act(id, 'add-alias', { alias: 'alias/two' });
    expect((await act(id, 'add-alias', { tags: 'three' })).aws_param.Alias).toEqual([
      'alias/one',
      'alias/three',
      'alias/two',
    ]);
    expect((await act(id, 'delete-alias', { alias: 'alias/one' })).aws_param.Alias).toEqual([
      'alias/three',
      'alias/two',
    ]);
    expect((await act(id, 'delete-alias', { tags: 'two' })).aws_param.Alias).toEqual(['alias/three']);

    expect(await refused(id, 'add-alias', { alias: 'three' })).toMatch(
      /^409 17 NCERRConflict \| AlreadyExistsException/,
    );
    expect(await refused(id, 'delete-alias', { alias: 'one' })).toMatch(/^404 16 .*The key has no alias alias\/one/);
    expect(await refused(id, 'delete-alias', { alias: 'of-another' })).toMatch(/^404 16 /);
    expect(await refused(id, 'add-alias', {})).toMatch(/^400 9 /);
    expect(await refused(id, 'add-alias', { alias: 'aws/x' })).toMatch(/^403 4 NCERRForbidden/);
    expect((await get(other.id)).aws_param.Alias).toEqual(['alias/of-another']);
  });

  test('an alias is found free or taken in its Region', async () => {
    await ann.createKey({ Alias: 'verified' });
    const verify = (body: object) =>
      ann.ok('POST', 'cckm/aws/alias/verify', { kms: 'kms', region: 'us-east-1', ...body });
    expect(await verify({ alias: 'verified' })).toEqual({ alias: 'alias/verified', available: false });
    expect(await verify({ alias: 'alias/verified', region: 'eu-west-1' })).toMatchObject({ available: true });
    expect(await verify({ alias: 'free' })).toMatchObject({ available: true });
    expect(
      await ann.refused('POST', 'cckm/aws/alias/verify', { alias: 'x', region: 'us-east-1', kms: 'none' }),
    ).toMatch(/^404 16 /);
    expect(await ann.refused('POST', 'cckm/aws/alias/verify', { alias: 'x' })).toMatch(/^400 15 /);
    for (const region of ['nowhere', 'US-EAST-1', '', '\0', `us-east-1:${ACCOUNT}:key/x`])
      expect(await ann.refused('POST', 'cckm/aws/alias/verify', { alias: 'x', region, kms: 'kms' })).toMatch(
        /^400 9 NCERRInvalidParamValue \| region must be one of the KMS kms: us-east-1,eu-west-1/,
      );
  });
});

describe('a multi-Region key', () => {
  test('is replicated, and its replica becomes the primary key', async () => {
    const primary = await ann.createKey({ MultiRegion: true });
    const replica = await act(primary.id, 'replicate-key', {
      replica_region: 'eu-west-1',
      aws_param: { Alias: 'replica', Description: 'there', Tags: [{ TagKey: 'a', TagValue: '1' }] },
      tags: [{ tag_key: 'b', tag_value: '2' }],
      key_admins: ['ann'],
    });
    const { KeyID } = primary.aws_param;
    expect(replica).toMatchObject({
      region: 'eu-west-1',
      key_admins: ['ann'],
      aws_param: {
        KeyID,
        Arn: keyArn(KeyID, 'eu-west-1'),
        KeyState: 'Creating',
        Alias: ['alias/replica'],
        Description: 'there',
        Tags: [
          { TagKey: 'a', TagValue: '1' },
          { TagKey: 'b', TagValue: '2' },
        ],
        ReplicaTags: [
          { TagKey: 'a', TagValue: '1' },
          { TagKey: 'b', TagValue: '2' },
        ],
        ReplicaPolicy: expect.stringContaining('cckm-key-policy') as unknown,
        MultiRegion: true,
        MultiRegionConfiguration: {
          MultiRegionKeyType: 'REPLICA',
          PrimaryKey: { Arn: keyArn(KeyID), Region: 'us-east-1' },
          ReplicaKeys: [{ Arn: keyArn(KeyID, 'eu-west-1'), Region: 'eu-west-1' }],
        },
      },
    });
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyID}`)).toMatchObject({ total: 2 });
    expect(
      await ann.ok('GET', `cckm/aws/keys?keyid=${KeyID}&multi_region=true&multi_region_key_type=PRIMARY`),
    ).toMatchObject({ total: 1 });
    expect(await refused(primary.id, 'replicate-key', { replica_region: 'eu-west-1' })).toMatch(
      /^409 17 NCERRConflict \| AlreadyExistsException/,
    );
    clock.advance(2000);

    expect((await act(primary.id, 'update-primary-region', { PrimaryRegion: 'eu-west-1' })).aws_param).toMatchObject({
      MultiRegionConfiguration: { MultiRegionKeyType: 'REPLICA' },
    });
    clock.advance(2000);
    expect((await get(replica.id)).aws_param).toMatchObject({
      KeyState: 'Enabled',
      MultiRegionConfiguration: { MultiRegionKeyType: 'PRIMARY' },
    });
  });

  test('is not replicated for an alias that is taken in the other Region', async () => {
    const primary = await ann.createKey({ MultiRegion: true });
    await ann.createKey({ Alias: 'taken-there' }, { region: 'eu-west-1' });
    const body = { replica_region: 'eu-west-1', aws_param: { Alias: 'taken-there' } };
    expect(await refused(primary.id, 'replicate-key', body)).toBe(
      '409 18 NCERRKeyAlreadyExists | The alias alias/taken-there already exists in eu-west-1',
    );
    const { KeyID } = primary.aws_param;
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyID}`)).toMatchObject({ total: 1 });
    await act(primary.id, 'replicate-key', { replica_region: 'eu-west-1', aws_param: { Alias: 'free-there' } });
  });

  test('has a record of its replica even if the caller may not create the alias', async () => {
    const primary = await ann.createKey({ MultiRegion: true });
    const nameless = await user('nameless', statement('kms:*'), {
      Effect: 'Deny',
      Action: 'kms:CreateAlias',
      Resource: '*',
    });
    const body = { replica_region: 'eu-west-1', aws_param: { Alias: 'denied-there' } };
    expect(await nameless.refused('POST', `cckm/aws/keys/${primary.id}/replicate-key`, body)).toMatch(
      /^403 4 NCERRForbidden .*kms:CreateAlias/,
    );
    const { KeyID } = primary.aws_param;
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyID}&region=eu-west-1`)).toMatchObject({ total: 1 });
  });

  test.each<[string, boolean, string, object, string]>([
    [
      'a single-Region key',
      false,
      'replicate-key',
      { replica_region: 'eu-west-1' },
      '400 15 NCERRBadRequest: Bad HTTP request | UnsupportedOperationException',
    ],
    [
      'a Region that is not served',
      true,
      'replicate-key',
      { replica_region: 'ap-south-1' },
      '400 9 NCERRInvalidParamValue',
    ],
    ['no Region', true, 'replicate-key', {}, '/replica_region is required'],
    ['its own Region', true, 'update-primary-region', { PrimaryRegion: 'us-east-1' }, '400 9 NCERRInvalidParamValue'],
    [
      'a Region without a replica',
      true,
      'update-primary-region',
      { PrimaryRegion: 'eu-west-1' },
      '404 16 NCERRResourceNotFound',
    ],
    [
      'a member in lower case',
      true,
      'update-primary-region',
      { primary_region: 'eu-west-1' },
      '/PrimaryRegion is required',
    ],
  ])('is refused %s', async (_, MultiRegion, action, body, message) => {
    const { id } = await ann.createKey({ MultiRegion });
    expect(await refused(id, action, body)).toContain(message);
  });
});

test('the public key of a key pair is PEM', async () => {
  const { id } = await ann.createKey({ CustomerMasterKeySpec: 'ECC_NIST_P256' });
  const { public_key } = await ann.ok<{ public_key: string }>('GET', `cckm/aws/keys/${id}/download-public-key`);
  expect(createPublicKey(public_key).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  const symmetric = await ann.createKey();
  expect(await ann.refused('GET', `cckm/aws/keys/${symmetric.id}/download-public-key`)).toMatch(
    /^400 15 .*UnsupportedOperationException/,
  );
});

test('a refresh updates synced_at and updatedAt, and an action only updatedAt', async () => {
  const created = await ann.createKey();
  clock.advance(1000);
  const refreshed = await act(created.id, 'refresh');
  expect(String(refreshed['synced_at']) > String(created['synced_at'])).toBe(true);
  expect(String(refreshed['updatedAt']) > String(created['updatedAt'])).toBe(true);
  clock.advance(1000);
  const disabled = await act(created.id, 'disable');
  expect(disabled['synced_at']).toBe(refreshed['synced_at']);
  expect(String(disabled['updatedAt']) > String(refreshed['updatedAt'])).toBe(true);
  expect(disabled['createdAt']).toBe(created['createdAt']);
});

test.each([
  ...['schedule-deletion', 'cancel-deletion', 'enable', 'disable', 'enable-auto-rotation', 'disable-auto-rotation'],
  ...['get-key-rotation-status', 'rotate', 'rotate-material', 'delete-material', 'refresh'],
])('%s of an unknown key is not found, with or without a body', async (action) => {
  expect(await refused(MISSING, action)).toBe(NOT_FOUND);
  expect(await refused(MISSING, action, {})).toBe(NOT_FOUND);
});

test.each<[string, object]>([
  ['policy', { key_admins: ['ann'] }],
  ['update-description', { description: '' }],
  ['add-tags', { tags: [] }],
  ['remove-tags', { tags: [] }],
  ['add-alias', { alias: 'x' }],
  ['delete-alias', { alias: 'x' }],
  ['replicate-key', { replica_region: 'eu-west-1' }],
  ['update-primary-region', { PrimaryRegion: 'eu-west-1' }],
])('%s of an unknown key is not found', async (action, body) => {
  expect(await refused(MISSING, action, body)).toBe(NOT_FOUND);
});

test('other methods and unknown actions are refused in the envelope', async () => {
  const { id } = await ann.createKey();
  expect(await refused(id, 'explode')).toMatch(/^404 16 NCERRResourceNotFound/);
  const answer = await ann.send('PUT', `cckm/aws/keys/${id}`);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, DELETE']);
  expect(answer.json).toMatchObject({ codeDesc: 'NCERRResourceNotFound: Resource not found' });
  expect(UUID.test(String(answer.json['requestID']))).toBe(true);
  const { KeyMetadata } = await kmsClient(service).send(
    new DescribeKeyCommand({ KeyId: (await get(id)).aws_param.KeyID }),
  );
  expect(KeyMetadata?.Enabled).toBe(true);
});

/** Returns a client of KMS that signs as a new user with all permissions in KMS. */
async function clientOf(name: string) {
  await admin('POST', 'users', { Name: name });
  await admin('PUT', `users/${name}/policies/own`, { Version: '2012-10-17', Statement: [statement('kms:*')] });
  const { AccessKeyId, SecretAccessKey } = await admin('POST', `users/${name}/access-keys`);
  return kmsClient(service, {
    credentials: { accessKeyId: String(AccessKeyId), secretAccessKey: String(SecretAccessKey) },
  });
}
