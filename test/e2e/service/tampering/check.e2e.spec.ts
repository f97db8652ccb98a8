import { Readable, Writable } from 'node:stream';
import { DataSource } from 'typeorm';
import { Changes } from '../../../../src/changes/changes.js';
import { keyblock } from '../../../../src/cli/keyblock.js';
import { allow, policyOf, useAccess } from '../../../support/access.js';
import { tamper } from '../../../support/database.js';
import { createKey, endDeletions } from '../../../support/keys.js';
import { rotate } from '../../../support/master-key.js';
import { send, serviceEnv, startOn, target } from '../../../support/service.js';

const { service, stored, user, control, mac } = useAccess();

const environment = { ...process.env };
beforeAll(() => Object.assign(process.env, serviceEnv(service.store)));
afterAll(() => {
  process.env = environment;
});

/** Runs `keyblock check` while the service serves. */
async function check(...args: string[]) {
  let output = '';
  const stream = () =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        output += chunk.toString();
        done();
      },
    });
  const streams = { stdin: Readable.from([]), stdout: stream(), stderr: stream() };
  return { exitCode: await keyblock(['check', ...args], streams), output };
}

const found = (output: string) => ({ exitCode: 1, output: expect.stringContaining(output) as unknown });
const REMOVED = found('rows were removed or inserted.');
const RESTORED = found('rows were changed or reset to an earlier state.');
const INTACT = { exitCode: 0, output: expect.stringMatching(/All rows are as the service left them\.\n$/) as unknown };

const TABLES = [
  ...['keys', 'aliases', 'tags', 'resource_policies', 'principals', 'principal_policies', 'access_keys'],
  'bound_tally',
];
const database = () => service.app.get(DataSource);

async function copyTables(name: string): Promise<void> {
  for (const table of TABLES) {
    await database().query(`DROP TABLE IF EXISTS ${name}_${table}`);
    await database().query(`CREATE TABLE ${name}_${table} AS TABLE ${table}`);
  }
}

async function putBack(name: string, tables = TABLES): Promise<void> {
  for (const table of tables) {
    await tamper(database(), `DELETE FROM ${table}`);
    await tamper(database(), `INSERT INTO ${table} TABLE ${name}_${table}`);
  }
}

/** Returns SQL that restores rows of a table to their state before a change. */
const rowsOf = (table: string, where: string) => [
  `DELETE FROM ${table} WHERE ${where}`,
  `INSERT INTO ${table} SELECT * FROM before_${table} WHERE ${where}`,
];

let arn: string;
let accessKeyId: string;
let KeyIdentifier: string;
let other: string;
beforeAll(async () => {
  const { arn: created, credentials } = await user(allow('*'));
  arn = created;
  ({ accessKeyId } = credentials);
  await stored.principals.putPolicy(arn, 'deny', policyOf({ ...allow('ExportKey'), Effect: 'Deny' }));
  KeyIdentifier = (await createKey(service, { Tags: [{ Key: 'owner', Value: 'ann' }] })).KeyArn;
  other = (await createKey(service)).KeyArn;
  await control('CreateAlias', { AliasName: 'alias/till', KeyArn: KeyIdentifier });
  await putPolicy('CreateAlias');
});
const putPolicy = (operation: string) =>
  control('PutResourcePolicy', {
    ResourceArn: KeyIdentifier,
    Policy: policyOf({ ...allow(operation), Principal: { AWS: arn }, Resource: KeyIdentifier }),
  });
const destroy = async () => {
  await control('DeleteKey', { KeyIdentifier, DeleteKeyInDays: 3 });
  await endDeletions(service);
};
const nothing = () => Promise.resolve();

