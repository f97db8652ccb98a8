import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MASTER_KEY } from '../../../support/database.js';
import { useEmbeddedServices } from '../../../support/embedded.js';
import { controlPlaneOf, createArn, end, listArns, until } from '../../../support/process.js';

const embedded = useEmbeddedServices();
const { start, keyblock, inFolder, fillFolder, postmaster, query } = embedded;

test('generates a master key and credentials once, readable by the owner only, and says how to begin', async () => {
  const own = { KEYBLOCK_ACCESS_KEY_ID: '', KEYBLOCK_SECRET_ACCESS_KEY: '' };
  const service = start(own);
  const url = await service.listening;
  for (const name of ['master-key', 'credentials']) expect(statSync(inFolder(name)).mode & 0o777).toBe(0o600);
  expect(service.output()).toContain(`Region us-east-1, account 000000000000`);
  expect(service.output()).toContain(`Credentials: ${inFolder('credentials')}`);
  // Version 1 of the AWS CLI doesn't read AWS_REGION.
  expect(service.output()).toContain(`aws --region us-east-1 --endpoint-url ${url} `);
  expect(service.output()).toContain(`AWS_SHARED_CREDENTIALS_FILE=${inFolder('credentials')}`);

  const file = readFileSync(inFolder('credentials'), 'utf8');
  const [, accessKeyId, secretAccessKey] = /id = (\S+)\n.*key = (\S+)\n/.exec(file)!;
  const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
  await createArn(controlPlaneOf(url, credentials));
  expect(service.log() + service.output()).not.toContain(secretAccessKey);
  expect(await end(service, 'SIGTERM')).toBe(0);

  const again = start(own);
  expect(await listArns(controlPlaneOf(await again.listening, credentials))).toHaveLength(1);
  expect(readFileSync(inFolder('credentials'), 'utf8')).toBe(file);

  const second = start();
  expect(await second.ended).toBe(4);
  expect(second.output()).toContain(`${embedded.store.env.KEYBLOCK_DATA_DIR} is in use by process ${again.child.pid}`);
});

test('refuses another master key, a missing one and another version of PostgreSQL, and changes nothing', async () => {
  await fillFolder();
  const before = readdirSync(embedded.store.env.KEYBLOCK_DATA_DIR);

  const other = start({ KEYBLOCK_MASTER_KEY: MASTER_KEY });
  expect(await other.ended).toBe(78);
  expect(other.output()).toMatch(/sealed under master key [0-9a-f]{16}, but the master key given is [0-9a-f]{16}/);

  const masterKey = readFileSync(inFolder('master-key'));
  rmSync(inFolder('master-key'));
  const missing = start();
  expect(await missing.ended).toBe(4);
  expect(missing.output()).toContain('master-key is missing, but there is a database sealed under it');
  writeFileSync(inFolder('master-key'), masterKey);

  const version = readFileSync(inFolder('postgres/PG_VERSION'));
  writeFileSync(inFolder('postgres/PG_VERSION'), '17\n');
  const older = start();
  expect(await older.ended).toBe(4);
  expect(older.output()).toMatch(
    /was created by PostgreSQL 17, and this version of Keyblock has PostgreSQL 18\. Dump it/,
  );
  writeFileSync(inFolder('postgres/PG_VERSION'), version);

  const again = start();
  await again.listening;
  expect(readdirSync(embedded.store.env.KEYBLOCK_DATA_DIR).filter((name) => name !== 'lock.sock')).toEqual(before);
});

