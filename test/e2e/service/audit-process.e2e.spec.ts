import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  CreateKeyCommand,
  ListKeysCommand,
  paginateListKeys,
  PaymentCryptographyClient,
} from '@aws-sdk/client-payment-cryptography';
import pg from 'pg';
import { Clock } from '../../../src/clock.js';
import { connect } from '../../../src/database/database.js';
import { newStore, type DatabaseStore } from '../../support/database.js';
import { holdKeys } from '../../support/held-keys.js';
import { type ServiceProcess, until, useProcesses } from '../../support/process.js';
import { CREDENTIALS, REGION, serviceEnv, sign, target } from '../../support/service.js';

const CLI = fileURLToPath(new URL('../../../dist/bundle/cli.js', import.meta.url));

let store: DatabaseStore;
const spawnService = useProcesses();
beforeEach(async () => {
  store = await newStore();
});
afterEach(() => store.remove());

function start(env: NodeJS.ProcessEnv = {}): ServiceProcess {
  return spawnService({ ...serviceEnv(store), ...env });
}

async function kill({ child, ended }: ServiceProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  await ended;
}

/** Runs `keyblock audit verify` in a separate process. */
async function verify(...args: string[]) {
  const child = spawn(process.execPath, [CLI, 'audit', 'verify', ...args], {
    env: { PATH: process.env['PATH'], ...serviceEnv(store) },
  });
  child.stdin.end();
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, stdout, stderr };
}

const client = (endpoint: string) =>
  new PaymentCryptographyClient({ region: REGION, endpoint, credentials: CREDENTIALS, maxAttempts: 1 });
const createKey = async (controlPlane: PaymentCryptographyClient) => {
  const { Key } = await controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: 'AES_128',
        KeyModesOfUse: { Generate: true },
      },
      Exportable: false,
    }),
  );
  return Key!.KeyArn!;
};

/**
 * Reads the stream of events on standard output, which begins and ends with a checkpoint, and has another every ten
 * seconds.
 *
 * @returns the number of its events, and the names of those of calls
 */
function streamOf({ log }: ServiceProcess): { count: number; calls: string[] } {
  const events = log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { eventName?: string; sequence: number })
    .filter(({ eventName }) => eventName !== undefined);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1));
  const names = events.map(({ eventName = '' }) => eventName);
  expect([names[0], names.at(-1)]).toEqual(['AuditCheckpoint', 'AuditCheckpoint']);
  return { count: events.length, calls: names.filter((name) => name !== 'AuditCheckpoint') };
}

/** Counts the events of a request in the table. */
async function eventsOf(requestId: string): Promise<number | null> {
  const database = new pg.Client({ connectionString: store.env.DATABASE_URL });
  await database.connect();
  try {
    return (await database.query(`SELECT FROM audit_events WHERE event ->> 'requestID' = $1`, [requestId])).rowCount;
  } finally {
    await database.end();
  }
}

/** Runs work on the database while no service uses it. */
async function withDatabase<T>(work: (query: (sql: string) => Promise<T[]>) => Promise<T[]>): Promise<T[]> {
  const database = await connect(store.env.DATABASE_URL);
  try {
    return await work((sql) => database.query<T[]>(sql));
  } finally {
    await database.destroy();
  }
}

test('a killed process has recorded every change, and loses only the last events of other calls', async () => {
  const acknowledged: string[] = [];
  const service = start();
  const controlPlane = client(await service.listening);
  const read = await controlPlane.send(new ListKeysCommand({}));
  await until(async () => (await eventsOf(read.$metadata.requestId!)) === 1);
  const write = async () => {
    for (;;) acknowledged.push(await createKey(controlPlane));
  };
  const writers = Array.from({ length: 6 }, () => write().catch(() => undefined));
  await until(() => acknowledged.length >= 60);
  await kill(service, 'SIGKILL');
  await Promise.all(writers);

  const again = start();
  const kept: string[] = [];
  for await (const { Keys } of paginateListKeys({ client: client(await again.listening), pageSize: 100 }, {}))
    kept.push(...Keys!.map(({ KeyArn }) => KeyArn!));
  await kill(again, 'SIGTERM');
  expect(acknowledged.filter((arn) => !kept.includes(arn))).toEqual([]);

  const told = await withDatabase<{ name: string; arn: string; id: string }>((query) =>
    query(`SELECT event ->> 'eventName' AS name, event ->> 'requestID' AS id,
                  event -> 'responseElements' -> 'key' ->> 'keyArn' AS arn FROM audit_events WHERE chain = 1`),
  );
  const made = told.filter(({ name }) => name === 'CreateKey').map(({ arn }) => arn);
  expect(made.toSorted()).toEqual(kept.toSorted());
  expect(told.filter(({ id }) => id === read.$metadata.requestId)).toHaveLength(1);
  const { exitCode, stdout } = await verify();
  expect([exitCode, stdout.match(/: ok, /g)?.length]).toEqual([0, 2]);
});

