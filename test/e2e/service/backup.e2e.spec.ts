import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { KeyDeletionWorker } from '../../../src/payment/controlplane/keys/key-deletion.worker.js';
import type { Service } from '../../../src/service.js';
import { runKeyblock } from '../../support/cli.js';
import type { DatabaseStore } from '../../support/database.js';
import { dumpServer, run } from '../../support/dump-server.js';
import { callKms } from '../../support/kms.js';
import { controlPlaneOf, createArn } from '../../support/process.js';
import { type RawRequest, send, serviceEnv, startOn, target, TestClock } from '../../support/service.js';

/** The drill of docs/operating.md: back up, lose the database, restore, check, serve. */

const DAY_MS = 86_400_000;
const server = await dumpServer();
if (!server) {
  if (process.env['CI']) throw new Error('CI needs pg_dump, pg_restore and a PostgreSQL server of their version');
  process.stderr.write('Skipped: the restore drill needs pg_dump and pg_restore, and PostgreSQL is not installed.\n');
}
const drill = server ? describe : describe.skip;

const environment = { ...process.env };
const folder = mkdtempSync(join(tmpdir(), 'keyblock-backup-'));
const at = (name: string) => join(folder, name);
const clock = new TestClock();

/** Runs a command on the deployment of a store. */
async function keyblockOn(store: DatabaseStore, ...args: string[]) {
  Object.assign(process.env, serviceEnv(store));
  return runKeyblock(args);
}

/** Starts a service on a store, with the calls of these tests. */
async function serve(store: DatabaseStore) {
  const service = await startOn(store, {}, undefined, clock);
  const caller = { send: (request: Partial<RawRequest>) => send(service.url, clock, request) };
  const post = async (path: string, body: object, headers = {}) => {
    const { status, json } = await caller.send({ path, body: JSON.stringify(body), headers });
    expect({ path, status, json }).toEqual({ path, status: 200, json });
    return json;
  };
  return { ...service, ...caller, post, control: (name: string, body: object) => post('/', body, target(name)) };
}

/** Destroys a key whose waiting period has begun. */
const destroy = ({ app }: Service) => app.get(KeyDeletionWorker).doDue(new Date(clock.now().getTime() + 181 * DAY_MS));

async function eventsOf({ env }: DatabaseStore): Promise<string> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  const { rows } = await client.query<{ events: string }>('SELECT events FROM audit_log ORDER BY chain, first');
  await client.end();
  return rows.map(({ events }) => `${events}\n`).join('');
}

const MESSAGE = { MessageData: '0011223344556677' };
let macKey: string;
let doomed: string;
let kmsKey: string;
let mac: unknown;
let ciphertext: unknown;
/** The deployment restored from the first backup, which no service uses. */
let restored: DatabaseStore;

afterAll(async () => {
  process.env = environment;
  rmSync(folder, { recursive: true });
  await server?.stop();
});