test('listens only on a socket that only its owner can open, and passes none of its environment to PostgreSQL', async () => {
  const service = start({ KEYBLOCK_MASTER_KEY: MASTER_KEY });
  await service.listening;
  expect(statSync(inFolder('run')).mode & 0o777).toBe(0o700);
  expect(statSync(inFolder('run/.s.PGSQL.5432')).mode & 0o777).toBe(0o700);
  expect(await query('SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
  const environment = readFileSync(`/proc/${postmaster()}/environ`, 'utf8');
  expect(environment).not.toContain('KEYBLOCK');
  expect(environment).not.toContain(MASTER_KEY);
});

test('ignores the environment variables of PostgreSQL clients', async () => {
  const other = {
    PGHOST: '127.0.0.1',
    PGPORT: '6000',
    PGUSER: 'ann',
    PGPASSWORD: 'wrong',
    PGDATABASE: 'other',
    PGSSLMODE: 'require',
    PGOPTIONS: '-c default_transaction_read_only=on -c search_path=other',
  };
  const service = start({ ...other, KEYBLOCK_WORKERS: '2' });
  await createArn(controlPlaneOf(await service.listening));
  const { stdout } = await keyblock(['audit', 'verify'], other);
  expect(stdout).toMatch(/: ok, /);
});

test('flushes each commit to the disk', async () => {
  await fillFolder();
  const controlPlane = controlPlaneOf(await start().listening);
  const settings = `SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'on'`;
  expect(await query(settings)).toHaveLength(3);
  const flushes = async () => {
    const [row] = await query<{ count: string }>(`SELECT sum(fsyncs) AS count FROM pg_stat_io WHERE object = 'wal'`);
    return Number(row!.count);
  };
  const before = await flushes();
  for (let i = 0; i < 10; i++) await createArn(controlPlane);
  // PostgreSQL backends report their statistics a second later.
  await until(async () => (await flushes()) >= before + 10);
});

test('workers share one database, and commands work beside the workers', async () => {
  await fillFolder();
  const service = start({ KEYBLOCK_WORKERS: '2' });
  const url = await service.listening;
  await keyblock(['access', 'create', 'user', 'ann']);
  expect((await keyblock(['access', 'list'])).stdout).toContain(':user/ann');
  await createArn(controlPlaneOf(url));
  expect((await keyblock(['audit', 'verify'])).stdout).toMatch(/: ok, /);
  await keyblock(['master-key', 'rotate']);
  expect(await createArn(controlPlaneOf(url))).toMatch(/^arn:/);
  expect(await end(service, 'SIGTERM')).toBe(0);
  expect(existsSync(inFolder('postgres/postmaster.pid'))).toBe(false);

  // Without a service, the command runs the database itself.
  expect((await keyblock(['access', 'list'])).stdout).toContain(':user/ann');
  expect(existsSync(inFolder('postgres/postmaster.pid'))).toBe(false);
});

test('commands share a database that one of them runs, or that a service is starting', async () => {
  const service = start();
  await until(() => existsSync(inFolder('lock.sock')));
  await keyblock(['access', 'create', 'user', 'early']);
  await service.listening;
  expect(await end(service, 'SIGTERM')).toBe(0);

  const names = ['early', 'ann', 'bob', 'eve', 'joe'];
  await Promise.all(names.slice(1).map((name) => keyblock(['access', 'create', 'user', name])));
  const { stdout } = await keyblock(['access', 'list']);
  for (const name of names) expect(stdout).toContain(`:user/${name}`);
  expect(existsSync(inFolder('postgres/postmaster.pid'))).toBe(false);
});

test('accepts a path that is too long for a socket', async () => {
  const folder = join(embedded.store.env.KEYBLOCK_DATA_DIR, 'a'.repeat(60), 'b'.repeat(60));
  const more = { KEYBLOCK_DATA_DIR: folder };
  const service = start(more);
  await createArn(controlPlaneOf(await service.listening));
  const second = start(more);
  expect(await second.ended).toBe(4);
  expect(second.output()).toContain(`${folder} is in use by process ${service.child.pid}`);
  expect(await end(service, 'SIGTERM')).toBe(0);
});

test.each([`a '"%41ü☃\\`, 'com,ma:colon;'])('accepts a path with %s', async (name) => {
  const service = start({ KEYBLOCK_DATA_DIR: inFolder(name) });
  await createArn(controlPlaneOf(await service.listening));
  expect(await end(service, 'SIGTERM')).toBe(0);
});

test('refuses a path that is too long for a socket if the temporary folder is missing or too long as well', async () => {
  const long = inFolder('a'.repeat(100));
  for (const [TMPDIR, message] of [
    [inFolder('nowhere'), /needs a link with a short path: ENOENT/],
    [long, /is too long, and so is one in/],
  ] as const) {
    mkdirSync(long, { recursive: true });
    const service = start({ KEYBLOCK_DATA_DIR: join(long, 'data'), TMPDIR });
    expect(await service.ended).toBe(4);
    expect(service.output()).toMatch(message);
  }
  expect(readdirSync(long)).toEqual(['data']);
});

test('refuses Windows before it creates anything, and names the alternatives', async () => {
  const windows = `Object.defineProperty(process, 'platform', { value: 'win32' })`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(windows)}`;
  const service = start({ KEYBLOCK_DATA_DIR: inFolder('data'), NODE_OPTIONS });
  expect(await service.ended).toBe(4);
  expect(service.output()).toMatch(
    /does not run on Windows\. Set DATABASE_URL to .*, or run Keyblock in its container/,
  );
  expect(existsSync(inFolder('data'))).toBe(false);
});
