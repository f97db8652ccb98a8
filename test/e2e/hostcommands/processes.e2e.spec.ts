import { CreateAliasCommand, PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import { Clock } from '../../../src/clock.js';
import { newStore, type TestStore } from '../../support/database.js';
import { listener, payshieldFile } from '../../support/host-listeners.js';
import { createKeyOf } from '../../support/keys.js';
import { PayshieldClient } from '../../support/payshield-client.js';
import { type ServiceProcess, spawnService, until } from '../../support/process.js';
import { CREDENTIALS, REGION, send, serviceEnv } from '../../support/service.js';

/** Two processes on one database, of which the second has two workers. */
const LMKS = { '01': { scheme: 'keyblock', key: 'alias/host-lmk' } };
const processes: ServiceProcess[] = [];
const ports: number[] = [];
/** Port of the workers on which each of them takes one connection. */
let limitedPort: number;
let store: TestStore;

beforeAll(async () => {
  store = await newStore();
  for (const env of [{}, { KEYBLOCK_WORKERS: '2' }]) {
    const payshield = payshieldFile({ lmks: LMKS, listeners: [listener(), listener({ maxConnections: 1 })] });
    const started = spawnService({ ...serviceEnv(store), ...payshield, ...env });
    processes.push(started);
    await started.listening;
    await until(() => servedPorts(started).length === 2);
    const [port, limited] = servedPorts(started);
    ports.push(port!);
    limitedPort = limited!;
  }
  const url = await processes[0]!.listening;
  const controlPlane = new PaymentCryptographyClient({ region: REGION, endpoint: url, credentials: CREDENTIALS });
  const lmk = {
    usage: 'TR31_K0_KEY_ENCRYPTION_KEY',
    algorithm: 'AES_256',
    modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
  };
  const { arn: KeyArn } = await createKeyOf({ controlPlane }, lmk);
  await controlPlane.send(new CreateAliasCommand({ AliasName: 'alias/host-lmk', KeyArn }));
  controlPlane.destroy();
  const call = async (method: string, path: string, body: object) => {
    const { status } = await send(url, new Clock(), { method, path, body: JSON.stringify(body) });
    expect(status).toBe(200);
  };
  await call('POST', '/admin/users', { Name: 'switch' });
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  await call('PUT', '/admin/users/switch/policies/own', policy);
});
afterAll(async () => {
  for (const { child, ended } of processes) {
    child.kill('SIGKILL');
    await ended;
  }
  await store.remove();
});

test('a key block that one process issued opens in the workers of another', async () => {
  const issued = await ask(0, 'A00FFFS%01#D0T2B00E00');
  const [, block, checkValue] = /^A100(S.{96})([0-9A-F]{6})$/.exec(issued) ?? [];
  expect([block, checkValue]).toEqual([expect.any(String), expect.any(String)]);
  const encrypted = await ask(0, `M00011FFF${block}00100123456789ABCDEF`);
  expect(encrypted).toMatch(/^M1000010[0-9A-F]{16}$/);
  // Each connection goes to the next worker.
  for (let connection = 0; connection < 4; connection++)
    expect(await ask(1, `M20011FFF${block}0010${encrypted.slice(8)}`)).toBe('M30000100123456789ABCDEF');
});

test('a connection beyond the limit of every worker is closed', async () => {
  const clients: PayshieldClient[] = [];
  for (let connection = 0; connection < 4; connection++)
    clients.push(await PayshieldClient.connect({ port: limitedPort }));
  const [first, second, ...others] = clients;
  expect([await first!.ask('B20001A'), await second!.ask('B20001B')]).toEqual(['B300A', 'B300B']);
  for (const other of others) expect(await other.read()).toBeUndefined();
  for (const client of clients) client.close();
});

async function ask(place: number, command: string): Promise<string> {
  const client = await PayshieldClient.connect({ port: ports[place]! });
  const reply = await client.ask(command);
  client.close();
  return reply;
}

/** Returns the ports of the listeners that a process has logged, in the order of its file. Its workers share them. */
function servedPorts({ log }: ServiceProcess): number[] {
  const lines = log().matchAll(/"listener":"127\.0\.0\.1:(\d+)".*"host commands are served"/g);
  return [...new Set([...lines].map(([, port]) => Number(port)))];
}
