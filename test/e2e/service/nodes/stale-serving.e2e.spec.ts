import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { AuditLog } from '../../../../src/audit/audit-log.js';
import { type NewAccessKey, PrincipalRepository } from '../../../../src/access/principal.repository.js';
import { Changes } from '../../../../src/changes/changes.js';
import { HostCommands } from '../../../../src/hostcommands/host-commands.js';
import type { Service } from '../../../../src/service.js';
import { allow, policyOf } from '../../../support/access.js';
import { mac } from '../../../support/audit.js';
import { CMAC_ATTRIBUTES } from '../../../support/keys.js';
import { newStore, type DatabaseStore } from '../../../support/database.js';
import { DatabaseProxy } from '../../../support/database-proxy.js';
import { listener, payshieldFile, SWITCH } from '../../../support/host-listeners.js';
import { createKmsKey, sendKms } from '../../../support/kms.js';
import { PayshieldClient } from '../../../support/payshield-client.js';
import { until } from '../../../support/process.js';
import {
  type RawRequest,
  type RawResponse,
  logTo,
  send,
  startOn,
  target,
  TestClock,
} from '../../../support/service.js';
import { encryptBody, healthBody, newCredential, sendXks, xksDone } from '../../../support/xks.js';

/** The time for which calls are served. A session lasts at least as long. */
const LIMIT_SECONDS = 900;

interface Event {
  eventName: string;
  requestID?: string;
  serviceEventDetails?: Record<string, unknown>;
}

const clock = new TestClock();
const { now } = performance;
let aheadMs = 0;
/** Lets time pass for the service, which runs in this process, by its monotonic clock. Its other clock stays behind. */
const wait = (seconds: number) => void (aheadMs += seconds * 1000);

let store: DatabaseStore;
let proxy: DatabaseProxy;
let service: Service;
let log: Record<string, unknown>[];
let key: string;
let neverUsed: string;
let session: RawRequest['credentials'];
let user: NewAccessKey;
let neverSigned: NewAccessKey;
let xks: NewAccessKey;
const UNKNOWN = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a made-up secret, never stored' };

const call = (request: Partial<RawRequest>) => send(service.url, clock, request);
const control = (operation: string, input: object = {}) =>
  call({ headers: target(operation), body: JSON.stringify(input) });
const kms = (operation: string, input: object) => sendKms({ send: call }, operation, input);
const callXks = (path: string, body: Record<string, unknown>) =>
  sendXks({ send: call }, `stores/kms/xks/v1/${path}`, body, { credentials: xks });
const as = (credentials: RawRequest['credentials'], request = mac(key)) => ({ ...request, credentials });

/** A call that is signed at the time that has passed for the service. */
const later = (request: Partial<RawRequest>) => ({ ...request, signingDate: new Date(Date.now() + aheadMs) });

async function host(command: string): Promise<string> {
  const port = service.app.get<HostCommands>(HostCommands, { strict: false }).ports[0]!;
  const client = await PayshieldClient.connect({ port });
  try {
    return await client.ask(command);
  } finally {
    client.close();
  }
}

const verification = (Mac: string) => ({
  path: '/mac/verify',
  body: JSON.stringify({
    KeyIdentifier: key,
    MessageData: '3132333435363738',
    Mac,
    VerificationAttributes: { Algorithm: 'CMAC' },
  }),
});

const outcome = ({ status, headers }: RawResponse) =>
  status === 200 ? 'ok' : `${status} ${headers.get('x-amzn-errortype')}`;
const outcomeOf = async (request: Partial<RawRequest>) => outcome(await call(request));

const AWAY = '503 InternalServerException';

async function readiness(): Promise<{ status: number; stale?: { lastContact: string; secondsLeft: number } }> {
  const response = await fetch(`${service.url}/readyz`);
  return { ...((await response.json()) as object), status: response.status };
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

async function events(): Promise<Event[]> {
  await service.app.get(AuditLog).flush();
  const folder = join(store.env.KEYBLOCK_DATA_DIR, 'audit');
  // The last line may be being written.
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1),
  );
  return lines.map((line) => JSON.parse(line) as Event);
}

