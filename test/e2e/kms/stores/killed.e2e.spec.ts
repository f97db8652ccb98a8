import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  type KMSClient,
  paginateListKeys,
} from '@aws-sdk/client-kms';
import pg from 'pg';
import { clustersFile, connectStore, createStore, newTrustAnchor } from '../../../support/clusters.js';
import { type DatabaseStore, newStore } from '../../../support/database.js';
import { kmsClient } from '../../../support/kms.js';
import { end, tokenProcessesOf, until, useProcesses } from '../../../support/process.js';
import { randomOf } from '../../../support/random.js';
import { serviceEnv } from '../../../support/service.js';
import { describeWithSoftHsm, newSoftHsm, type SoftHsm } from '../../../support/softhsm.js';

const CLUSTER = 'cluster-killed23456';
const ROUNDS = 8;
/** CreateKey calls at a time. */
const CALLERS = 6;

describeWithSoftHsm('CreateKey in a custom key store', () => {
  const start = useProcesses();
  const random = randomOf(17);
  const anchor = newTrustAnchor('main');
  let softHsm: SoftHsm;
  let folder: string;
  let store: DatabaseStore;
  let database: pg.Client;
  let env: NodeJS.ProcessEnv;
  let CustomKeyStoreId: string;
  /** ARNs of the keys whose creation was answered. */
  const acknowledged: string[] = [];

  beforeAll(async () => {
    softHsm = newSoftHsm();
    softHsm.init('main');
    folder = mkdtempSync(join(tmpdir(), 'keyblock-clusters-'));
    writeFileSync(join(folder, 'main.crt'), anchor);
    store = await newStore();
    database = new pg.Client({ connectionString: store.env.DATABASE_URL });
    await database.connect();
    const row = { clusterId: CLUSTER, tokenLabel: 'main', trustAnchorFile: 'main.crt' };
    env = {
      ...serviceEnv(store),
      ...softHsm.env,
      ...clustersFile(folder, [row]),
      KEYBLOCK_TOKEN_TIMEOUT_MS: '20000',
    };
  });
  afterAll(async () => {
    await database.end();
    await store.remove();
    softHsm.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * Creates keys one after another.
   * @param isOver true once the service has stopped or must stop, so that calls may fail
   */
  async function createKeys(kms: KMSClient, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId }));
        acknowledged.push(KeyMetadata!.Arn!);
      } catch (error) {
        // A token's process that was killed fails its calls. Connections of a killed service are reset or refused.
        if (!isOver())
          expect((error as Error).name).toMatch(/^(?:CustomKeyStoreInvalidStateException|Error|TimeoutError)$/);
      }
    }
  }

  const noted = async () => {
    const { rows } = await database.query<{ arn: string }>('SELECT key_arn AS arn FROM kms_token_key_removals');
    return rows.map(({ arn }) => arn);
  };

  /** Creates keys while the process of the token, and then the service, is killed at random points. */
  async function round(withToken: boolean): Promise<void> {
    const service = start(env);
    const kms = kmsClient({ url: await service.listening });
    let isOver = false;
    const calls = Array.from({ length: CALLERS }, () => createKeys(kms, () => isOver));
    const progress = async () => {
      const before = acknowledged.length;
      await until(() => acknowledged.length > before + 4 * random());
      await pause(100 * random());
    };
    for (let kill = 0; withToken && kill < 3; kill++) {
      await progress();
      for (const pid of tokenProcessesOf(service.child.pid!)) process.kill(pid, 'SIGKILL');
    }
    await progress();
    isOver = true;
    await end(service, 'SIGKILL');
    await Promise.all(calls);
    kms.destroy();
  }

  test('leaves no KMS key without its key on the token, and no key on the token without a note, when processes are killed', async () => {
    const first = start(env);
    const kms = kmsClient({ url: await first.listening });
    CustomKeyStoreId = await createStore(kms, {
      CustomKeyStoreName: 'main',
      CloudHsmClusterId: CLUSTER,
      TrustAnchorCertificate: anchor,
    });
    expect(await connectStore(kms, CustomKeyStoreId)).toMatchObject({ ConnectionState: 'CONNECTED' });
    await end(first, 'SIGTERM');
    kms.destroy();

    for (let i = 0; i < ROUNDS; i++) await round(i % 2 === 1);

    const service = start(env);
    const client = kmsClient({ url: await service.listening });
    const keys: string[] = [];
    for await (const { Keys } of paginateListKeys({ client }, {})) keys.push(...Keys!.map(({ KeyArn }) => KeyArn!));
    expect(keys).toEqual(expect.arrayContaining(acknowledged));
    for (const KeyId of keys) {
      const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('card data') }));
      const { Plaintext } = await client.send(new DecryptCommand({ CiphertextBlob }));
      expect(Buffer.from(Plaintext!).toString()).toBe('card data');
    }

    const left = await noted();
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((arn) => keys.includes(arn))).toEqual([]);
    const onToken = softHsm.keysOn('main');
    expect(onToken.filter((arn) => !keys.includes(arn) && !left.includes(arn))).toEqual([]);
    expect(onToken).toEqual(expect.arrayContaining(keys));

    // As if the time that a process has for CreateKey were over.
    await database.query('UPDATE kms_token_key_removals SET due_at = now()');
    await until(async () => (await noted()).length === 0);
    expect(softHsm.keysOn('main').sort()).toEqual([...keys].sort());
    client.destroy();
    await end(service, 'SIGTERM');
    const destroyed = service
      .log()
      .split('\n')
      .filter((line) => line.includes('"key on a token destroyed"'))
      .map((line) => JSON.parse(line) as { keyArn: string; destroyed: number });
    expect(destroyed.map(({ keyArn }) => keyArn).sort()).toEqual([...left].sort());
    const orphans = onToken.filter((arn) => !keys.includes(arn));
    expect(
      destroyed
        .filter((line) => line.destroyed === 1)
        .map(({ keyArn }) => keyArn)
        .sort(),
    ).toEqual(orphans.sort());
  });
});
