import { setTimeout as pause } from 'node:timers/promises';
import {
  ConnectCustomKeyStoreCommand,
  DeleteCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DisconnectCustomKeyStoreCommand,
  GenerateRandomCommand,
  type KMSClient,
  ScheduleKeyDeletionCommand,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { DataSource } from 'typeorm';
import { StoreConnections } from '../../../../src/kms/stores/store-connections.js';
import {
  clusterId,
  connectStore,
  createTokenKey,
  describeStore,
  disconnectStore,
  settledStore,
  useClusters,
} from '../../../support/clusters.js';
import { tamper } from '../../../support/database.js';
import { refused } from '../../../support/kms.js';
import { tokenProcessesOf, until } from '../../../support/process.js';
import { describeWithSoftHsm, PIN } from '../../../support/softhsm.js';

const ENV = { KEYBLOCK_TOKEN_TIMEOUT_MS: '20000' };

describeWithSoftHsm('AWS CloudHSM key stores', () => {
  const clusters = useClusters(
    () => ({
      main: {},
      spare: {},
      small: { hsms: 1 },
      idle: { state: 'INITIALIZED' },
      copy: { tokenLabel: 'nothing', trustAnchorFile: 'main.crt' },
      bare: { tokenLabel: 'small', trustAnchorFile: undefined },
    }),
    ENV,
  );
  let client: KMSClient;
  beforeAll(async () => {
    ({ client } = clusters);
    const id = await store('main');
    expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
  });
  const { store } = clusters;

  describe('are created', () => {
    test('disconnected, and described without their password', async () => {
      const created = await store('spare');
      expect(created).toMatch(/^cks-[0-9a-f]{17}$/);
      expect(await describeStore(client, created)).toEqual({
        CustomKeyStoreId: created,
        CustomKeyStoreName: 'spare',
        CustomKeyStoreType: 'AWS_CLOUDHSM',
        ConnectionState: 'DISCONNECTED',
        CreationDate: expect.any(Date) as Date,
        CloudHsmClusterId: clusterId('spare'),
        TrustAnchorCertificate: clusters.anchors.get('spare'),
      });
      const { CustomKeyStores } = await client.send(
        new DescribeCustomKeyStoresCommand({ CustomKeyStoreName: 'spare' }),
      );
      expect(CustomKeyStores).toHaveLength(1);
      expect(await store('spare')).toBe(created);
      const first = await client.send(new DescribeCustomKeyStoresCommand({ Limit: 1 }));
      expect(first).toMatchObject({ Truncated: true, CustomKeyStores: [expect.anything()] });
      const second = await client.send(new DescribeCustomKeyStoresCommand({ Limit: 1, Marker: first.NextMarker }));
      expect(second).toMatchObject({ Truncated: false, CustomKeyStores: [expect.anything()] });
      await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: created }));
      await expect(describeStore(client, created)).rejects.toEqual(refused('CustomKeyStoreNotFoundException'));
    });

    test.each([
      [
        'a name in use',
        'CustomKeyStoreNameInUseException',
        () => store('main', clusterId('spare'), { TrustAnchorCertificate: clusters.anchors.get('spare') }),
      ],
      [
        'a cluster in use',
        'CloudHsmClusterInUseException',
        () => store('main', clusterId('main'), { CustomKeyStoreName: 'again' }),
      ],
      [
        'the trust anchor of a cluster in use',
        'CloudHsmClusterInUseException',
        () => store('main', clusterId('copy'), { CustomKeyStoreName: 'copy' }),
      ],
      ['an unknown cluster', 'CloudHsmClusterNotFoundException', () => store('spare', clusterId('unknown'))],
      ['a cluster that is not active', 'CloudHsmClusterNotActiveException', () => store('idle')],
      ['a cluster with one HSM', 'CloudHsmClusterInvalidConfigurationException', () => store('small')],
      [
        'another trust anchor',
        'IncorrectTrustAnchorException',
        () => store('spare', clusterId('spare'), { TrustAnchorCertificate: clusters.anchors.get('main') }),
      ],
      [
        'no certificate',
        'IncorrectTrustAnchorException',
        () => store('spare', clusterId('spare'), { TrustAnchorCertificate: 'PEM' }),
      ],
      ['no password', 'ValidationException', () => store('spare', clusterId('spare'), { KeyStorePassword: undefined })],
      ['no cluster', 'ValidationException', () => store('spare', clusterId('spare'), { CloudHsmClusterId: undefined })],
      [
        'a member of external key stores',
        'ValidationException',
        () => store('spare', clusterId('spare'), { XksProxyUriPath: '/kms/xks/v1' }),
      ],
    ])('unless the request has %s', async (_, name, attempt) => {
      await expect(attempt()).rejects.toEqual(refused(name));
    });

    test('with one process that reads the certificates of a token, however many calls ask for them', async () => {
      const before = tokenProcessesOf(process.pid).length;
      const attempts = Array.from({ length: 30 }, (_, i) =>
        store('spare', clusterId('bare'), { CustomKeyStoreName: `bare ${i}` }),
      );
      let [most, isSettled] = [0, false];
      const settled = Promise.allSettled(attempts).finally(() => (isSettled = true));
      while (!isSettled) {
        most = Math.max(most, tokenProcessesOf(process.pid).length - before);
        await pause(5);
      }
      for (const outcome of await settled)
        expect(outcome).toMatchObject({ status: 'rejected', reason: refused('IncorrectTrustAnchorException') });
      // A call that arrives just after the first read has ended starts another.
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(2);
    });
  });

  describe('are connected', () => {
    let spare: string;
    beforeAll(async () => (spare = await store('spare')));
    afterAll(() => client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: spare })));
    afterEach(async () => {
      if ((await describeStore(client, spare)).ConnectionState !== 'DISCONNECTED') await disconnectStore(client, spare);
    });
    const invalid = refused('CustomKeyStoreInvalidStateException');
    const change = (input: object) =>
      client.send(new UpdateCustomKeyStoreCommand({ CustomKeyStoreId: spare, ...input }));
    const connect = () => client.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: spare }));
    const disconnect = () => client.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId: spare }));
    const remove = () => client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: spare }));

    test('and every operation respects the states', async () => {
      await expect(disconnect()).rejects.toEqual(invalid);
      await connect();
      await connect();
      expect(await settledStore(client, spare)).toMatchObject({ ConnectionState: 'CONNECTED' });
      await connect();
      expect(await describeStore(client, spare)).toMatchObject({ ConnectionState: 'CONNECTED' });
      await expect(remove()).rejects.toEqual(invalid);
      await expect(change({ KeyStorePassword: PIN })).rejects.toEqual(invalid);
      await expect(change({ CloudHsmClusterId: clusterId('spare') })).rejects.toEqual(invalid);
      await change({ NewCustomKeyStoreName: 'renamed' });
      await change({ NewCustomKeyStoreName: 'spare' });
      await expect(change({ NewCustomKeyStoreName: 'main' })).rejects.toEqual(
        refused('CustomKeyStoreNameInUseException'),
      );
      expect(await disconnectStore(client, spare)).toMatchObject({ ConnectionState: 'DISCONNECTED' });
    });

    test('but not with a wrong password, and after five tries not even with the right one', async () => {
      await change({ KeyStorePassword: 'wrong-password' });
      for (let i = 0; i < 5; i++) {
        expect(await connectStore(client, spare)).toMatchObject({
          ConnectionState: 'FAILED',
          ConnectionErrorCode: 'INVALID_CREDENTIALS',
        });
        if (i === 0) {
          await expect(connect()).rejects.toEqual(invalid);
          await expect(change({ KeyStorePassword: PIN })).rejects.toEqual(invalid);
          await expect(remove()).rejects.toEqual(invalid);
        }
        expect(await disconnectStore(client, spare)).not.toHaveProperty('ConnectionErrorCode');
      }
      expect(await connectStore(client, spare)).toMatchObject({ ConnectionErrorCode: 'USER_LOCKED_OUT' });
      await disconnectStore(client, spare);
      await change({ KeyStorePassword: PIN });
      expect(await connectStore(client, spare)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test('but not with a password that was modified in the database', async () => {
      const flipped = 'set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1)';
      await tamper(
        clusters.service.app.get(DataSource),
        `UPDATE kms_custom_key_stores SET sealed = ${flipped} WHERE id = $1`,
        [spare],
      );
      expect(await connectStore(client, spare)).toMatchObject({
        ConnectionState: 'FAILED',
        ConnectionErrorCode: 'INTERNAL_ERROR',
      });
      await disconnectStore(client, spare);
      await change({ KeyStorePassword: PIN });
      expect(await connectStore(client, spare)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test('but not because of an edit in the database', async () => {
      const write = (state: string) =>
        tamper(
          clusters.service.app.get(DataSource),
          `UPDATE kms_custom_key_stores SET connection_state = $1 WHERE id = $2`,
          [state, spare],
        );
      await write('CONNECTED');
      await expect(
        client.send(new GenerateRandomCommand({ CustomKeyStoreId: spare, NumberOfBytes: 8 })),
      ).rejects.toEqual(refused('KMSInternalException'));
      await write('DISCONNECTED');
      expect(await connectStore(client, spare)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test('and a call that came too late does not log in again', async () => {
      const connections = clusters.service.app.get(StoreConnections, { strict: false });
      const processes = () => tokenProcessesOf(process.pid).length;
      // The process of the other store; that of a closed token may take a moment to end.
      await until(() => processes() === 1);
      await connectStore(client, spare);
      await connections.token(spare);
      expect(processes()).toBe(2);
      await disconnectStore(client, spare);
      await expect(connections.token(spare)).rejects.toThrow('The custom key store is not connected.');
      await until(() => processes() === 1);
    });

    test('to another cluster with the same trust anchor only', async () => {
      await expect(change({ CloudHsmClusterId: clusterId('main') })).rejects.toEqual(
        refused('CloudHsmClusterNotRelatedException'),
      );
      await expect(change({ CloudHsmClusterId: clusterId('idle') })).rejects.toEqual(
        refused('CloudHsmClusterNotActiveException'),
      );
      await expect(change({ CloudHsmClusterId: clusterId('unknown') })).rejects.toEqual(
        refused('CloudHsmClusterNotFoundException'),
      );
      await change({ CloudHsmClusterId: clusterId('spare') });
      await expect(change({})).rejects.toEqual(refused('ValidationException'));
      await expect(change({ XksProxyUriPath: '/kms/xks/v1' })).rejects.toEqual(refused('ValidationException'));
    });

    test('and are not deleted while they hold keys', async () => {
      await connectStore(client, spare);
      const { KeyId } = await createTokenKey(client, spare);
      await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      await disconnectStore(client, spare);
      await expect(remove()).rejects.toEqual(refused('CustomKeyStoreHasCMKsException'));
      await connectStore(client, spare);
      await clusters.deleteDue();
      expect(clusters.softHsm.keysOn('spare')).toEqual([]);
    });
  });

  test('leave no password in the log, the audit log or the environment of a process', () => {
    expect(JSON.stringify(clusters.service.log)).not.toContain(PIN);
  });
});
