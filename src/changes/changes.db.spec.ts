import { changeRows } from '../provider/changed-rows.js';
import { Key } from '../payment/keys/key.entity.js';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateKeyCommand,
  PaymentCryptographyClient,
  StartKeyUsageCommand,
  StopKeyUsageCommand,
} from '@aws-sdk/client-payment-cryptography';
import { jest } from '@jest/globals';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { DataSource } from 'typeorm';
import { type DatabaseStore, newStore } from '../../test/support/database.js';
import { type DeafProxy, startDeafProxy } from '../../test/support/deaf-proxy.js';
import { CREDENTIALS, REGION, startOn } from '../../test/support/service.js';
import { openLog } from '../logger.js';
import type { Service } from '../service.js';
import { KeyCache } from '../payment/keys/key-cache.js';
import { primaryOf } from '../database/primary.js';
import { MAX_STALE_MS } from './change-epoch.js';
import { Changes } from './changes.js';

const UNHEARD = /notification of this process to itself did not arrive/;

/** Three nodes of one deployment, of which the third receives no notifications, because its proxy drops them. */
describe('nodes', () => {
  let store: DatabaseStore;
  let proxy: DeafProxy;
  let nodes: Service[];
  const logs: string[][] = [[], [], []];
  let control: PaymentCryptographyClient;
  let data: PaymentCryptographyData[];
  let KeyIdentifier: string;

  beforeAll(async () => {
    store = await newStore();
    proxy = await startDeafProxy(store.env.DATABASE_URL);
    const start = (DATABASE_URL: string, log: string[]) =>
      startOn(store, { DATABASE_URL }, openLog('info', { write: (line) => log.push(line) }));
    // The nodes start at the same time, and one of them migrates.
    const urls = [store.env.DATABASE_URL, store.env.DATABASE_URL, proxy.url];
    nodes = await Promise.all(urls.map((url, i) => start(url, logs[i]!)));
    control = new PaymentCryptographyClient({ region: REGION, endpoint: nodes[0]!.url, credentials: CREDENTIALS });
    data = nodes.map(
      ({ url }) => new PaymentCryptographyData({ region: REGION, endpoint: url, credentials: CREDENTIALS }),
    );
    const { Key: key } = await control.send(
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
    KeyIdentifier = key!.KeyArn!;
  });
  afterAll(async () => {
    control.destroy();
    for (const node of nodes) await node.close();
    await proxy.close();
    await store.remove();
  });

  const mac = (node: number) =>
    data[node]!.generateMac({
      KeyIdentifier,
      MessageData: '00'.repeat(16),
      GenerationAttributes: { Algorithm: 'CMAC' },
    }).promise();
  const stop = () => control.send(new StopKeyUsageCommand({ KeyIdentifier }));
  const start = () => control.send(new StartKeyUsageCommand({ KeyIdentifier }));
  const cacheOf = (node: number) => nodes[node]!.app.get(KeyCache);

  /** Resolves when the cache of a node drops a key, or everything. */
  function dropped(node: number, method: 'forget' | 'clear' = 'forget'): Promise<string | undefined> {
    const cache = cacheOf(node);
    const original = cache[method].bind(cache) as (arn?: string) => void;
    return new Promise((resolve) => {
      cache[method] = (arn?: string) => {
        original(arn);
        resolve(arn);
      };
    });
  }

  /** Uses the key until the node has cached it; a read is not cached if something changes meanwhile. */
  async function untilKnown(node: number): Promise<void> {
    while (!cacheOf(node).known(KeyIdentifier)) await mac(node);
  }

  const cutListeners = () =>
    nodes[0]!.app.get(DataSource).query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'keyblock listener' AND datname = current_database()`,
    );

  async function until(done: () => boolean): Promise<void> {
    while (!done()) await pause(5);
  }

  test('a key that is stopped on one node is refused on another as soon as the notification arrives', async () => {
    await untilKnown(1);
    const notified = dropped(1);
    await stop();
    expect(await notified).toBe(KeyIdentifier);
    await expect(mac(1)).rejects.toMatchObject({ code: 'ValidationException' });
    const again = dropped(1);
    await start();
    await again;
    await mac(1);
  });

  test('a node whose connection is cut listens again, and keeps its cache', async () => {
    await untilKnown(1);
    const { value } = cacheOf(1).known(KeyIdentifier)!;
    const lost = () => logs[1]!.filter((line) => line.includes('listens for changes was lost')).length;
    const before = lost();
    await cutListeners();
    await until(() => lost() > before);
    await until(() => nodes[1]!.app.get(Changes).isListening);
    await until(() => cacheOf(1).known(KeyIdentifier) !== undefined);
    expect(cacheOf(1).known(KeyIdentifier)!.value).toBe(value);

    const notified = dropped(1);
    await stop();
    expect(await notified).toBe(KeyIdentifier);
    await expect(mac(1)).rejects.toMatchObject({ code: 'ValidationException' });
    await start();
  });

  test('a change made while a node does not listen takes effect within a second, and clears its cache', async () => {
    await untilKnown(1);
    const cleared = dropped(1, 'clear');
    const reconnect = jest.spyOn(primaryOf(nodes[1]!.app.get(DataSource)), 'connect').mockRejectedValue(new Error());
    await cutListeners();
    await until(() => !nodes[1]!.app.get(Changes).isListening);
    await stop();
    reconnect.mockRestore();
    const bound = performance.now() + MAX_STALE_MS;
    await cleared;
    await pause(bound - performance.now());
    await expect(mac(1)).rejects.toMatchObject({ code: 'ValidationException' });
    await start();
  });

  test('a node behind a proxy that drops notifications sees a change within a second', async () => {
    await untilKnown(2);
    const before = proxy.dropped();
    const cleared = dropped(2, 'clear');
    await stop();
    const bound = performance.now() + MAX_STALE_MS;
    await cleared;
    await pause(bound - performance.now());
    await expect(mac(2)).rejects.toMatchObject({ code: 'ValidationException' });
    expect(proxy.dropped()).toBeGreaterThan(before);
    await start();
  });

  test('a change by SQL that increments the change number takes effect within a second', async () => {
    await untilKnown(1);
    const database = nodes[0]!.app.get(DataSource);
    const set = (enabled: boolean) =>
      database.transaction(async (manager) => {
        await changeRows(manager, Key, { arn: KeyIdentifier }, { enabled });
        await manager.query('UPDATE change_epoch SET n = n + 1');
      });
    await set(false);
    await pause(MAX_STALE_MS);
    await expect(mac(1)).rejects.toMatchObject({ code: 'ValidationException' });
    await set(true);
  });

  test('a node warns if notifications do not reach it', async () => {
    await until(() => logs[2]!.some((line) => UNHEARD.test(line)));
  });

  test('calls that change nothing do not increment the change number', async () => {
    const database = nodes[0]!.app.get(DataSource);
    const number = async () => Number((await database.query<[{ n: string }]>('SELECT n FROM change_epoch'))[0].n);
    const before = await number();
    await expect(stop().then(stop)).resolves.toBeDefined();
    expect(await number()).toBe(before + 1);
    await expect(control.send(new StopKeyUsageCommand({ KeyIdentifier: `${KeyIdentifier}0` }))).rejects.toThrow();
    expect(await number()).toBe(before + 1);
    await start();
    expect(await number()).toBe(before + 2);
  });
});