drill('after a backup, a key is destroyed and the database is lost', () => {
  beforeAll(async () => {
    const live = await server!.newStore();
    const service = await serve(live);
    const controlPlane = controlPlaneOf(service.url);
    macKey = await createArn(controlPlane);
    doomed = await createArn(controlPlane);
    await service.control('CreateAlias', { AliasName: 'alias/till', KeyArn: macKey });
    const attributes = { Algorithm: 'CMAC' };
    ({ Mac: mac } = await service.post('/mac/generate', {
      ...{ ...MESSAGE, KeyIdentifier: macKey, GenerationAttributes: attributes },
    }));
    const { KeyMetadata } = await callKms(service, 'CreateKey');
    kmsKey = (KeyMetadata as { Arn: string }).Arn;
    ({ CiphertextBlob: ciphertext } = await callKms(service, 'Encrypt', { KeyId: kmsKey, Plaintext: 'AQID' }));
    expect(await keyblockOn(live, 'backup', '--to', at('first.dump'))).toMatchObject({ exitCode: 0 });
    await service.control('DeleteKey', { KeyIdentifier: doomed, DeleteKeyInDays: 3 });
    await destroy(service);
    controlPlane.destroy();
    await service.close();
    const second = await keyblockOn(live, 'backup', '--to', at('second.dump'), '--json');
    expect([second.exitCode, second.stderr]).toEqual([0, '']);
    writeFileSync(at('events'), await eventsOf(live));
    await live.remove();
    restored = await server!.restore(at('first.dump'));
  });

  test('only the owner can read the files, and there are no others', () => {
    const files = ['first.dump', 'first.dump.manifest.json', 'second.dump', 'second.dump.manifest.json'];
    expect(readdirSync(folder).filter((name) => name !== 'events')).toEqual(files);
    for (const file of files) expect(statSync(at(file)).mode & 0o777).toBe(0o600);
  });

  test('the manifest describes the dump', () => {
    const manifest = JSON.parse(readFileSync(at('first.dump.manifest.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      format: 'keyblock backup 1',
      deployment: expect.stringMatching(/^[0-9a-f]{32}$/),
      dump: { file: 'first.dump', bytes: statSync(at('first.dump')).size },
      tables: expect.arrayContaining([
        { name: 'keys', rows: 2 },
        { name: 'kms_keys', rows: 1 },
      ]),
      chains: [{ chain: 1, sequence: expect.any(Number), hash: expect.any(String) }],
    });
    expect(manifest['tables']).not.toContainEqual(expect.objectContaining({ name: 'nodes' }));
  });

  test('a backup never replaces another', async () => {
    const before = readFileSync(at('first.dump.manifest.json'));
    expect(await keyblockOn(restored, 'backup', '--to', at('first.dump'))).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: `${at('first.dump')} exists. Give another path, or remove it first.\n`,
    });
    expect(readFileSync(at('first.dump.manifest.json'))).toEqual(before);
  });

  test('a folder that is missing is named', async () => {
    const { exitCode, stderr } = await keyblockOn(restored, 'backup', '--to', at('none/a.dump'));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`No file can be created in ${at('none')}: ENOENT`);
  });

  test('the restored database is as it was backed up', async () => {
    const { exitCode, stdout, stderr } = await check(restored);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^keys: 2 rows, ok$/m);
    expect(stdout).toMatch(/^audit log: 1 chain, \d+ events$/m);
    expect(stdout).toMatch(/^The database is as it was backed up at \S+Z\.\n$/m);
  });

  test('without a manifest, the check warns that the time is not checked', async () => {
    expect(await keyblockOn(restored, 'restore', 'check')).toMatchObject({
      exitCode: 0,
      stderr: 'Without --manifest, the check cannot detect that the restored state is too old.\n',
    });
  });

  test('a service serves a copy with the old keys, and its audit log verifies', async () => {
    const copy = await server!.newStore(restored);
    const service = await serve(copy);
    try {
      const attributes = { VerificationAttributes: { Algorithm: 'CMAC' } };
      await service.post('/mac/verify', { ...MESSAGE, ...attributes, KeyIdentifier: 'alias/till', Mac: mac });
      expect(await callKms(service, 'Decrypt', { CiphertextBlob: ciphertext })).toMatchObject({ Plaintext: 'AQID' });
      expect(await keyblockOn(copy, 'audit', 'verify')).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await check(copy)).toEqual({
        exitCode: 4,
        stdout: '',
        stderr: expect.stringMatching(/^The database is in use by process \d+ on /),
      });
    } finally {
      await service.close();
    }
    // Its chain is newer than the backup.
    const { exitCode, stdout } = await check(copy);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('audit_chains has 2 rows, and the manifest states 1.\n');
  });

  test('keys that were destroyed since are named', async () => {
    const { exitCode, stdout, stderr } = await check(restored, 'first', '--events', at('events'), '--json');
    expect([exitCode, stderr]).toEqual([
      1,
      `${JSON.stringify({ error: { name: 'No', message: "Don't start the service yet: 1 finding." } })}\n`,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ Intact: false, DestroyedSince: [doomed], Findings: [] });
  });

  test('a dump is found to be older than the manifest', async () => {
    const { exitCode, stdout, stderr } = await check(restored, 'second');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^Don't start the service yet: \d findings\.\n$/)]);
    expect(stdout).toMatch(/^Chain 1 ends at event \d+, and in the manifest at event \d+\.$/m);
    expect(stdout).toMatch(/^The database has seen \d+ changes, .*: the database is older\.$/m);
  });

  test('the manifest of another deployment is refused', async () => {
    const other = await server!.newStore();
    expect(await keyblockOn(other, 'backup', '--to', at('other.dump'))).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await check(restored, 'other');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^The manifest is of deployment [0-9a-f]{32}, and the database is of deployment/m);
    expect(stdout).not.toContain('the manifest states');
  });

  test.each<[what: string, forge: (manifest: Record<string, unknown>) => void]>([
    ['has another number', (manifest) => (manifest['epoch'] = 0)],
    ['lacks a chain', (manifest) => (manifest['chains'] = [])],
    ['has another MAC', (manifest) => (manifest['mac'] = '00'.repeat(32))],
    ['has no MAC', (manifest) => (manifest['mac'] = '')],
  ])('a manifest that %s is forged', async (_, forge) => {
    const manifest = JSON.parse(readFileSync(at('first.dump.manifest.json'), 'utf8')) as Record<string, unknown>;
    forge(manifest);
    writeFileSync(at('forged.dump.manifest.json'), JSON.stringify(manifest));
    const { exitCode, stdout } = await check(restored, 'forged');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('The manifest was modified: its MAC does not match.\n');
  });

  test.each<[what: string, sql: string, finding: RegExp]>([
    ['lacks a table', 'DROP TABLE aliases', /^The table aliases is missing\.$/m],
    ['lacks the table of the audit log', 'DROP TABLE audit_log CASCADE', /^The table audit_log is missing\.$/m],
    ['lacks a row', 'DELETE FROM aliases', /^aliases has 0 rows, and the manifest states 1\.$/m],
    ['has a changed row', 'UPDATE keys SET enabled = NOT enabled', /^keys arn:\S+: the row was modified\.$/m],
    ['lacks the events', 'DELETE FROM audit_log', /^Audit chain 1: events 1 to \d+ are missing at its end\.$/m],
    ['lacks a chain', 'DELETE FROM audit_chains', /^audit_chains has no row of chain 1\.$/m],
    [
      'has a value that was copied from another row',
      `UPDATE kms_materials SET sealed = (SELECT sealed FROM service_secrets WHERE purpose = 'audit')`,
      /^kms_materials .+: (the row was modified|its sealed value does not open: .+)\.$/m,
    ],
    [
      'has another secret of the audit log',
      `UPDATE service_secrets SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE purpose = 'audit'`,
      /^The secret of the audit log does not open: .+\.$/m,
    ],
  ])('a database that %s is found', async (_, sql, finding) => {
    const damaged = await server!.newStore(restored);
    await run(damaged.env.DATABASE_URL, 'SET session_replication_role = replica', sql);
    const { exitCode, stdout } = await check(damaged);
    expect(stdout).toMatch(finding);
    expect(exitCode).toBe(1);
    await damaged.remove();
  });

  test('a lost table is found without a manifest', async () => {
    const damaged = await server!.newStore(restored);
    await run(damaged.env.DATABASE_URL, 'DROP TABLE audit_log CASCADE');
    expect(await keyblockOn(damaged, 'restore', 'check')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('A table is missing: relation "audit_log" does not exist.\n'),
    });
  });

  test('an empty database stays empty', async () => {
    const empty = await server!.newStore();
    const refusal = {
      exitCode: 4,
      stdout: '',
      stderr: 'This is not a database of Keyblock: it has no tables. Restore it first.\n',
    };
    expect(await check(empty)).toEqual(refusal);
    expect(await check(empty)).toEqual(refusal);
  });

  test('another master key is refused as at a start', async () => {
    Object.assign(process.env, serviceEnv(restored), { KEYBLOCK_MASTER_KEY: 'ff'.repeat(32) });
    const { exitCode, stderr } = await runKeyblock(['restore', 'check']);
    expect([exitCode, stderr]).toEqual([4, expect.stringMatching(/^The database is sealed under master key /)]);
  });
});

/** Runs `keyblock restore check` with the manifest of a backup. */
function check(store: DatabaseStore, backup = 'first', ...args: string[]) {
  return keyblockOn(store, 'restore', 'check', '--manifest', at(`${backup}.dump.manifest.json`), ...args);
}
