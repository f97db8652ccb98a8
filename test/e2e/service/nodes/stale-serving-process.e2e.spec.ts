import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '../../../../src/clock.js';
import { mac } from '../../../support/audit.js';
import { leaveTime } from '../../../support/calendar.js';
import { newStore, type DatabaseStore } from '../../../support/database.js';
import { DatabaseProxy } from '../../../support/database-proxy.js';
import { controlPlaneOf, createArn, end, until, useProcesses } from '../../../support/process.js';
import { serviceEnv, sign } from '../../../support/service.js';

const WORKERS = 2;
const clock = new Clock();
const start = useProcesses();

let store: DatabaseStore;
let proxy: DatabaseProxy;
beforeEach(async () => {
  await leaveTime('hour', 120);
  store = await newStore();
  proxy = new DatabaseProxy(store.env.DATABASE_URL);
  await proxy.open();
});
afterEach(async () => {
  await proxy.remove();
  await store.remove();
});

const environment = (more: NodeJS.ProcessEnv = {}) => ({
  ...serviceEnv(store),
  DATABASE_URL: proxy.url,
  KEYBLOCK_AUDIT: `file:${join(store.env.KEYBLOCK_DATA_DIR, 'audit')}`,
  KEYBLOCK_STALE_SECONDS: '900',
  ...more,
});

/** Returns the stale-serving events of each process, in their order: the name, or the reason for an end. */
function staleEvents(): string[][] {
  const folder = join(store.env.KEYBLOCK_DATA_DIR, 'audit');
  return readdirSync(folder)
    .map((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        // The last line may be being written.
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { eventName: string; serviceEventDetails?: { reason?: string } })
        .filter(({ eventName }) => eventName.startsWith('StaleServing'))
        .map(({ serviceEventDetails }) => serviceEventDetails?.reason ?? 'began'),
    )
    .filter((events) => events.length > 0);
}

/** Calls over a connection of its own, so that the workers take turns. @returns the status */
async function call(url: string, key: string): Promise<number> {
  const { path, headers, body } = await sign(url, clock, mac(key));
  const sent = { ...headers, connection: 'close' };
  return (await fetch(`${url}${path}`, { method: 'POST', headers: sent, body })).status;
}

/** Returns the statuses of calls that all workers have served. */
async function calls(url: string, key: string): Promise<number[]> {
  const statuses = new Set<number>();
  for (let i = 0; i < 4 * WORKERS; i++) statuses.add(await call(url, key));
  return [...statuses];
}

test('SIGUSR2 ends it in all workers, even in one that replaces another, until the next start', async () => {
  const service = start(environment({ KEYBLOCK_WORKERS: String(WORKERS) }));
  const url = await service.listening;
  const key = await createArn(controlPlaneOf(url));
  expect(await calls(url, key)).toEqual([200]);
  await proxy.close();
  await until(async () => {
    expect(await call(url, key)).toBe(200);
    return staleEvents().length === WORKERS;
  });
  expect(await calls(url, key)).toEqual([200]);

  service.child.kill('SIGUSR2');
  await until(() => staleEvents().every((events) => events.length === 2));
  expect(await calls(url, key)).toEqual([503]);
  expect(staleEvents()).toEqual(Array.from({ length: WORKERS }, () => ['began', 'operator']));

  // The database comes back and is lost again.
  await proxy.open();
  const { pid } = service.child;
  const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  await until(async () => (await calls(url, key)).every((status) => status === 200));
  const crashed = children()[0]!;
  process.kill(crashed, 'SIGKILL');
  await until(() => children().length === WORKERS && !children().includes(crashed));
  // The workers that got the signal, and the one that has just started.
  await until(() => service.log().match(/SIGUSR2: values/g)?.length === WORKERS + 1);
  expect(await calls(url, key)).toEqual([200]);
  await proxy.close();
  await until(async () => (await calls(url, key)).every((status) => status === 503));
  expect(staleEvents()).toHaveLength(WORKERS);
  expect(service.child.exitCode).toBeNull();
});

test('without the setting, an outage stops calls after a second, and SIGUSR2 does no harm', async () => {
  const service = start(environment({ KEYBLOCK_STALE_SECONDS: '' }));
  const url = await service.listening;
  const key = await createArn(controlPlaneOf(url));
  expect(await call(url, key)).toBe(200);
  service.child.kill('SIGUSR2');
  await until(() => service.log().includes('SIGUSR2: values'));
  expect(await call(url, key)).toBe(200);
  await proxy.close();
  await pause(1100);
  expect(await call(url, key)).toBe(503);
  expect(staleEvents()).toEqual([]);
});

test('a service that stops meanwhile says so in its events', async () => {
  const service = start(environment());
  const url = await service.listening;
  const key = await createArn(controlPlaneOf(url));
  expect(await call(url, key)).toBe(200);
  await proxy.close();
  await until(async () => (await call(url, key)) === 200 && staleEvents().length === 1);
  await end(service, 'SIGTERM');
  expect(staleEvents()).toEqual([['began', 'stopping']]);
});

test('is refused where calls are recorded in the table', async () => {
  const service = start(environment({ KEYBLOCK_AUDIT: 'table,stdout' }));
  await expect(service.listening).rejects.toThrow('KEYBLOCK_STALE_SECONDS must be 0 while KEYBLOCK_AUDIT has table');
});
