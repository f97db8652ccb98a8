import { DataSource } from 'typeorm';
import type { NewAccessKey } from '../../../../src/access/principal.repository.js';
import { Changes } from '../../../../src/changes/changes.js';
import { allow, policyOf, useAccess } from '../../../support/access.js';
import { createKey, endDeletions } from '../../../support/keys.js';

const { service, stored, user, control, mac } = useAccess();

const READ = allow('ListKeys');
const EVERYTHING = policyOf(allow('*'));
const sql = (statement: string, ...parameters: unknown[]) =>
  service.app.get(DataSource).query<unknown[]>(statement, parameters);

/** Clears the caches of the service, and expects a call to be refused because of a row. */
async function expectRefused(call: () => Promise<string>, row: string): Promise<void> {
  service.app.get(Changes).clear();
  const logged = service.log.length;
  expect(await call()).toBe('InternalServerException');
  expect(service.log.slice(logged)).toContainEqual(
    expect.objectContaining({
      msg: 'internal error',
      error: expect.objectContaining({
        name: 'BoundRowError',
        message: expect.stringMatching(new RegExp(`^The row ${row}.* is not as the service wrote it`)) as unknown,
      }) as unknown,
    }),
  );
}

interface User {
  arn: string;
  credentials: NewAccessKey;
}

/**
 * An attacker's statements on a user: $1 is the ARN of the user, $2 the ID of its access key, $3 the ARN of an
 * administrator.
 */
const ON_USERS: [what: string, row: string, statement: string][] = [
  [
    'its policy allows everything',
    'principal_policies',
    `UPDATE principal_policies SET document = '${EVERYTHING}' WHERE principal_arn = $1`,
  ],
  [
    'its policy allows everything and has no MAC',
    'principal_policies',
    `UPDATE principal_policies SET document = '${EVERYTHING}', mac = NULL WHERE principal_arn = $1`,
  ],
  [
    "its policy has the document and the MAC of an administrator's",
    'principal_policies',
    `UPDATE principal_policies SET (document, mac) =
       (SELECT document, mac FROM principal_policies WHERE principal_arn = $3) WHERE principal_arn = $1`,
  ],
  [
    'it gets a policy',
    'principal_policies',
    `INSERT INTO principal_policies (principal_arn, name, document) VALUES ($1, 'more', '${EVERYTHING}')`,
  ],
  [
    "it gets an administrator's policy",
    'principal_policies',
    `INSERT INTO principal_policies SELECT $1, 'more', document, mac FROM principal_policies WHERE principal_arn = $3`,
  ],
  ['its policy is renamed', 'principal_policies', `UPDATE principal_policies SET name = 'x' WHERE principal_arn = $1`],
  ['it becomes a role', 'principals', `UPDATE principals SET kind = 'role' WHERE arn = $1`],
  ['it moves to another account', 'principals', `UPDATE principals SET account_id = '111122223333' WHERE arn = $1`],
  ['its unique id is reused', 'principals', `UPDATE principals SET unique_id = 'AIDAOTHER' WHERE arn = $1`],
  ['it is renamed', 'principals', `UPDATE principals SET name = 'root' WHERE arn = $1`],
  [
    "its access key becomes an administrator's",
    'access_keys',
    'UPDATE access_keys SET principal_arn = $3 WHERE id = $2',
  ],
  ['its access key becomes temporary', 'access_keys', 'UPDATE access_keys SET expires_at = now() WHERE id = $2'],
  ['its access key is backdated', 'access_keys', `UPDATE access_keys SET created_at = '2020-01-01' WHERE id = $2`],
  ['its access key belongs to a session', 'access_keys', `UPDATE access_keys SET session_name = 'own' WHERE id = $2`],
  [
    'a bit of the MAC is flipped',
    'access_keys',
    'UPDATE access_keys SET mac = set_bit(mac, 7, 1 - get_bit(mac, 7)) WHERE id = $2',
  ],
  ['the MAC is truncated', 'access_keys', 'UPDATE access_keys SET mac = substring(mac FOR 16) WHERE id = $2'],
];

