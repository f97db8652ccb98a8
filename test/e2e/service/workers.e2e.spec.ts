import { readFileSync } from 'node:fs';
import { PaymentCryptographyClient, ListKeysCommand } from '@aws-sdk/client-payment-cryptography';
import { newStore, type TestStore } from '../../support/database.js';
import { type ServiceProcess, spawnService, until } from '../../support/process.js';
import { CREDENTIALS, REGION, serviceEnv } from '../../support/service.js';

let store: TestStore;
let service: ServiceProcess;
beforeEach(async () => {
  store = await newStore();
});
afterEach(async () => {
  service.child.kill('SIGKILL');
  await service.ended;
  await store.remove();
});

const start = (env: NodeJS.ProcessEnv = {}) => {
  service = spawnService({ ...serviceEnv(store), KEYBLOCK_WORKERS: '2', ...env });
  return service;
};

/** Lists keys over a new connection for each call, so that the workers take turns. */
const listKeys = async (endpoint: string, calls: number) => {
  for (let call = 0; call < calls; call++) {
    const client = new PaymentCryptographyClient({ region: REGION, endpoint, credentials: CREDENTIALS });
    await client.send(new ListKeysCommand({}));
    client.destroy();
  }
};

const children = () =>
  readFileSync(`/proc/${service.child.pid}/task/${service.child.pid}/children`, 'utf8').trim().split(' ').map(Number);

const counted = (metrics: string) =>
  Number(
    /^keyblock_requests_total\{service="payment-cryptography",operation="ListKeys",outcome="ok"\} (\d+)$/m.exec(
      metrics,
    )?.[1],
  );

test('workers share the port, and each worker serves the metrics of all', async () => {
  const url = await start().listening;
  expect(children()).toHaveLength(2);
  await listKeys(url, 6);
  const figures = [];
  for (let call = 0; call < 4; call++)
    figures.push(await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text());
  expect(figures.map(counted)).toEqual([6, 6, 6, 6]);
});

test('a crashed worker is replaced while the others serve', async () => {
  const url = await start().listening;
  const before = children();
  process.kill(before[0]!, 'SIGKILL');
  await until(() => !children().includes(before[0]!));
  await listKeys(url, 3);

  await until(() => children().length === 2);
  expect(children()).toEqual([before[1], expect.any(Number)]);
  await until(() => service.log().includes('a worker crashed'));
});

test('SIGTERM ends all workers', async () => {
  await start().listening;
  service.child.kill('SIGTERM');
  await expect(service.ended).resolves.toBe(0);
});

test('SIGTERM ends workers that are starting', async () => {
  start();
  await until(() => children().some(Boolean));
  service.child.kill('SIGTERM');
  await expect(service.ended).resolves.toBe(0);
  expect(service.output()).not.toContain('Ready');
});

test('an error that keeps workers from starting is reported once', async () => {
  const refused = start({ KEYBLOCK_MASTER_KEY: 'f'.repeat(64) });
  await refused.listening;
  refused.child.kill('SIGTERM');
  await refused.ended;

  const other = start({ KEYBLOCK_MASTER_KEY: 'e'.repeat(64) });
  await expect(other.ended).resolves.toBe(78);
  expect(other.output().match(/nothing was changed/g)).toHaveLength(1);
});
