import { decodeJwt } from 'jose';
import { statement } from '../../support/admin.js';
import { ACCOUNT, type AwsKey, type CckmUser, forbidden, MISSING, useCckm } from '../../support/cckm.js';

const { setPolicy, user } = useCckm({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });

let chief: CckmUser;
let container: string;
beforeAll(async () => {
  chief = await user('chief', statement(['kms:*', 'cckm:*']));
  container = (await chief.ok<{ id: string }>('GET', 'cckm/aws/kms/kms')).id;
});

describe('ACLs', () => {
  const setAcls = (acls: object[]) => chief.ok('POST', `cckm/aws/kms/${container}/update-acls`, { acls });
  const idOf = ({ jwt }: CckmUser) => String(decodeJwt(jwt).sub);
  const ACL_ACTIONS: [action: string, acl: string, body?: object][] = [
    ['schedule-deletion', 'keydelete'],
    ['cancel-deletion', 'keycanceldelete'],
    ['enable', 'keyupdate'],
    ['disable', 'keyupdate'],
    ['update-description', 'keyupdate', { description: '' }],
    ['add-tags', 'keyupdate', { tags: [{ tag_key: 'a', tag_value: '' }] }],
    ['remove-tags', 'keyupdate', { tags: ['a'] }],
    ['add-alias', 'keyupdate', { alias: 'acl-alias' }],
    ['delete-alias', 'keyupdate', { alias: 'acl-alias' }],
    ['policy', 'keyupdate', { key_admins: ['chief'] }],
    ['enable-auto-rotation', 'keyrotate'],
    ['disable-auto-rotation', 'keyrotate'],
    ['rotate-material', 'keyrotate'],
    ['refresh', 'keysynchronize'],
  ];
  let ann: CckmUser;
  let id: string;
  beforeAll(async () => {
    ann = await user('ann', statement('kms:*'));
    id = (await ann.createKey()).id;
  });
  afterAll(() => setAcls([]));

  test.each(ACL_ACTIONS.map(([action, acl, body]) => ({ action, acl, body })))(
    'deny $action to a user who has permission in KMS, unless an entry permits $acl',
    async ({ action, acl, body }) => {
      await setAcls([{ user_id: idOf(ann), actions: ['viewnative'] }]);
      const path = `cckm/aws/keys/${id}/${action}`;
      expect(await ann.refused('POST', path, body)).toBe(
        `403 4 NCERRForbidden | The ACLs of the KMS kms do not permit ${acl} to ann`,
      );
      await setAcls([{ user_id: idOf(ann).replace('local|', ''), permit: true, actions: ['viewnative', acl] }]);
      const { status } = await ann.send('POST', path, body);
      // KMS may still refuse because of the key's state.
      expect([200, 409]).toContain(status);
    },
  );

  test('hide the keys that a user may not view, by their origin', async () => {
    await setAcls([]);
    const imported = await ann.createKey({ Origin: 'EXTERNAL' });
    await setAcls([{ group: 'CCKM Users', actions: ['viewbyok', 'keyupdate'] }]);
    expect(await ann.refused('GET', `cckm/aws/keys/${id}`)).toMatch(
      /^403 4 NCERRForbidden \| The ACLs .* do not permit viewnative/,
    );
    expect(await ann.refused('POST', `cckm/aws/keys/${id}/disable`)).toMatch(/^403 4 .*viewnative/);
    expect(await ann.ok('GET', 'cckm/aws/keys')).toMatchObject({ total: 1, resources: [{ id: imported.id }] });
    await setAcls([{ group: 'CCKM Users', actions: ['viewnative'] }]);
    expect(await ann.refused('GET', `cckm/aws/keys/${imported.id}`)).toMatch(/viewbyok/);
  });

  test('deny with permit false, regardless of other entries', async () => {
    await setAcls([
      { group: 'CCKM Users', actions: ['viewnative', 'keyupdate'] },
      { user_id: idOf(ann), permit: false, actions: ['keyupdate'] },
    ]);
    expect(await ann.refused('POST', `cckm/aws/keys/${id}/disable`)).toMatch(/do not permit keyupdate to ann/);
  });

  test('permit nothing to others: not the creation, not the deletion of records, not a synchronization', async () => {
    await setAcls([{ user_id: `local|${MISSING}`, actions: ['keycreate', 'keydelete', 'keysynchronize'] }]);
    expect(await ann.refused('POST', 'cckm/aws/keys', { kms: 'kms', region: 'us-east-1', aws_param: {} })).toMatch(
      /do not permit keycreate/,
    );
    expect(await ann.refused('POST', 'cckm/aws/synchronization-jobs', { kms: 'kms' })).toMatch(
      /do not permit keysynchronize/,
    );
    await setPolicy('ann', statement(['kms:*', 'cckm:DeleteKeyRecord']));
    expect(await ann.refused('DELETE', `cckm/aws/keys/${id}`)).toMatch(/do not permit keydelete/);
    expect(await ann.refused('POST', 'cckm/aws/bulkjob', { keys: [], operation: 'enablekey' })).toMatch(/^400 /);
    const job = await ann.ok('POST', 'cckm/aws/bulkjob', { keys: [id], operation: 'enablekey' }, 202);
    expect(job).toMatchObject({
      overall_status: 'failed',
      results: [{ status: 'failed', error: expect.stringContaining('ACLs') as unknown }],
    });
  });

  test('are not bypassed by an alias of another key, for a user who may not list aliases', async () => {
    await setAcls([]);
    const hidden = await chief.ok<{ id: string }>(
      'POST',
      'cckm/aws/kms',
      { name: 'hidden', account_id: ACCOUNT, regions: ['us-east-1'] },
      201,
    );
    await chief.createKey({ Alias: 'of-hidden' }, { kms: 'hidden' });
    await chief.ok('POST', `cckm/aws/kms/${hidden.id}/update-acls`, {
      acls: [{ group: 'admin', actions: ['keyupdate'] }],
    });
    await setPolicy('ann', statement('kms:*'), { Effect: 'Deny', Action: 'kms:ListAliases', Resource: '*' });
    expect(await ann.refused('POST', `cckm/aws/keys/${id}/delete-alias`, { alias: 'of-hidden' })).toBe(
      '403 4 NCERRForbidden | Deleting an alias needs kms:ListAliases besides kms:DeleteAlias',
    );
    expect(await chief.ok('GET', 'cckm/aws/keys?alias=of-hidden')).toMatchObject({ total: 1 });
    await setPolicy('ann', statement('kms:*'));
    expect(await ann.refused('POST', `cckm/aws/keys/${id}/delete-alias`, { alias: 'of-hidden' })).toMatch(/^404 16 /);
    expect(await chief.ok('GET', 'cckm/aws/keys?alias=of-hidden')).toMatchObject({ total: 1 });
  });

  test('hide keys from counts, filters and templates too', async () => {
    const template = await chief.ok<{ id: string }>(
      'POST',
      'cckm/aws/templates',
      { name: 'acl', key_admins: ['chief'] },
      201,
    );
    const key = await chief.createKey({}, { kms: 'hidden', policytemplate: template.id });
    await setPolicy('ann', statement(['kms:*', 'cckm:UpdateTemplate', 'cckm:GetTemplate']));
    for (const query of [
      'kms=hidden',
      `id=${key.id}`,
      `keyid=${key.aws_param.KeyID}`,
      `cckm_policy_template_id=${template.id}`,
    ])
      expect([query, await ann.ok('GET', `cckm/aws/keys?${query}`)]).toEqual([
        query,
        expect.objectContaining({ total: 0, resources: [] }),
      ]);
    const before = await chief.ok<AwsKey>('GET', `cckm/aws/keys/${key.id}`);
    await ann.ok('PATCH', `cckm/aws/templates/${template.id}`, { key_admins: ['ann'], auto_push: true });
    expect(await chief.ok('GET', `cckm/aws/keys/${key.id}`)).toEqual(before);
  });

  test('give nothing that policies do not: an entry for everything allows nothing without KMS', async () => {
    const poor = await user('poor');
    const all = [
      'keycreate',
      'keyupdate',
      'keydelete',
      'keycanceldelete',
      'keyrotate',
      'keysynchronize',
      'viewnative',
      'viewbyok',
    ];
    await setAcls([
      { user_id: idOf(poor), actions: all },
      { group: 'CCKM Users', actions: all },
    ]);
    expect(await poor.refused('GET', `cckm/aws/keys/${id}`)).toMatch(forbidden('kms:DescribeKey'));
    expect(await poor.refused('POST', `cckm/aws/keys/${id}/enable`)).toMatch(forbidden('kms:DescribeKey'));
    expect(await poor.refused('POST', 'cckm/aws/keys', { kms: 'kms', region: 'us-east-1', aws_param: {} })).toMatch(
      forbidden('kms:CreateKey'),
    );
    expect(await poor.ok('GET', `cckm/aws/keys?id=${id}`)).toMatchObject({ total: 0 });
  });

  test('do not bind administrators, whom policies still bind', async () => {
    await setAcls([{ group: 'admin', permit: false, actions: ['viewnative', 'keyupdate'] }]);
    await chief.ok('POST', `cckm/aws/keys/${id}/disable`);
    const other = await user('other-chief', statement(['cckm:*', 'kms:DescribeKey']));
    expect(await other.refused('POST', `cckm/aws/keys/${id}/enable`)).toMatch(forbidden('kms:EnableKey'));
  });

  test.each<[string, unknown]>([
    ['without a subject', { actions: ['viewnative'] }],
    ['with two subjects', { user_id: 'x', group: 'y', actions: [] }],
    ['with an unknown action', { group: 'y', actions: ['everything'] }],
    ['without actions', { group: 'y' }],
    ['that is text', 'x'],
  ])('are not changed by an entry %s', async (_, acl) => {
    expect(await chief.refused('POST', `cckm/aws/kms/${container}/update-acls`, { acls: [acl] })).toMatch(
      /^400 (9|15) NCERR/,
    );
  });
});
