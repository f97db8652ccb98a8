import { statement } from '../../support/admin.js';
import { ACCOUNT, type AwsKey, type CckmUser, MISSING, type Resource, useCckm } from '../../support/cckm.js';

const { user } = useCckm();

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});

describe('policy templates', () => {
  const ROOT = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' };
  const POLICY = { Version: '2012-10-17', Id: 'template', Statement: [ROOT] };

  test('are created, given to keys, pushed to them and deleted once no key has them', async () => {
    const template = await ann.ok<Resource>(
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
    const many = await ann.createKey({}, { key_users: ['ann'] });
    await ann.ok(
      'POST',
      'cckm/aws/bulkjob',
      { keys: [many.id], operation: 'applypolicytemplate', policy_template_id: id },
      202,
    );
    expect(await ann.ok('GET', `cckm/aws/keys?cckm_policy_template_id=${id}`)).toMatchObject({ total: 3 });
    expect(await ann.ok('GET', `cckm/aws/keys/${many.id}`)).not.toHaveProperty('key_users');

    const changed = await ann.ok<Resource>('PATCH', `cckm/aws/templates/${id}`, {
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
    for (const id of [MISSING, 'none', '..%2fkeys']) {
      expect(await ann.refused('GET', `cckm/aws/templates/${id}`)).toMatch(/^404 16 /);
      expect(await ann.refused('PATCH', `cckm/aws/templates/${id}`, { key_users: ['ann'] })).toMatch(/^404 16 /);
      expect(await ann.refused('DELETE', `cckm/aws/templates/${id}`)).toMatch(/^404 16 /);
    }
  });
});
