import {
  CreateKeyCommand,
  PaymentCryptographyClient,
  StartKeyUsageCommand,
  StopKeyUsageCommand,
} from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { DataSource } from 'typeorm';
import { newStore, type TestStore } from '../../test/support/database.js';
import { CREDENTIALS, REGION, startOn } from '../../test/support/service.js';
import type { Service } from '../service.js';
import { KeyCache } from '../payment/keys/key-cache.js';

/** Two nodes of one deployment, which needs a PostgreSQL server. */
describe('two nodes', () => {
  let store: TestStore;
  let nodes: [Service, Service];
  let control: PaymentCryptographyClient;
  let data: PaymentCryptographyData;
  let KeyIdentifier: string;

  beforeAll(async () => {
    store = await newStore();
    // They start at the same time, and one of them migrates.
    nodes = await Promise.all([startOn(store), startOn(store)]);
    control = new PaymentCryptographyClient({ region: REGION, endpoint: nodes[0].url, credentials: CREDENTIALS });
    data = new PaymentCryptographyData({ region: REGION, endpoint: nodes[1].url, credentials: CREDENTIALS });
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
    await store.remove();
  });

  const mac = () =>
    data
      .generateMac({ KeyIdentifier, MessageData: '00'.repeat(16), GenerationAttributes: { Algorithm: 'CMAC' } })
      .promise();
  const stop = () => control.send(new StopKeyUsageCommand({ KeyIdentifier }));
  const start = () => control.send(new StartKeyUsageCommand({ KeyIdentifier }));

  /** Resolves when the second node drops a key. */
  function notified(): Promise<string> {
    const cache = nodes[1].app.get(KeyCache);
    const forget = cache.forget.bind(cache);
    return new Promise((resolve) => {
      cache.forget = (arn) => {
        forget(arn);
        resolve(arn);
      };
    });
  }

  test('a key stopped on one is refused on the other as soon as it is notified', async () => {
    await mac();
    const dropped = notified();
    await stop();
    expect(await dropped).toBe(KeyIdentifier);
    await expect(mac()).rejects.toMatchObject({ code: 'ValidationException' });
    const again = notified();
    await start();
    await again;
    await mac();
  });

  test('a node whose connection is cut listens again, and clears its caches', async () => {
    await mac();
    const cache = nodes[1].app.get(KeyCache);
    const cleared = new Promise<void>((resolve) => {
      const clear = cache.clear.bind(cache);
      cache.clear = () => {
        clear();
        resolve();
      };
    });
    await nodes[0].app
      .get(DataSource)
      .query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyblock listener'`);
    await cleared;
    const dropped = notified();
    await stop();
    expect(await dropped).toBe(KeyIdentifier);
    await expect(mac()).rejects.toMatchObject({ code: 'ValidationException' });
  });
});
