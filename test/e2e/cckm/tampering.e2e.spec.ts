import { DataSource } from 'typeorm';
import { Changes } from '../../../src/changes/changes.js';
import { statement } from '../../support/admin.js';
import { type AwsKey, type CckmUser, useCckm, userArn } from '../../support/cckm.js';

/** An attacker who can write to the database gains nothing. */

const INTERNAL = /^500 14 NCERRInternalServerError: unexpected error \| InternalServerException/;

const { service, signIn, user } = useCckm();

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});

/** Edits rows as an attacker would, and lets the service read them. */
async function tamper(sql: string, parameters: unknown[] = []): Promise<void> {
  await service.app.get(DataSource).query(sql, parameters);
  service.app.get(Changes).clear();
}

test.each<[string, string, (eve: CckmUser) => unknown[]]>([
  [
    'moved to another user',
    'UPDATE cckm_refresh_tokens SET principal_arn = $1 WHERE id = $2',
    ({ tokens }) => [userArn('ann'), tokens.refresh_token_id],
  ],
  [
    'exchanged for that of another user',
    'UPDATE cckm_refresh_tokens SET (principal_arn, user_id, mac) = (SELECT principal_arn, user_id, mac FROM cckm_refresh_tokens WHERE id = $1) WHERE id = $2',
    ({ tokens }) => [ann.tokens.refresh_token_id, tokens.refresh_token_id],
  ],
  [
    'prolonged',
    `UPDATE cckm_refresh_tokens SET valid_until = valid_until + interval '1 year' WHERE id = $1`,
    ({ tokens }) => [tokens.refresh_token_id],
  ],
])('a sign-in that was %s is refused', async (name, sql, parameters) => {
  const eve = await user(`eve-${name.length}`);
  await tamper(sql, parameters(eve));
  expect(await eve.refused('GET', 'auth/self/user')).toMatch(INTERNAL);
  await service.app
    .get(DataSource)
    .query('DELETE FROM cckm_refresh_tokens WHERE id = $1', [eve.tokens.refresh_token_id]);
});

test('a password whose count of failures was edited in the database is refused', async () => {
  await user('cy');
  await tamper('UPDATE passwords SET failures = -1000 WHERE principal_arn = $1', [userArn('cy')]);
  await expect(signIn('cy')).rejects.toThrow('NCERRInternalServerError');
});

test('a record that was pointed at another key is refused, and the other key stays as it is', async () => {
  const decoy = await ann.createKey();
  const target = await ann.createKey();
  const row = 'SELECT key_arn FROM cckm_keys WHERE id = $1';
  await tamper(`UPDATE cckm_keys SET key_arn = key_arn || '-moved' WHERE id = $1`, [target.id]);
  await tamper(`UPDATE cckm_keys SET key_arn = replace((${row.replace('$1', '$2')}), '-moved', '') WHERE id = $1`, [
    decoy.id,
    target.id,
  ]);
  expect(await ann.refused('POST', `cckm/aws/keys/${decoy.id}/schedule-deletion`)).toMatch(INTERNAL);
  await service.app.get(DataSource).query('DELETE FROM cckm_keys WHERE id IN ($1, $2)', [decoy.id, target.id]);
  const job = await ann.ok('POST', 'cckm/aws/synchronization-jobs', { kms: 'kms' }, 202);
  expect(job).toMatchObject({ overall_status: 'completed' });
  const { resources } = await ann.ok<{ resources: AwsKey[] }>('GET', `cckm/aws/keys?keyid=${target.aws_param.KeyID}`);
  expect(resources).toMatchObject([{ aws_param: { KeyState: 'Enabled' } }]);
});

test('a template whose policy was changed is refused', async () => {
  const { id } = await ann.ok<{ id: string }>(
    'POST',
    'cckm/aws/templates',
    { name: 'changed', key_admins: ['ann'] },
    201,
  );
  await tamper(`UPDATE cckm_templates SET policy = replace(policy, 'user/ann', 'user/eve') WHERE id = $1`, [id]);
  const { id: key } = await ann.createKey();
  expect(await ann.refused('POST', `cckm/aws/keys/${key}/policy`, { policytemplate: id })).toMatch(INTERNAL);
});

test('a container whose ACLs were removed is refused', async () => {
  const { id } = await ann.ok<{ id: string }>('GET', 'cckm/aws/kms/kms');
  await ann.ok('POST', `cckm/aws/kms/${id}/update-acls`, { acls: [{ group: 'admin', actions: ['viewnative'] }] });
  await tamper(`UPDATE cckm_containers SET acls = '[]' WHERE id = $1`, [id]);
  expect(await ann.refused('GET', 'cckm/aws/keys')).toMatch(INTERNAL);
});