const staleEvents = async () => (await events()).filter(({ eventName }) => eventName.startsWith('StaleServing'));

/** Returns the details of the last event about stale serving. */
const lastStaleEvent = async () => (await staleEvents()).at(-1)?.serviceEventDetails;

/** Calls until calls are served although the database is unreachable. Every one of them is served. */
async function untilStale(): Promise<void> {
  do expect(await outcomeOf(mac(key))).toBe('ok');
  while (!service.app.get(Changes).staleServing.state);
}

/** Makes the database unreachable. */
async function lose(): Promise<void> {
  await proxy.close();
  await untilStale();
}

/** Makes the database reachable, and waits until all cached values are good. */
async function find(): Promise<void> {
  await proxy.close();
  await proxy.open();
  const { freshness } = service.app.get(Changes);
  await until(() => performance.now() < freshness.goodUntil);
  await until(async () => (await readiness()).status === 200);
  expect(await outcomeOf(mac(key))).toBe('ok');
}

async function createKey(): Promise<string> {
  const { json } = await control('CreateKey', { KeyAttributes: CMAC_ATTRIBUTES, Exportable: false });
  return (json as { Key: { KeyArn: string } }).Key.KeyArn;
}

beforeAll(async () => {
  performance.now = () => now.call(performance) + aheadMs;
  store = await newStore();
  proxy = new DatabaseProxy(store.env.DATABASE_URL);
  await proxy.open();
  log = [];
  const env = {
    ...payshieldFile({ listeners: [listener()] }, store.env.KEYBLOCK_DATA_DIR),
    DATABASE_URL: proxy.url,
    KEYBLOCK_AUDIT: `file:${join(store.env.KEYBLOCK_DATA_DIR, 'audit')}`,
    KEYBLOCK_STALE_SECONDS: String(LIMIT_SECONDS),
    KEYBLOCK_VERIFICATION_LIMIT: 'key=1000/1h',
  };
  service = await startOn(store, env, logTo(log, 'warn'), clock);
  const principals = service.app.get(PrincipalRepository);
  await principals.create('user', 'switch');
  await principals.putPolicy(SWITCH, 'own', policyOf(allow('*')));
  const permitted = async (kind: 'user' | 'role', name: string, condition = {}) => {
    const { arn } = await principals.create(kind, name);
    await principals.putPolicy(arn, 'own', policyOf(allow('GenerateMac', condition)));
    return arn;
  };
  const until600 = new Date(Date.now() + 600_000).toISOString();
  user = await principals.createAccessKey(
    await permitted('user', 'until-later', { Condition: { DateLessThan: { 'aws:CurrentTime': until600 } } }),
  );
  neverSigned = await principals.createAccessKey(await permitted('user', 'never-signed'));
  const started = await principals.startSession(await permitted('role', 'payments'), 'today', LIMIT_SECONDS);
  session = { ...started, sessionToken: started.session.token };
  [key, neverUsed] = [await createKey(), await createKey()];
  xks = (await newCredential({ store }, 'stores')).credentials;
  const { Arn } = await createKmsKey({ send: call });
  await xksDone({ store }, 'release', 'stores', Arn, '--as', 'key');
  // The service caches what it has used.
  for (const credentials of [user, session]) expect(await outcomeOf(as(credentials))).toBe('ok');
  expect(await outcomeOf(as(UNKNOWN))).toBe('403 UnrecognizedClientException');
  expect((await callXks('keys/key/encrypt', encryptBody())).status).toBe(200);
  expect((await callXks('health', healthBody)).status).toBe(200);
  expect((await kms('Encrypt', { KeyId: Arn, Plaintext: 'AAAA' })).status).toBe(200);
  expect(await host('NC')).toMatch(/^ND00/);
});