test('a service that stops finishes and records the call of a client that has hung up', async () => {
  const service = start();
  const url = await service.listening;
  const keys = await holdKeys(store);
  const input = {
    KeyAttributes: {
      KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
      KeyClass: 'SYMMETRIC_KEY',
      KeyAlgorithm: 'AES_128',
      KeyModesOfUse: { Generate: true, Verify: true },
    },
    Exportable: false,
  };
  const { headers, body } = await sign(url, new Clock(), { headers: target('CreateKey'), body: JSON.stringify(input) });
  const { host, hostname, port } = new URL(url);
  const head = { host, 'content-length': String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connectSocket(Number(port), hostname);
  socket.write(`POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
  await once(socket, 'close');
  await keys.created();
  service.child.kill('SIGTERM');
  await until(() => service.log().includes('"msg":"stopping"'));
  await keys.release();
  await service.ended;

  const told = await withDatabase<{ name: string; error: string | null }>((query) =>
    query(`SELECT event ->> 'eventName' AS name, event ->> 'errorCode' AS error FROM audit_events ORDER BY sequence`),
  );
  expect(told).toEqual([{ name: 'CreateKey', error: null }]);
});

test('the command finds the changes made in the table, and the stream has the original', async () => {
  const service = start({ KEYBLOCK_AUDIT: 'table,stdout' });
  const controlPlane = client(await service.listening);
  for (let i = 0; i < 3; i++) await createKey(controlPlane);
  await controlPlane.send(new ListKeysCommand({}));
  await kill(service, 'SIGTERM');

  const { count, calls } = streamOf(service);
  expect(calls).toEqual(['CreateKey', 'CreateKey', 'CreateKey', 'ListKeys']);
  const copy = join(store.env.KEYBLOCK_DATA_DIR, 'copy.log');
  writeFileSync(copy, service.log());
  expect(service.log()).toContain('"level":30');
  const [table, file] = [await verify(), await verify('--file', copy)];
  const [head] = / 4 [0-9a-f]{64}$/m.exec(table.stdout)!;
  expect(table).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: expect.stringMatching(
      new RegExp(
        `^chain 1 \\(\\S+, process \\d+\\): ok, 4 events, .*\nchain 2 \\(.*\\): ok, its events are on a stream; it ended at ${count} `,
      ),
    ),
  });
  expect(file).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: expect.stringMatching(
      new RegExp(`^chain 2 .*: ok, ${count} events, .*\n {2}stream 2: signatures not verified: give --public-key`),
    ),
  });
  expect(file.stdout).toContain(`the table then had chain 1 up to${head}`);

  await withDatabase((query) => query(`UPDATE audit_log SET events = replace(events, 'ListKeys', 'ListDogs')`));
  const changed = await verify();
  expect(changed).toMatchObject({ exitCode: 1, stderr: 'Not intact: 1 of 2 chains.\n' });
  expect(changed.stdout).toMatch(/^chain 1 .*: EDITED: event 4 is modified/);

  writeFileSync(copy, service.log().replace(/^.*"sequence":2.*\n/m, ''));
  expect(await verify('--file', copy)).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('REMOVED: event 2 is missing'),
  });
  expect((await verify('nothing')).exitCode).toBe(2);
  expect(await verify('-')).toMatchObject({ exitCode: 1, stderr: 'There are no audit events.\n' });
});

test('changes stay in the table if it is not a destination, and the start says so', async () => {
  const service = start({ KEYBLOCK_AUDIT: 'stdout', KEYBLOCK_LOG_LEVEL: 'silent' });
  const controlPlane = client(await service.listening);
  await createKey(controlPlane);
  await controlPlane.send(new ListKeysCommand({}));
  await kill(service, 'SIGTERM');
  expect(streamOf(service).calls).toEqual(['CreateKey', 'ListKeys']);
  expect(service.output()).toContain(
    'Audit: events of the data plane go to stdout only; all others also go to the table\n',
  );
  expect(await withDatabase((query) => query(`SELECT event ->> 'eventName' AS name FROM audit_events`))).toEqual([
    { name: 'CreateKey' },
    { name: 'ListKeys' },
  ]);
});
