import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CreateKeyCommand, PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import { Clock } from '../../../src/clock.js';
import { connect } from '../../../src/database/database.js';
import { idOf, mac } from '../../support/audit.js';
import { leaveTime } from '../../support/calendar.js';
import { newStore, type DatabaseStore } from '../../support/database.js';
import { type ServiceProcess, until, useProcesses } from '../../support/process.js';
import { CREDENTIALS, REGION, send, serviceEnv } from '../../support/service.js';

const CLI = fileURLToPath(new URL('../../../dist/bundle/cli.js', import.meta.url));

let store: DatabaseStore;
let folder: string;
const spawnService = useProcesses();
beforeEach(async () => {
  await leaveTime('hour', 120);
  store = await newStore();
  folder = join(store.env.KEYBLOCK_DATA_DIR, 'audit');
});
afterEach(() => store.remove());

function start(env: NodeJS.ProcessEnv = {}): ServiceProcess {
  return spawnService({ ...serviceEnv(store), KEYBLOCK_AUDIT: `file:${folder}`, ...env });
}

async function audit(...args: string[]) {
  const child = spawn(process.execPath, [CLI, 'audit', ...args], {
    env: { PATH: process.env['PATH'], ...serviceEnv(store) },
  });
  child.stdin.end();
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, stdout, stderr };
}

const options = (endpoint: string) => ({ region: REGION, endpoint, credentials: CREDENTIALS, maxAttempts: 1 });

async function createKey(endpoint: string): Promise<string> {
  const { Key } = await new PaymentCryptographyClient(options(endpoint)).send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: 'AES_128',
        KeyModesOfUse: { Generate: true, Verify: true },
      },
      Exportable: false,
    }),
  );
  return Key!.KeyArn!;
}

/** Generates MACs, and returns the ids of the requests. */
async function generateMacs(endpoint: string, count: number, key: string): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const response = await send(endpoint, new Clock(), mac(key));
    expect(response.status).toBe(200);
    ids.push(idOf(response));
  }
  return ids;
}

const files = () => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []);
const streams = () => files().filter((name) => name.endsWith('.jsonl'));
const written = () =>
  files()
    .map((name) => readFileSync(name, 'utf8'))
    .join('');
const move = () => streams().forEach((name) => renameSync(name, `${name}.moved`));

test('streams of killed, moved and stopped processes verify without the database, and every change is found', async () => {
  const first = start();
  const url = await first.listening;
  const key = await createKey(url);
  const ids = await generateMacs(url, 20, key);
  await until(() => ids.every((id) => written().includes(id)));
  move();
  first.child.kill('SIGHUP');
  ids.push(...(await generateMacs(url, 20, key)));
  await until(() => ids.every((id) => written().includes(id)));
  await until(() => streams().length === 1);
  first.child.kill('SIGKILL');
  await first.ended;
  const killed = files().toSorted().reverse();

  const again = start({ KEYBLOCK_WORKERS: '2' });
  const next = await again.listening;
  await until(() => files().length === 4);
  ids.push(...(await generateMacs(next, 10, key)));
  renameSync(streams().at(-1)!, `${streams().at(-1)}.moved`);
  again.child.kill('SIGHUP');
  ids.push(...(await generateMacs(next, 10, key)));
  again.child.kill('SIGTERM');
  expect(await again.ended).toBe(0);

  const all = files().toSorted().reverse();
  expect(all.map((name) => statSync(name).mode & 0o777)).toEqual(all.map(() => 0o600));
  const events = written()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { requestID?: string; node: number });
  expect(ids.map((id) => events.filter(({ requestID }) => requestID === id).length)).toEqual(ids.map(() => 1));
  expect(new Set(events.map(({ node }) => node)).size).toBe(3);

  const database = await connect(store.env.DATABASE_URL);
  const kept = await database.query(`SELECT event ->> 'eventName' AS name FROM audit_events`);
  await database.destroy();
  expect(kept).toEqual([{ name: 'CreateKey' }]);

  const keys = join(store.env.KEYBLOCK_DATA_DIR, 'audit-keys.pem');
  writeFileSync(keys, (await audit('public-key')).stdout);
  const verified = await audit('verify', '--public-key', keys, '--file', ...all);
  expect(verified).toMatchObject({ exitCode: 0, stderr: '' });
  expect(verified.stdout.match(/signed up to event \d+, .*, from its first event, to its last event/g)).toHaveLength(2);
  expect(verified.stdout.match(/signed up to event \d+, .*; \d+ events after it, .*, without its last/g)).toHaveLength(
    1,
  );
  expect((await audit('verify')).exitCode).toBe(0);

  const [partly = ''] = killed;
  appendFileSync(killed.at(-1)!, '{"eventVersion":"1.11","userId');
  const torn = await audit('verify', '--public-key', keys, '--file', ...killed);
  expect(torn.exitCode).toBe(0);
  expect(torn.stdout).toContain(`${killed.at(-1)} ends within a line, after 30 characters of it`);
  writeFileSync(partly, readFileSync(partly, 'utf8').replace('"GenerateMac"', '"GenerateMax"'));
  expect(await audit('verify', '--public-key', keys, '--file', ...killed)).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('EDITED'),
    stderr: 'Not intact: 1 of 1 chain.\n',
  });
});

/** Limits the size of the files that a process may write; a write beyond it is cut off, as on a full disk. */
const limitFiles = (pid: number, bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);

test('a file that can’t grow is cut back to its last whole line, and gets the waiting events once it can grow', async () => {
  const { child, listening, ended, log } = start();
  const url = await listening;
  const key = await createKey(url);
  const ids = await generateMacs(url, 5, key);
  ids.push(idOf(await send(url, new Clock(), { path: '/mac/generate', body: '{}' })));
  await until(() => ids.every((id) => written().includes(id)));
  // Calls that are served have an event in the stream and no line in the log.
  await until(() => log().includes(ids[5]!));
  expect(ids.filter((id) => log().includes(id))).toEqual([ids[5]]);
  const [stream = ''] = streams();
  let full: number;
  // A checkpoint, one every ten seconds, may be written meanwhile.
  do limitFiles(child.pid!, (full = statSync(stream).size + 300));
  while (statSync(stream).size > full);
  ids.push(...(await generateMacs(url, 5, key)));
  // The beginning of an event is in the file.
  await until(() => statSync(stream).size === full);
  ids.push(...(await generateMacs(url, 5, key)));
  limitFiles(child.pid!, 'unlimited');
  await until(() => ids.every((id) => written().includes(id)));
  child.kill('SIGTERM');
  expect(await ended).toBe(0);

  const lines = written().trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { requestID?: string });
  expect(ids.map((id) => events.filter(({ requestID }) => requestID === id).length)).toEqual(ids.map(() => 1));
  const keys = join(store.env.KEYBLOCK_DATA_DIR, 'audit-keys.pem');
  writeFileSync(keys, (await audit('public-key')).stdout);
  const verified = await audit('verify', '--public-key', keys, '--file', stream);
  expect(verified).toMatchObject({ exitCode: 0, stderr: '' });
  expect(verified.stdout).toMatch(/from its first event, to its last event/);
});

test('a folder that can’t be written to stops the start', async () => {
  writeFileSync(join(store.env.KEYBLOCK_DATA_DIR, 'file'), '');
  const service = start({ KEYBLOCK_AUDIT: `table,file:${join(store.env.KEYBLOCK_DATA_DIR, 'file')}` });
  await expect(service.listening).rejects.toThrow(/Keyblock could not start: KEYBLOCK_AUDIT cannot be used: EEXIST/);
});