beforeEach(find);

afterAll(async () => {
  await find();
  await service.close();
  performance.now = now;
  await proxy.remove();
  await store.remove();
});

test('without a gap, calls of the data plane are served from the cache, and nothing else is', async () => {
  const { json } = await call(mac(key));
  expect(await outcomeOf(verification(String(json['Mac'])))).toBe('ok');
  expect(await metric('keyblock_stale_serving')).toBe(0);
  await lose();
  const served = await Promise.all([call(mac(key)), call(as(user)), call(as(session))]);
  expect(served.map(outcome)).toEqual(['ok', 'ok', 'ok']);
  expect((await callXks('keys/key/encrypt', encryptBody())).status).toBe(200);
  expect(await host('NC')).toMatch(/^ND00/);
  expect(await readiness()).toMatchObject({
    status: 200,
    stale: { secondsLeft: expect.any(Number), lastContact: expect.stringMatching(/^20\d\d-/) },
  });
  expect(await metric('keyblock_stale_serving')).toBe(1);
  expect(await metric('keyblock_stale_calls_total')).toBeGreaterThanOrEqual(5);

  // A key and access keys that weren't used before, or weren't there.
  for (const request of [mac(neverUsed), as(neverSigned), as(UNKNOWN)]) expect(await outcomeOf(request)).toBe(AWAY);
  // A guess whose failure couldn't be counted, right or wrong.
  for (const guess of [String(json['Mac']), '00'.repeat(16)]) expect(await outcomeOf(verification(guess))).toBe(AWAY);
  // Other planes, even with cached keys.
  const controlled = [await control('GetKey', { KeyIdentifier: key }), await control('ListKeys')];
  controlled.push(await control('StopKeyUsage', { KeyIdentifier: key }));
  for (const response of controlled) expect(outcome(response)).toBe('503 ServiceUnavailableException');
  for (const operation of ['Encrypt', 'DescribeKey']) {
    const refused = await kms(operation, { KeyId: 'alias/any', Plaintext: 'AAAA' });
    expect(refused.json['__type']).toBe('DependencyTimeoutException');
  }
  expect((await call({ method: 'GET', path: '/admin/users' })).status).toBe(503);
  // A command that makes a key is recorded in the table.
  expect(await host('A00FFFS%01#D0T2B00E00')).toBe('A141');

  const last = served[0].headers.get('x-amzn-requestid');
  await find();
  expect((await readiness()).stale).toBeUndefined();
  expect(await metric('keyblock_stale_serving')).toBe(0);
  expect(await outcomeOf(verification(String(json['Mac'])))).toBe('ok');
  expect(await outcomeOf(mac(neverUsed))).toBe('ok');

  expect(await lastStaleEvent()).toEqual({
    reason: 'reached',
    calls: await metric('keyblock_stale_calls_total'),
    secondsSinceLastContact: expect.any(Number),
  });
  const order = (await events()).map(({ eventName, requestID }) => (requestID === last ? 'last' : eventName));
  const [began, inBetween, end] = ['StaleServingBegan', 'last', 'StaleServingEnded'].map((name) => order.indexOf(name));
  expect([began! < inBetween!, inBetween! < end!]).toEqual([true, true]);
  expect(log.map(({ msg }) => msg)).toContain(
    'the database cannot be reached: the data plane is served from the caches',
  );
  // The table has them, too, and the stream got them once.
  const database = new pg.Client({ connectionString: store.env.DATABASE_URL });
  await database.connect();
  const inTable = async () =>
    (await database.query(`SELECT FROM audit_events WHERE event ->> 'eventName' LIKE 'StaleServing%'`)).rowCount;
  await until(async () => (await inTable()) === 2);
  await database.end();
  await until(async () => (await events()).some(({ eventName }) => eventName === 'StopKeyUsage'));
  expect(await staleEvents()).toHaveLength(2);
});

