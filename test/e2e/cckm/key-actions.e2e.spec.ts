import { createPublicKey } from 'node:crypto';
import { DescribeKeyCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { KmsDeletionWorker } from '../../../src/kms/keys/kms-deletion.worker.js';
import { statement } from '../../support/admin.js';
import { ACCOUNT, actionsOf, type CckmUser, MISSING, useCckm, userArn, UUID } from '../../support/cckm.js';
import { kmsClient } from '../../support/kms.js';
import { TestClock } from '../../support/service.js';

const REGIONS = { KEYBLOCK_REGION: 'us-east-1', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };
const clock = new TestClock();
const { service, user } = useCckm(REGIONS, clock);

const NOT_FOUND = '404 16 NCERRResourceNotFound: Resource not found | Key not found';

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});
const { act, refused, get } = actionsOf(() => ann);

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
