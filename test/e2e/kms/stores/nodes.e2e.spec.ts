import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ConnectCustomKeyStoreCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EncryptCommand,
  type KMSClient,
  type KMSServiceException,
} from '@aws-sdk/client-kms';
import pg from 'pg';
import { MAX_STALE_MS } from '../../../../src/changes/change-epoch.js';
import {
  clustersFile,
  connectStore,
  createStore,
  describeStore,
  disconnectStore,
  newTrustAnchor,
  settledStore,
} from '../../../support/clusters.js';
import { type DatabaseStore, newStore } from '../../../support/database.js';
import { kmsClient } from '../../../support/kms.js';
import { cutListeners } from '../../../support/nodes.js';
import { end, type ServiceProcess, tokenProcessesOf, until, useProcesses } from '../../../support/process.js';
import { serviceEnv } from '../../../support/service.js';
import { compileShim, describeWithSoftHsm, newSoftHsm, type SoftHsm } from '../../../support/softhsm.js';

const CLUSTER = 'cluster-nodes234567';

describeWithSoftHsm('two nodes and a custom key store', () => {
  const start = useProcesses();
  const anchor = newTrustAnchor('main');
  let softHsm: SoftHsm;
  let folder: string;
  let orders: string;
  let store: DatabaseStore;
  let database: pg.Client;
  let env: NodeJS.ProcessEnv;
  let nodes: readonly [ServiceProcess, ServiceProcess];
  let clients: readonly [KMSClient, KMSClient];
  let id: string;

  beforeAll(() => {
    softHsm = newSoftHsm();
    softHsm.init('main');
    folder = mkdtempSync(join(tmpdir(), 'keyblock-clusters-'));
    writeFileSync(join(folder, 'main.crt'), anchor);
    orders = join(folder, 'orders');
  });
  beforeEach(async () => {
    writeFileSync(orders, '');
    store = await newStore();
    const row = { clusterId: CLUSTER, tokenLabel: 'main', trustAnchorFile: 'main.crt', module: compileShim(folder) };
    env = {
      ...serviceEnv(store),
      ...softHsm.env,
      SHIM_ORDERS: orders,
      ...clustersFile(folder, [row]),
      KEYBLOCK_TOKEN_TIMEOUT_MS: '20000',
    };
    database = new pg.Client({ connectionString: store.env.DATABASE_URL });
    await database.connect();
    nodes = [start(env), start(env)];
    const [one, two] = await Promise.all([nodes[0].listening, nodes[1].listening]);
    clients = [kmsClient({ url: one }), kmsClient({ url: two })];
    id = await createStore(clients[0], {
      CustomKeyStoreName: 'main',
      CloudHsmClusterId: CLUSTER,
      TrustAnchorCertificate: anchor,
    });
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    for (const node of nodes) await end(node, 'SIGKILL');
    await database.end();
    await store.remove();
  });
  afterAll(() => {
    softHsm.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const newKey = async (client: KMSClient) =>
    (await client.send(new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: id }))).KeyMetadata!.Arn!;
  const encrypt = async (client: KMSClient, KeyId: string) =>
    (await client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('card data') }))).CiphertextBlob!;
  const decrypt = async (client: KMSClient, CiphertextBlob: Uint8Array) =>
    Buffer.from((await client.send(new DecryptCommand({ CiphertextBlob }))).Plaintext!).toString();
  const stateOf = async (client: KMSClient, KeyId: string) =>
    (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata!.KeyState;

  test('a store that one node has connected serves on the other, and so do its keys', async () => {
    const [one, two] = clients;
    await connectStore(one, id);
    const keys = [await newKey(one), await newKey(two)];
    for (const key of keys) {
      expect(await decrypt(two, await encrypt(one, key))).toBe('card data');
      expect(await decrypt(one, await encrypt(two, key))).toBe('card data');
    }
    expect(nodes.map(({ child }) => tokenProcessesOf(child.pid!).length)).toEqual([1, 1]);
  });

  test.each([
    ['notified', false],
    ['not notified', true],
  ])(
    'a node that is %s of a disconnection refuses the keys within the bound, and leaves the token',
    async (_, deaf) => {
      const [one, two] = clients;
      await connectStore(one, id);
      const key = await newKey(one);
      const blob = await encrypt(two, key);
      const name = new URL(store.env.DATABASE_URL).pathname.slice(1);
      const allowConnections = (allowed: boolean) => elsewhere(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`);
      if (deaf) {
        await allowConnections(false);
        await cutListeners(database);
      }
      await again(() => one.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId: id })));
      await until(async () => (await again(() => describeStore(one, id))).ConnectionState === 'DISCONNECTED');
      await pause(MAX_STALE_MS);
      const refused = expect.objectContaining({
        name: 'KMSInvalidStateException',
        message: `${key} is unavailable.`,
      }) as Error;
      await expect(again(() => decrypt(two, blob))).rejects.toEqual(refused);
      await expect(again(() => encrypt(two, key))).rejects.toEqual(refused);
      expect(await again(() => stateOf(two, key))).toBe('Unavailable');
      if (deaf) await allowConnections(true);
      await until(() => nodes.every(({ child }) => tokenProcessesOf(child.pid!).length === 0));

      await connectStore(two, id);
      await pause(MAX_STALE_MS);
      expect(await decrypt(one, blob)).toBe('card data');
    },
  );

  test('a node that is killed while it connects a store leaves it to the other', async () => {
    writeFileSync(orders, 'slow');
    await clients[0].send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: id }));
    // Either node may have taken on the work.
    await until(() => nodes.some(({ child }) => tokenProcessesOf(child.pid!).length > 0));
    const taken = nodes.findIndex(({ child }) => tokenProcessesOf(child.pid!).length > 0);
    await end(nodes[taken]!, 'SIGKILL');
    writeFileSync(orders, '');
    const other = clients[1 - taken]!;
    expect((await describeStore(other, id)).ConnectionState).toBe('CONNECTING');
    const lease = await database.query<{ worked: Date }>('SELECT worked_on_until AS worked FROM kms_custom_key_stores');
    expect(lease.rows[0]!.worked.getTime()).toBeGreaterThan(Date.now());
    // Until then, another ConnectCustomKeyStore starts nothing.
    await other.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: id }));
    expect((await describeStore(other, id)).ConnectionState).toBe('CONNECTING');

    await database.query(`UPDATE kms_custom_key_stores SET worked_on_until = now() - interval '1 second'`);
    expect(await settledStore(other, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
    expect(await decrypt(other, await encrypt(other, await newKey(other)))).toBe('card data');
  });

  test('a store that a killed node was connecting can be disconnected at once', async () => {
    writeFileSync(orders, 'slow');
    await clients[0].send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: id }));
    await until(() => nodes.some(({ child }) => tokenProcessesOf(child.pid!).length > 0));
    const taken = nodes.findIndex(({ child }) => tokenProcessesOf(child.pid!).length > 0);
    await end(nodes[taken]!, 'SIGKILL');
    writeFileSync(orders, '');
    const other = clients[1 - taken]!;
    expect(await disconnectStore(other, id)).toMatchObject({ ConnectionState: 'DISCONNECTED' });
    expect(await connectStore(other, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
  });
});

/**
 * Retries a call. While connecting is forbidden, a node whose connections are all busy fails before it has done anything.
 */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (((error as KMSServiceException).$metadata.httpStatusCode ?? 0) < 500) throw error;
      await pause(5);
    }
  }
}

/** Runs SQL in a database to which connections are still allowed. */
async function elsewhere(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: process.env['TEST_SERVER_URL'] });
  await client.connect();
  await client.query(sql);
  await client.end();
}