type Case = [what: string, change: () => Promise<unknown>, attack: string[], result: unknown];
const PRINCIPAL = `principal_arn LIKE '%/user-%'`;
const KEY = `arn = (SELECT key_arn FROM before_aliases)`;
const ATTACKS: Case[] = [
  [
    'an old policy of a user is restored',
    () => stored.principals.putPolicy(arn, 'own', policyOf(allow('ListKeys'))),
    rowsOf('principal_policies', PRINCIPAL),
    RESTORED,
  ],
  ['a policy that denies is removed', nothing, [`DELETE FROM principal_policies WHERE name = 'deny'`], REMOVED],
  [
    'a policy that was removed is restored',
    () => stored.principals.removePolicy(arn, 'own'),
    rowsOf('principal_policies', PRINCIPAL),
    REMOVED,
  ],
  [
    'one policy is removed and another restored',
    () => stored.principals.removePolicy(arn, 'own'),
    [...rowsOf('principal_policies', PRINCIPAL), `DELETE FROM principal_policies WHERE name = 'deny'`],
    RESTORED,
  ],
  [
    'the old row of a deactivated access key is restored',
    () => stored.principals.setActive(arn, accessKeyId, false),
    rowsOf('access_keys', PRINCIPAL),
    RESTORED,
  ],
  [
    'an access key that was deleted is restored',
    () => stored.principals.removeAccessKey(arn, accessKeyId),
    rowsOf('access_keys', PRINCIPAL),
    REMOVED,
  ],
  [
    'a user that was deleted is restored',
    () => stored.principals.remove(arn),
    [...rowsOf('principals', `arn LIKE '%/user-%'`), ...rowsOf('access_keys', PRINCIPAL)],
    REMOVED,
  ],
  [
    'the old row of a stopped key is restored',
    () => control('StopKeyUsage', { KeyIdentifier }),
    rowsOf('keys', KEY),
    RESTORED,
  ],
  [
    'the old row of a key pending deletion is restored',
    () => control('DeleteKey', { KeyIdentifier }),
    rowsOf('keys', KEY),
    RESTORED,
  ],
  ['the old row of a destroyed key is restored', destroy, rowsOf('keys', KEY), RESTORED],
  ['the row of a destroyed key is removed', destroy, [`DELETE FROM keys WHERE ${KEY}`], REMOVED],
  ['the row of a key is removed', nothing, [`DELETE FROM keys WHERE ${KEY}`], REMOVED],
  [
    'the old target of an alias is restored',
    () => control('UpdateAlias', { AliasName: 'alias/till', KeyArn: other }),
    rowsOf('aliases', `name = 'alias/till'`),
    RESTORED,
  ],
  [
    'an alias that was deleted is restored',
    () => control('DeleteAlias', { AliasName: 'alias/till' }),
    rowsOf('aliases', `name = 'alias/till'`),
    REMOVED,
  ],
  [
    'an old policy of a key is restored',
    () => putPolicy('GetAlias'),
    rowsOf('resource_policies', `key_arn LIKE '%'`),
    RESTORED,
  ],
  ['the policy of a key is removed', nothing, ['DELETE FROM resource_policies'], REMOVED],
  [
    'an old tag is restored',
    () => control('TagResource', { ResourceArn: KeyIdentifier, Tags: [{ Key: 'owner', Value: 'bob' }] }),
    rowsOf('tags', `key = 'owner'`),
    RESTORED,
  ],
  [
    'an old row is restored together with the tally of the same time',
    async () => {
      await control('StopKeyUsage', { KeyIdentifier });
      await stored.principals.putPolicy(arn, 'own', policyOf(allow('ListKeys')));
    },
    [...rowsOf('keys', KEY), ...rowsOf('bound_tally', 'id = 1')],
    RESTORED,
  ],
  [
    'the old tally is restored',
    () => control('StopKeyUsage', { KeyIdentifier }),
    rowsOf('bound_tally', 'id = 1'),
    RESTORED,
  ],
  [
    'the tally is edited',
    nothing,
    ['UPDATE bound_tally SET tally = set_bit(tally, 300, 1 - get_bit(tally, 300))'],
    found('bound_tally was modified'),
  ],
  ['the tally is removed', nothing, ['DELETE FROM bound_tally'], found('bound_tally is missing')],
  ['a row is edited', nothing, [`UPDATE keys SET enabled = false WHERE ${KEY}`], found('the row was modified\n')],
  [
    'a sealed value is edited',
    nothing,
    [`UPDATE keys SET sealed = set_bit(sealed, 300, 1 - get_bit(sealed, 300)) WHERE ${KEY}`],
    found('its sealed value does not open'),
  ],
  [
    'a secret of the service is edited',
    nothing,
    [
      `UPDATE service_secrets SET sealed = set_bit(sealed, 300, 1 - get_bit(sealed, 300)) WHERE purpose = 'page tokens'`,
    ],
    found('service_secrets page tokens: its sealed value does not open'),
  ],
];

describe('keyblock check finds that', () => {
  beforeAll(() => copyTables('start'));
  afterEach(() => putBack('start'));
  afterAll(() =>
    tamper(
      database(),
      `UPDATE service_secrets SET sealed = set_bit(sealed, 300, 1 - get_bit(sealed, 300)) WHERE purpose = 'page tokens'`,
    ),
  );

  test.each(ATTACKS)('%s', async (_, change, attack, result) => {
    await copyTables('before');
    await change();
    const intact = await check();
    for (const statement of attack) await tamper(database(), statement);
    expect([intact, await check()]).toEqual([INTACT, result]);
  });
});

