import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Clock } from '../../../../src/clock.js';
import { mac } from '../../../support/audit.js';
import { CMAC_ATTRIBUTES } from '../../../support/keys.js';
import { newStore, type DatabaseStore } from '../../../support/database.js';
import { DatabaseProxy } from '../../../support/database-proxy.js';
import { type ServiceProcess, spawnService } from '../../../support/process.js';
import { type RawRequest, type RawResponse, send, serviceEnv, sign, target } from '../../../support/service.js';

const clock = new Clock();
const create: Partial<RawRequest> = {
  headers: target('CreateKey'),
  body: JSON.stringify({ KeyAttributes: CMAC_ATTRIBUTES, Exportable: false }),
};
const list: Partial<RawRequest> = { headers: target('ListKeys'), body: '{}' };

let store: DatabaseStore;
let proxy: DatabaseProxy;
let service: ServiceProcess;
let url: string;
beforeEach(async () => {
  store = await newStore();
  proxy = new DatabaseProxy(store.env.DATABASE_URL);
  await proxy.open();
  service = spawnService({ ...serviceEnv(store), DATABASE_URL: proxy.url });
  url = await service.listening;
});
afterEach(async () => {
  service.child.kill('SIGKILL');
  await service.ended;
  await proxy.remove();
  await store.remove();
});

const call = (request: Partial<RawRequest>) => send(url, clock, request);
const readiness = async () => (await fetch(`${url}/readyz`)).status;

async function createKey(): Promise<string> {
  const { json } = await call(create);
  return (json as { Key: { KeyArn: string } }).Key.KeyArn;
}

/** Returns the outcome of a call. The planes use different exceptions. */
const outcome = ({ status, headers }: RawResponse) =>
  status === 200 ? 'ok' : `${status} ${headers.get('x-amzn-errortype')}`;

const UNAVAILABLE = { control: '503 ServiceUnavailableException', data: '503 InternalServerException' };

test('calls that need the database are refused while it is unavailable, and are served again afterwards', async () => {
  const arn = await createKey();
  await proxy.close();
  expect(await readiness()).toBe(503);
  for (const request of [create, list]) expect(outcome(await call(request))).toBe(UNAVAILABLE.control);
  // The service may use the cached key for a second.
  const seen = new Set<string>();
  while (!seen.has(UNAVAILABLE.data)) seen.add(outcome(await call(mac(arn))));
  expect([...seen].filter((what) => what !== 'ok')).toEqual([UNAVAILABLE.data]);
  await proxy.open();
  while ((await readiness()) !== 200) await pause(20);
  expect(outcome(await call(mac(arn)))).toBe('ok');
  expect(outcome(await call(create))).toBe('ok');
});

test('a call whose connection ends in the middle is refused as unavailable', async () => {
  const arns = await Promise.all(Array.from({ length: 20 }, createKey));
  const outcomes = { control: new Set<string>(), data: new Set<string>() };
  let isCutting = true;
  const repeat = async (plane: 'control' | 'data', request: (i: number) => Partial<RawRequest>) => {
    for (let i = 0; isCutting; i++) outcomes[plane].add(outcome(await call(request(i))));
  };
  const work = [
    ...Array.from({ length: 6 }, () => repeat('control', () => create)),
    ...Array.from({ length: 2 }, () => repeat('control', () => list)),
    ...Array.from({ length: 4 }, () => repeat('data', (i) => mac(arns[i % arns.length]!))),
  ];
  for (let cuts = 0; cuts < 60; cuts++) {
    await pause(20);
    proxy.cut();
  }
  isCutting = false;
  await Promise.all(work);
  expect([...outcomes.control].toSorted()).toEqual([UNAVAILABLE.control, 'ok']);
  for (const what of outcomes.data) expect(['ok', UNAVAILABLE.data]).toContain(what);
  expect(outcome(await call(create))).toBe('ok');
});

test('a change whose connection ends while it waits for its turn is refused as unavailable', async () => {
  await createKey();
  const blocker = new pg.Client({ connectionString: store.env.DATABASE_URL });
  await blocker.connect();
  try {
    await blocker.query('BEGIN');
    await blocker.query('SELECT FROM audit_chains FOR UPDATE');
    const creating = Array.from({ length: 4 }, () => call(create));
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
                     AND application_name = 'keyblock'`;
    // Within a transaction, pg_stat_activity does not change until the snapshot is cleared.
    while ((await blocker.query(waiting)).rowCount !== 3) await blocker.query('SELECT pg_stat_clear_snapshot()');
    proxy.cut();
    for (const response of await Promise.all(creating)) expect(outcome(response)).toBe(UNAVAILABLE.control);
  } finally {
    await blocker.end();
  }
  expect(outcome(await call(create))).toBe('ok');
});

describe('a database server that does not answer', () => {
  /** Gives up before the database connections time out. */
  const patient = () => AbortSignal.timeout(8000);
  const post = async (request: Partial<RawRequest>) => {
    const { path, headers, body } = await sign(url, clock, request);
    return fetch(`${url}${path}`, { method: 'POST', headers, body, signal: patient() });
  };

  test('does not keep data-plane calls waiting', async () => {
    const arn = await createKey();
    proxy.freeze();
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a made-up secret, never stored' };
    const unknown = mac(arn.replace(/key\/.*/, 'key/aaaaaaaaaaaaaaaa'));
    const answers = await Promise.all([post(unknown), post({ ...mac(arn), credentials })]);
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('x-amzn-errortype')).toBe('InternalServerException');
    }
    expect((await fetch(`${url}/readyz`, { signal: patient() })).status).toBe(503);
  });
});

test('a database that is read-only makes the service not ready', async () => {
  const name = new URL(store.env.DATABASE_URL).pathname.slice(1);
  const set = async (isReadOnly: boolean) => {
    const client = new pg.Client({ connectionString: store.env.DATABASE_URL });
    await client.connect();
    await client.query('BEGIN READ WRITE');
    await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
    await client.query('COMMIT');
    await client.end();
    // The setting of a database applies to new connections only.
    proxy.cut();
  };
  const arn = await createKey();
  await set(true);
  while ((await readiness()) !== 503) await pause(20);
  expect(outcome(await call(create))).toBe(UNAVAILABLE.control);
  expect(outcome(await call(mac(arn)))).toBe('ok');
  await set(false);
  while ((await readiness()) !== 200) await pause(20);
  expect(outcome(await call(create))).toBe('ok');
});