describe('a user whose rows are modified in the database', () => {
  let administrator: User;
  beforeAll(async () => {
    administrator = await user(allow('*'));
  });

  test.each(ON_USERS)('has no rights at all when %s', async (_, row, statement) => {
    const { arn, credentials } = await user(READ);
    expect(await control('ListKeys', {}, credentials)).toBe('ok');
    const values = [arn, credentials.accessKeyId, administrator.arn];
    // PostgreSQL requires that every parameter be used.
    const used = statement.replace(/\$(\d)/g, (_match, n: string) => `'${values[Number(n) - 1]!}'`);
    await sql(used);
    await expectRefused(() => control('ListKeys', {}, credentials), row);
    await sql(`DELETE FROM principal_policies WHERE principal_arn = $1`, arn);
    await sql(`DELETE FROM access_keys WHERE id = $1`, credentials.accessKeyId);
  });

  test('has no rights at all when a deactivated access key is activated', async () => {
    const { arn, credentials } = await user(READ);
    await stored.principals.setActive(arn, credentials.accessKeyId, false);
    await sql('UPDATE access_keys SET active = true WHERE id = $1', credentials.accessKeyId);
    await expectRefused(() => control('ListKeys', {}, credentials), `access_keys ${credentials.accessKeyId}`);
  });

  test('has no rights until the operator replaces or removes the tampered policy, which no call can do', async () => {
    const { arn, credentials } = await user(READ);
    await sql('UPDATE principal_policies SET document = $2 WHERE principal_arn = $1', arn, EVERYTHING);
    const { principals } = stored;
    await expect(principals.putPolicy(arn, 'own', policyOf(READ))).rejects.toThrow('not as the service wrote it');
    await expect(principals.removePolicy(arn, 'own')).rejects.toThrow('not as the service wrote it');
    await expect(principals.remove(arn)).rejects.toThrow('not as the service wrote it');
    await sql('DELETE FROM principal_policies WHERE principal_arn = $1', arn);
    await principals.putPolicy(arn, 'own', policyOf(READ));
    expect(await control('ListKeys', {}, credentials)).toBe('ok');
  });
});

/** Statements on a key: $1 is its ARN, $2 the ARN of another key. */
const ON_KEYS: [what: string, row: string, statement: string][] = [
  ['it is enabled', 'keys', 'UPDATE keys SET enabled = true WHERE arn = $1'],
  ['its deletion is cancelled', 'keys', `UPDATE keys SET state = 'CREATE_COMPLETE', enabled = true WHERE arn = $1`],
  ['its times are changed', 'keys', 'UPDATE keys SET usage_stopped_at = NULL, usage_started_at = now() WHERE arn = $1'],
  ['it was created at another time', 'keys', `UPDATE keys SET created_at = '2020-01-01' WHERE arn = $1`],
  ['it was imported', 'keys', `UPDATE keys SET origin = 'EXTERNAL' WHERE arn = $1`],
  ['it is not exportable', 'keys', 'UPDATE keys SET exportable = false WHERE arn = $1'],
  ['it is a replica', 'keys', `UPDATE keys SET primary_region = 'eu-west-1' WHERE arn = $1`],
  ['it uses the default Regions', 'keys', 'UPDATE keys SET using_default_replication_regions = true WHERE arn = $1'],
  ['it is in another Region', 'keys', `UPDATE keys SET region = 'eu-west-1' WHERE arn = $1`],
  [
    'it has the MAC of another key',
    'keys',
    'UPDATE keys SET mac = (SELECT mac FROM keys WHERE arn = $2) WHERE arn = $1',
  ],
  ['its policy is replaced', 'resource_policies', `UPDATE resource_policies SET policy = '{}' WHERE key_arn = $1`],
  [
    "its policy is another key's",
    'resource_policies',
    `UPDATE resource_policies SET (policy, mac) =
       (SELECT policy, mac FROM resource_policies WHERE key_arn = $2) WHERE key_arn = $1`,
  ],
  ['its tag is changed', 'tags', `UPDATE tags SET value = 'other' WHERE key_arn = $1`],
  ['it has one tag more', 'tags', `INSERT INTO tags (key_arn, key, value) VALUES ($1, 'team', 'pin')`],
  ["it has another key's alias", 'aliases', 'UPDATE aliases SET key_arn = $1 WHERE key_arn = $2'],
  ['its alias is renamed', 'aliases', `UPDATE aliases SET name = 'alias/renamed' WHERE key_arn = $1`],
  [
    'it gets an alias',
    'aliases',
    `INSERT INTO aliases (account_id, region, name, key_arn) VALUES ('000000000000', 'us-east-1', 'alias/more', $1)`,
  ],
];