test('keyblock check cannot detect that all rows and the tally were restored to the same earlier state, as from a backup', async () => {
  await copyTables('before');
  await control('StopKeyUsage', { KeyIdentifier });
  await putBack('before');
  expect(await check()).toEqual(INTACT);
});

describe('keyblock check --accept', () => {
  test('is refused while a row is modified, and names the row', async () => {
    await database().query(`UPDATE aliases SET name = 'alias/shop'`);
    expect(await check('--accept', '--yes')).toEqual(
      found('aliases 000000000000 us-east-1 alias/shop: the row was modified\n'),
    );
    await database().query(`UPDATE aliases SET name = 'alias/till'`);
    expect(await check()).toEqual(INTACT);
  });

  test('accepts the present rows as complete, and is audited', async () => {
    await database().query('DELETE FROM aliases');
    expect(await check()).toEqual(REMOVED);
    expect(await check()).toEqual(REMOVED);
    expect((await check('--accept', '--yes')).output).toMatch(/^aliases: 0 rows, ok$/m);
    expect(await check()).toEqual(INTACT);
    const events = await database().query<{ event: { serviceEventDetails: object } }[]>(
      `SELECT event FROM audit_events WHERE event ->> 'eventName' = 'RowsAccepted'`,
    );
    expect(events.map(({ event }) => event.serviceEventDetails)).toEqual([expect.objectContaining({ aliases: 0 })]);
  });

  test('replaces a missing tally, without which nothing can be changed', async () => {
    await database().query('DELETE FROM bound_tally');
    expect(await control('StopKeyUsage', { KeyIdentifier })).toBe('InternalServerException');
    expect((await check('--accept', '--yes')).exitCode).toBe(0);
    expect(await control('StopKeyUsage', { KeyIdentifier })).toBe('ok');
    expect(await control('StartKeyUsage', { KeyIdentifier })).toBe('ok');
    expect(await check()).toEqual(INTACT);
  });
});

test('a change that fails leaves the tally unchanged', async () => {
  const AliasName = 'alias/taken';
  expect(await control('CreateAlias', { AliasName })).toBe('ok');
  expect(await control('CreateAlias', { AliasName })).toBe('ConflictException');
  const long = Array.from({ length: 51 }, (_, i) => ({ Key: String(i), Value: '' }));
  expect(await control('TagResource', { ResourceArn: KeyIdentifier, Tags: long.slice(0, 50) })).toMatch(/^Validation/);
  expect(await check()).toEqual(INTACT);
});

test('concurrent changes on two nodes leave the tally right, and checks meanwhile find nothing', async () => {
  const node = await startOn(service.store);
  const call = async (url: string, operation: string, input: object) => {
    const { status } = await send(url, service.clock, { headers: target(operation), body: JSON.stringify(input) });
    return status;
  };
  const work = async (url: string, n: number) => {
    const AliasName = `alias/busy-${n % 3}`;
    for (let i = 0; i < 8; i++) {
      await call(url, 'CreateAlias', { AliasName, KeyArn: KeyIdentifier });
      await call(url, i % 2 === 0 ? 'StopKeyUsage' : 'StartKeyUsage', { KeyIdentifier });
      await call(url, 'TagResource', { ResourceArn: other, Tags: [{ Key: 'n', Value: `${n}-${i}` }] });
      await call(url, 'UpdateAlias', { AliasName, KeyArn: other });
      if (n % 2 === 0) await call(url, 'DeleteAlias', { AliasName });
    }
  };
  const urls = [service.url, node.url, service.url, node.url, service.url, node.url];
  const working = Promise.all(urls.map(work));
  const checks = [];
  for (let i = 0; i < 5; i++) checks.push(await check());
  await working;
  await node.close();
  expect(checks).toEqual(checks.map(() => INTACT));
  expect(await check()).toEqual(INTACT);
});

test('a rotation of the master key leaves rows and tally unchanged', async () => {
  const rows = () => database().query<object[]>('SELECT arn, mac FROM keys ORDER BY arn');
  const before = await rows();
  await rotate(service.store);
  Object.assign(process.env, serviceEnv(service.store));
  expect(await rows()).toEqual(before);
  expect(await check()).toEqual(INTACT);
  service.app.get(Changes).clear();
  expect(await mac(other)).toBe('ok');
});