test('a key that is stopped elsewhere meanwhile is used until the database can be reached, and not longer', async () => {
  const stopped = await createKey();
  expect(await outcomeOf(mac(stopped))).toBe('ok');
  await lose();
  const other = await startOn(store);
  try {
    const { status } = await send(other.url, clock, {
      headers: target('StopKeyUsage'),
      body: JSON.stringify({ KeyIdentifier: stopped }),
    });
    expect(status).toBe(200);
    expect(outcome(await send(other.url, clock, mac(stopped)))).toBe('400 ValidationException');
  } finally {
    await other.close();
  }
  // The price: see docs/threat-model.md.
  expect(await outcomeOf(mac(stopped))).toBe('ok');
  await find();
  expect(await outcomeOf(mac(stopped))).toBe('400 ValidationException');
  // It is cached as stopped.
  await lose();
  expect(await outcomeOf(mac(stopped))).toBe('400 ValidationException');
});

test.each(['57P03', '28P01', '25006'])(
  'a database that answers with error %s does not count as unreachable',
  async (code) => {
    const before = await staleEvents();
    await proxy.refuse(code);
    let answer = 'ok';
    while (answer === 'ok') answer = await outcomeOf(mac(key));
    expect(answer).toMatch(/^50[03] InternalServerException$/);
    expect((await readiness()).status).toBe(503);
    expect(await metric('keyblock_stale_serving')).toBe(0);
    expect(await staleEvents()).toEqual(before);
  },
);

test('an error from the database ends the stale serving that an outage began', async () => {
  await lose();
  await proxy.refuse('28P01');
  await until(async () => (await outcomeOf(mac(key))) !== 'ok');
  expect(await lastStaleEvent()).toMatchObject({ reason: 'refused' });
});

test('connections that an administrator ends, and a read-only database, do not begin stale serving', async () => {
  const before = await staleEvents();
  const database = new pg.Client({ connectionString: store.env.DATABASE_URL });
  await database.connect();
  const name = new URL(store.env.DATABASE_URL).pathname.slice(1);
  const end = () =>
    database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  const calls = async (milliseconds: number) => {
    for (const deadline = now.call(performance) + milliseconds; now.call(performance) < deadline;) {
      expect(await outcomeOf(mac(key))).toBe('ok');
      expect((await readiness()).stale).toBeUndefined();
    }
  };
  await end();
  await calls(1500);
  await database.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await end();
  await calls(1500);
  await database.query('SET default_transaction_read_only = off');
  await database.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
  await end();
  await database.end();
  await find();
  expect(await staleEvents()).toEqual(before);
});

test('a server that falls silent counts as unreachable after two seconds without an answer, and no call fails', async () => {
  proxy.freeze();
  await untilStale();
});

test("dates of policies and ends of sessions are judged by the database's time, and after the limit everything fails", async () => {
  // Cached again, in time.
  for (const credentials of [user, session]) expect(await outcomeOf(as(credentials))).toBe('ok');
  await lose();
  wait(700);
  expect(await outcomeOf(later(as(user)))).toBe('403 AccessDeniedException');
  expect(await outcomeOf(later(as(session)))).toBe('ok');
  // The node's clock, by which a call is signed in time, no longer counts.
  expect(await outcomeOf(mac(key))).toBe('403 InvalidSignatureException');
  const { stale } = await readiness();
  wait(stale!.secondsLeft - 3);
  expect(await outcomeOf(later(as(session)))).toBe('403 ExpiredTokenException');
  expect(await outcomeOf(later(mac(key)))).toBe('ok');

  wait(3);
  for (const request of [mac(key), as(user), as(session)]) expect(await outcomeOf(request)).toBe(AWAY);
  expect((await readiness()).status).toBe(503);
  expect(await metric('keyblock_stale_serving')).toBe(0);
  expect(await lastStaleEvent()).toMatchObject({ reason: 'limit', secondsSinceLastContact: LIMIT_SECONDS });
});