describe('a key whose rows are modified in the database', () => {
  let keys = 0;
  async function newKey() {
    const { KeyArn } = await createKey(service, { Tags: [{ Key: 'owner', Value: 'ann' }] });
    const AliasName = `alias/key-${++keys}`;
    await control('CreateAlias', { AliasName, KeyArn });
    const Policy = policyOf({ ...allow('*'), Principal: { AWS: '000000000000' }, Resource: KeyArn });
    expect(await control('PutResourcePolicy', { ResourceArn: KeyArn, Policy })).toBe('ok');
    return { KeyArn, AliasName };
  }

  test.each(ON_KEYS)('is not used when %s', async (_, row, statement) => {
    const [{ KeyArn }, other] = [await newKey(), await newKey()];
    await control(row === 'keys' ? 'DeleteKey' : 'GetKey', { KeyIdentifier: KeyArn });
    await sql(statement.replaceAll('$1', `'${KeyArn}'`).replaceAll('$2', `'${other.KeyArn}'`));
    await expectRefused(() => mac(KeyArn), row);
    await expectRefused(() => control('GetKey', { KeyIdentifier: KeyArn }), row);
    await expectRefused(() => control('StartKeyUsage', { KeyIdentifier: KeyArn }), row);
  });

  test('is not used when an alias points at another key', async () => {
    const [one, other] = [await newKey(), await newKey()];
    await sql('UPDATE aliases SET key_arn = $1 WHERE name = $2', other.KeyArn, one.AliasName);
    const { AliasName } = one;
    await expectRefused(() => mac(AliasName), `aliases 000000000000 us-east-1 ${AliasName}`);
    await expectRefused(() => control('GetAlias', { AliasName }), 'aliases');
    await expectRefused(() => control('ListAliases', {}), 'aliases');
    await expectRefused(() => control('UpdateAlias', { AliasName, KeyArn: one.KeyArn }), 'aliases');
    await expectRefused(() => control('DeleteAlias', { AliasName }), 'aliases');
    await sql('DELETE FROM aliases WHERE key_arn = $1', other.KeyArn);
  });

  test('is not destroyed if its deletion was brought forward, which is logged and does not delay other deletions', async () => {
    const [moved, due] = [(await newKey()).KeyArn, (await newKey()).KeyArn];
    for (const KeyIdentifier of [moved, due]) await control('DeleteKey', { KeyIdentifier, DeleteKeyInDays: 3 });
    await sql(`UPDATE keys SET delete_pending_at = now() - interval '1 day' WHERE arn = $1`, moved);
    await endDeletions(service);
    expect(await sql(`SELECT arn FROM keys WHERE sealed IS NULL`)).toEqual([{ arn: due }]);
    expect(service.log).toContainEqual(
      expect.objectContaining({
        level: 50,
        keyArn: moved,
        msg: 'a key due for deletion is kept because its row was modified in the database',
      }),
    );
    await expectRefused(() => control('RestoreKey', { KeyIdentifier: moved }), `keys ${moved}`);
  });

  test('is not used when its material and state are restored after its destruction', async () => {
    const { KeyArn } = await newKey();
    const [{ sealed }] = (await sql('SELECT sealed FROM keys WHERE arn = $1', KeyArn)) as [{ sealed: Buffer }];
    await control('DeleteKey', { KeyIdentifier: KeyArn, DeleteKeyInDays: 3 });
    await endDeletions(service);
    await sql(`UPDATE keys SET sealed = $2, state = 'CREATE_COMPLETE', enabled = true WHERE arn = $1`, KeyArn, sealed);
    await expectRefused(() => mac(KeyArn), `keys ${KeyArn}`);
  });

  test('is not listed: a list that would contain the key is refused', async () => {
    await expectRefused(() => control('ListKeys', {}), 'keys');
  });

  test('is not logged with its modified values', async () => {
    const { KeyArn } = await newKey();
    await sql(`UPDATE tags SET value = 'secret value' WHERE key_arn = $1`, KeyArn);
    const logged = service.log.length;
    service.app.get(Changes).clear();
    await mac(KeyArn);
    expect(JSON.stringify(service.log.slice(logged))).not.toContain('secret value');
  });
});
