import { renameSync } from 'node:fs';
import {
  ConnectCustomKeyStoreCommand,
  CreateKeyCommand,
  DeleteCustomKeyStoreCommand,
  GenerateRandomCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { DataSource } from 'typeorm';
import { KmsCustomKeyStore } from '../../../../src/kms/stores/kms-custom-key-store.entity.js';
import type { Service } from '../../../../src/service.js';
import {
  connectStore,
  createTokenKey,
  describeStore,
  disconnectStore,
  settledStore,
  useClusters,
} from '../../../support/clusters.js';
import { cardData, kmsClient, refused } from '../../../support/kms.js';
import { until } from '../../../support/process.js';
import { startOn } from '../../../support/service.js';
import { compileShim, describeWithSoftHsm, PIN } from '../../../support/softhsm.js';

const ENV = { KEYBLOCK_TOKEN_TIMEOUT_MS: '20000' };

describeWithSoftHsm('AWS CloudHSM key stores', () => {
  const clusters = useClusters(
    (folder) => ({ main: {}, shim: { module: compileShim(folder) }, lone: { tokenSerial: '00' } }),
    ENV,
  );
  let client: KMSClient;
  let id: string;
  beforeAll(async () => {
    ({ client } = clusters);
    id = await store('main');
    expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
  });
  const { store } = clusters;
  const newKey = (CustomKeyStoreId = id) => createTokenKey(client, CustomKeyStoreId);
  const { encrypt, decrypt } = cardData(() => client);

  describe('whose module misbehaves', () => {
    let shim: string;
    beforeAll(async () => (shim = await store('shim')));
    afterEach(async () => {
      clusters.order('');
      if ((await describeStore(client, shim)).ConnectionState !== 'DISCONNECTED') await disconnectStore(client, shim);
    });

    test.each([
      ['logged-in', 'USER_LOGGED_IN'],
      ['locked', 'USER_LOCKED_OUT'],
      ['no-pin', 'USER_NOT_FOUND'],
      ['empty', 'INSUFFICIENT_CLOUDHSM_HSMS'],
      ['removed', 'NETWORK_ERRORS'],
      ['uninitialized', 'NETWORK_ERRORS'],
      ['memory', 'INTERNAL_ERROR'],
    ])('fail to connect with the code of the cause: %s', async (order, ConnectionErrorCode) => {
      clusters.order(order);
      expect(await connectStore(client, shim)).toMatchObject({ ConnectionState: 'FAILED', ConnectionErrorCode });
    });

    test('are not settled by a connection that another has replaced', async () => {
      clusters.order('slow');
      await client.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: shim }));
      await until(clusters.isSlow);
      // As if another node had disconnected and connected the store. The slow connection is yet to fail.
      const { manager } = clusters.service.app.get(DataSource);
      await manager.update(KmsCustomKeyStore, { id: shim }, { workedOnUntil: null });
      expect(await settledStore(client, shim)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test('fail to connect if no token has the serial number', async () => {
      const lone = await store('lone');
      expect(await connectStore(client, lone)).toMatchObject({ ConnectionErrorCode: 'CLUSTER_NOT_FOUND' });
      await disconnectStore(client, lone);
      await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: lone }));
    });

    describe('during calls', () => {
      /** A node that waits less for the token: calls on it may fail on a busy machine. */
      let impatient: Service;
      let there: KMSClient;
      beforeAll(async () => {
        const env = { ...clusters.env, KEYBLOCK_TOKEN_TIMEOUT_MS: '1000' };
        impatient = await startOn(clusters.service.store, env);
        there = kmsClient(impatient);
      });
      afterAll(async () => {
        there.destroy();
        await impatient.close();
      });
      const { decrypt } = cardData(() => there);

      test.each(['crash', 'abort', 'hang', 'removed'])(
        'by a %s answer 100 calls in flight correctly or with a fault, serve later ones, and leave the rest alone',
        async (order) => {
          await connectStore(client, shim);
          const { Arn = '' } = await newKey(shim);
          const blob = await encrypt(Arn);
          const isServed = () => until(async () => (await decrypt(blob).catch(() => '')) === 'card data');
          await isServed();
          const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
          const software = await encrypt(KeyMetadata!.Arn!);
          const calls = Array.from({ length: 100 }, () => decrypt(blob));
          const others = Array.from({ length: 20 }, () => decrypt(software));
          clusters.order(order);
          const later = Array.from({ length: 20 }, () => decrypt(blob));
          for (const outcome of await Promise.allSettled([...calls, ...later]))
            if (outcome.status === 'fulfilled') expect(outcome.value).toBe('card data');
            else
              expect(outcome.reason).toMatchObject({
                name: expect.stringMatching(/^KMS(?:InvalidState|Internal)Exception$/) as unknown,
              });
          expect(new Set(await Promise.all(others))).toEqual(new Set(['card data']));
          expect((await describeStore(client, shim)).ConnectionState).toBe('CONNECTED');
          clusters.order('');
          await isServed();
        },
      );
    });

    test('by responses of a wrong length do not make ciphertexts count as invalid', async () => {
      await connectStore(client, shim);
      const { Arn = '' } = await newKey(shim);
      const blob = await encrypt(Arn);
      clusters.order('short');
      for (const call of [() => encrypt(Arn), () => decrypt(blob)])
        await expect(call()).rejects.toEqual(refused('KMSInvalidStateException'));
      clusters.order('');
      expect(await decrypt(blob)).toBe('card data');
    });

    test('answer CreateKey and GenerateRandom with an exception of their models', async () => {
      await connectStore(client, shim);
      const unreachable = refused(
        'CustomKeyStoreInvalidStateException',
        'AWS KMS cannot communicate with the CloudHSM cluster.',
      );
      clusters.order('no-attributes');
      await expect(newKey(shim)).rejects.toEqual(unreachable);
      clusters.order('removed');
      const random = new GenerateRandomCommand({ NumberOfBytes: 16, CustomKeyStoreId: shim });
      await expect(client.send(random)).rejects.toEqual(unreachable);
    });

    test('recover when a token that vanished is back', async () => {
      const { KeyId = '' } = await newKey();
      const blob = await encrypt(KeyId);
      renameSync(clusters.softHsm.tokens, `${clusters.softHsm.tokens}-away`);
      await until(() =>
        decrypt(blob).then(
          () => false,
          () => true,
        ),
      );
      await expect(decrypt(blob)).rejects.toEqual(
        refused('KMSInvalidStateException', 'AWS KMS cannot communicate with the CloudHSM cluster.'),
      );
      renameSync(`${clusters.softHsm.tokens}-away`, clusters.softHsm.tokens);
      await until(async () => (await decrypt(blob).catch(() => '')) === 'card data');
    });
  });

  test('leave no password in the log, the audit log or the environment of a process', () => {
    expect(JSON.stringify(clusters.service.log)).not.toContain(PIN);
  });
});
