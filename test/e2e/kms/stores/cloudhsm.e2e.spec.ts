import { randomUUID } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CancelKeyDeletionCommand,
  ConnectCustomKeyStoreCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisconnectCustomKeyStoreCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  GetParametersForImportCommand,
  type KMSClient,
  ListKeyRotationsCommand,
  ReEncryptCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { DataSource } from 'typeorm';
import { Token } from '../../../../src/hsm/token.js';
import { KmsCustomKeyStore } from '../../../../src/kms/stores/kms-custom-key-store.entity.js';
import { KmsTokenKeyRemoval } from '../../../../src/kms/stores/kms-token-key-removal.entity.js';
import { StoreConnections } from '../../../../src/kms/stores/store-connections.js';
import { KmsDeletionWorker } from '../../../../src/kms/keys/kms-deletion.worker.js';
import { tokenKeyId } from '../../../../src/kms/stores/token-keys.js';
import { TokenKeyRemovals } from '../../../../src/kms/stores/token-key-removals.js';
import {
  clustersFile,
  connectStore,
  createStore,
  describeStore,
  disconnectStore,
  newTrustAnchor,
  settledStore,
} from '../../../support/clusters.js';
import { tamper } from '../../../support/database.js';
import { kmsClient } from '../../../support/kms.js';
import { tokenProcessesOf } from '../../../support/process.js';
import { startTestService, type TestService } from '../../../support/service.js';
import { compileShim, describeWithSoftHsm, newSoftHsm, PIN, SOFTHSM, type SoftHsm } from '../../../support/softhsm.js';

const DAY_MS = 86_400_000;
const [MAIN, SPARE, SMALL, IDLE, SHIM, COPY, LONE, BARE] = [
  'cluster-main2345672',
  'cluster-spare234567',
  'cluster-small234567',
  'cluster-idle2345672',
  'cluster-shim2345672',
  'cluster-copy2345672',
  'cluster-lone2345672',
  'cluster-bare2345672',
] as const;

describeWithSoftHsm('AWS CloudHSM key stores', () => {
  const environment = { ...process.env };
  let softHsm: SoftHsm;
  let folder: string;
  let orders: string;
  let service: TestService;
  let client: KMSClient;
  const anchors = new Map<string, string>();
  let id: string;

  beforeAll(async () => {
    softHsm = newSoftHsm();
    folder = mkdtempSync(join(tmpdir(), 'keyblock-clusters-'));
    orders = join(folder, 'orders');
    writeFileSync(orders, '');
    Object.assign(process.env, softHsm.env, { SHIM_ORDERS: orders });
    for (const label of ['main', 'spare', 'small', 'shim', 'lone']) softHsm.init(label);
    for (const name of ['main', 'spare', 'small', 'idle', 'shim', 'lone']) {
      anchors.set(name, newTrustAnchor(name));
      writeFileSync(join(folder, `${name}.crt`), anchors.get(name)!);
    }
    const row = (clusterId: string, name: string, others = {}) => ({
      ...{ clusterId, tokenLabel: name, trustAnchorFile: `${name}.crt` },
      ...others,
    });
    const setting = clustersFile(folder, [
      row(MAIN, 'main'),
      row(SPARE, 'spare'),
      row(SMALL, 'small', { hsms: 1 }),
      row(IDLE, 'idle', { state: 'INITIALIZED' }),
      row(SHIM, 'shim', { module: compileShim(folder) }),
      row(COPY, 'main', { tokenLabel: 'nothing' }),
      row(LONE, 'lone', { tokenLabel: 'lone', tokenSerial: '00' }),
      row(BARE, 'small', { trustAnchorFile: undefined }),
    ]);
    service = await startTestService({
      ...setting,
      KEYBLOCK_TOKEN_TIMEOUT_MS: '1000',
      KEYBLOCK_REGIONS: 'us-east-1,eu-west-1',
    });
    client = kmsClient(service);
    id = await store('main', MAIN);
    expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
  });
  afterAll(async () => {
    client.destroy();
    await service.stop();
    process.env = environment;
    softHsm.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const store = (name: string, CloudHsmClusterId: string, others = {}) =>
    createStore(client, {
      CustomKeyStoreName: name,
      CloudHsmClusterId,
      TrustAnchorCertificate: anchors.get(name),
      ...others,
    });
  const refused = (name: string, message: unknown = expect.any(String)) =>
    expect.objectContaining({ name, message }) as Error;
  const newKey = async (CustomKeyStoreId = id) => {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId }));
    return KeyMetadata!;
  };
  const encrypt = async (KeyId: string, EncryptionContext?: Record<string, string>) =>
    (await client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('card data'), EncryptionContext })))
      .CiphertextBlob!;
  const decrypt = async (CiphertextBlob: Uint8Array, EncryptionContext?: Record<string, string>) =>
    Buffer.from((await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).Plaintext!).toString();
  const stateOf = async (KeyId: string) => (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata!.KeyState;
  /** Runs the service's background work for the end of 7-day waiting periods. */
  const deleteDue = async () => {
    const later = new Date(Date.now() + 8 * DAY_MS);
    await service.app.get(KmsDeletionWorker, { strict: false }).doDue(later);
    await service.app.get(TokenKeyRemovals, { strict: false }).sweep(later);
  };
  /** The labels of the keys on a token, which another process reads. */
  const keysOn = async (label: string) => {
    const token = await Token.open({ address: { module: SOFTHSM, label }, pin: PIN, sessions: 1, timeoutMs: 5000 });
    try {
      return (await token.run('findKeys', {}, 'aes-gcm')).map((key) => key.label);
    } finally {
      await token.close();
    }
  };

  describe('hold keys', () => {
    test('that are generated on the token and cannot be read from it', async () => {
      const key = await newKey();
      expect(key).toMatchObject({
        ...{ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: id, CloudHsmClusterId: MAIN, KeyState: 'Enabled' },
        ...{ KeySpec: 'SYMMETRIC_DEFAULT', MultiRegion: false },
      });
      expect(key).not.toHaveProperty('CurrentKeyMaterialId');
      expect(await keysOn('main')).toContain(key.Arn);
    });

    test('that encrypt and decrypt, bound to the encryption context', async () => {
      const { Arn = '' } = await newKey();
      const blob = await encrypt(Arn, { card: '1' });
      expect(await decrypt(blob, { card: '1' })).toBe('card data');
      const others: (Record<string, string> | undefined)[] = [undefined, { card: '2' }, { card: '1', more: '' }];
      for (const context of others)
        await expect(decrypt(blob, context)).rejects.toEqual(refused('InvalidCiphertextException', expect.anything()));
      const large = Buffer.alloc(4096, 3);
      const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: Arn, Plaintext: large }));
      const { Plaintext, KeyId } = await client.send(new DecryptCommand({ CiphertextBlob }));
      expect([Buffer.from(Plaintext!), KeyId]).toEqual([large, Arn]);
    });

    test('whose ciphertexts open with no byte changed', async () => {
      const { Arn = '' } = await newKey();
      const blob = Buffer.from(await encrypt(Arn));
      for (let i = 0; i < blob.length; i++) {
        const changed = Buffer.from(blob);
        changed[i]! ^= 1;
        await expect(client.send(new DecryptCommand({ KeyId: Arn, CiphertextBlob: changed }))).rejects.toMatchObject({
          name: expect.stringMatching(/^(?:InvalidCiphertext|IncorrectKey)Exception$/) as unknown,
        });
      }
    });

    test('that encrypt data keys, whose bytes the token generates', async () => {
      const { Arn = '' } = await newKey();
      const { Plaintext, CiphertextBlob, KeyMaterialId } = await client.send(
        new GenerateDataKeyCommand({ KeyId: Arn, KeySpec: 'AES_256' }),
      );
      expect(KeyMaterialId).toBeUndefined();
      expect((await client.send(new DecryptCommand({ CiphertextBlob }))).Plaintext).toEqual(Plaintext);
      const without = await client.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId: Arn, NumberOfBytes: 24 }));
      const opened = await client.send(new DecryptCommand({ CiphertextBlob: without.CiphertextBlob }));
      expect(opened.Plaintext).toHaveLength(24);
      const random = await client.send(new GenerateRandomCommand({ CustomKeyStoreId: id, NumberOfBytes: 40 }));
      expect(random.Plaintext).toHaveLength(40);
    });

    test('to and from which ReEncrypt moves ciphertexts', async () => {
      const [{ Arn: onToken = '' }, { KeyMetadata }] = [await newKey(), await client.send(new CreateKeyCommand({}))];
      const software = KeyMetadata!.Arn!;
      const blob = await encrypt(software);
      const there = await client.send(new ReEncryptCommand({ CiphertextBlob: blob, DestinationKeyId: onToken }));
      expect(await decrypt(there.CiphertextBlob!)).toBe('card data');
      const back = await client.send(
        new ReEncryptCommand({ CiphertextBlob: there.CiphertextBlob, DestinationKeyId: software }),
      );
      expect(await decrypt(back.CiphertextBlob!)).toBe('card data');
    });

    test('that are not for other operations', async () => {
      const { KeyId } = await newKey();
      const unsupported = refused('UnsupportedOperationException', expect.anything());
      for (const command of [
        new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }),
        new EnableKeyRotationCommand({ KeyId }),
        new RotateKeyOnDemandCommand({ KeyId }),
        new ListKeyRotationsCommand({ KeyId }),
        new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1' }),
        new GetParametersForImportCommand({
          ...{ KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
        }),
      ])
        await expect(client.send(command as unknown as EncryptCommand)).rejects.toEqual(unsupported);
    });

    test('that are refused unless they are single-Region symmetric encryption keys', async () => {
      const inStore = { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: id } as const;
      for (const input of [
        { ...inStore, KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' },
        { ...inStore, KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
        { ...inStore, MultiRegion: true },
      ] as const)
        await expect(client.send(new CreateKeyCommand(input))).rejects.toEqual(
          refused('UnsupportedOperationException'),
        );
      for (const input of [
        { Origin: 'AWS_CLOUDHSM' },
        { CustomKeyStoreId: id },
        { Origin: 'EXTERNAL', CustomKeyStoreId: id },
        { ...inStore, XksKeyId: 'a' },
        { ...inStore, Origin: 'EXTERNAL_KEY_STORE', XksKeyId: 'a' },
      ] as const)
        await expect(client.send(new CreateKeyCommand(input))).rejects.toEqual(refused('ValidationException'));
      await expect(newKey('cks-00000000000000000')).rejects.toEqual(refused('CustomKeyStoreNotFoundException'));
    });

    test('that fail as their state says while the store is away, and keep their switch', async () => {
      const { KeyId = '', Arn = '' } = await newKey();
      const blob = await encrypt(KeyId);
      await disconnectStore(client, id);
      expect(await stateOf(KeyId)).toBe('Unavailable');
      for (const attempt of [() => encrypt(KeyId), () => decrypt(blob), () => newKey()])
        await expect(attempt()).rejects.toMatchObject({ name: expect.stringMatching(/InvalidState/) as unknown });
      await expect(encrypt(KeyId)).rejects.toEqual(refused('KMSInvalidStateException', `${Arn} is unavailable.`));
      await expect(client.send(new GenerateRandomCommand({ CustomKeyStoreId: id, NumberOfBytes: 8 }))).rejects.toEqual(
        refused('CustomKeyStoreInvalidStateException'),
      );
      await client.send(new DisableKeyCommand({ KeyId }));
      expect(await stateOf(KeyId)).toBe('Unavailable');
      await connectStore(client, id);
      expect(await stateOf(KeyId)).toBe('Disabled');
      await client.send(new EnableKeyCommand({ KeyId }));
      expect(await decrypt(blob)).toBe('card data');
    });

    test('whose keys on the token are destroyed with them', async () => {
      const [deleted, kept] = [await newKey(), await newKey()];
      await client.send(new ScheduleKeyDeletionCommand({ KeyId: kept.KeyId, PendingWindowInDays: 7 }));
      await client.send(new CancelKeyDeletionCommand({ KeyId: kept.KeyId }));
      await client.send(new ScheduleKeyDeletionCommand({ KeyId: deleted.KeyId, PendingWindowInDays: 7 }));
      expect(await stateOf(deleted.KeyId!)).toBe('PendingDeletion');
      await deleteDue();
      expect(await keysOn('main')).not.toContain(deleted.Arn);
      await expect(stateOf(deleted.KeyId!)).rejects.toEqual(refused('NotFoundException'));
      expect(await keysOn('main')).toContain(kept.Arn);
      expect(service.log).toContainEqual(
        expect.objectContaining({ msg: 'key on a token destroyed', keyArn: deleted.Arn, destroyed: 1 }),
      );
    });

    test('whose key on the token another process destroyed are refused by name', async () => {
      const { KeyId = '', Arn = '' } = await newKey();
      await encrypt(KeyId);
      const token = await Token.open({
        address: { module: SOFTHSM, label: 'main' },
        pin: PIN,
        sessions: 1,
        timeoutMs: 5000,
      });
      await token.run('destroyKey', { label: Arn, id: tokenKeyId(Arn) });
      await token.close();
      await expect(encrypt(KeyId)).rejects.toEqual(
        refused('KMSInvalidStateException', `The key material of ${Arn} is not in its CloudHSM cluster.`),
      );
    });
  });

  describe('are created', () => {
    test('disconnected, and described without their password', async () => {
      const created = await store('spare', SPARE);
      expect(created).toMatch(/^cks-[0-9a-f]{17}$/);
      expect(await describeStore(client, created)).toEqual({
        CustomKeyStoreId: created,
        CustomKeyStoreName: 'spare',
        CustomKeyStoreType: 'AWS_CLOUDHSM',
        ConnectionState: 'DISCONNECTED',
        CreationDate: expect.any(Date) as Date,
        CloudHsmClusterId: SPARE,
        TrustAnchorCertificate: anchors.get('spare'),
      });
      const { CustomKeyStores } = await client.send(
        new DescribeCustomKeyStoresCommand({ CustomKeyStoreName: 'spare' }),
      );
      expect(CustomKeyStores).toHaveLength(1);
      expect(await store('spare', SPARE)).toBe(created);
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
        () => store('main', SPARE, { TrustAnchorCertificate: anchors.get('spare') }),
      ],
      ['a cluster in use', 'CloudHsmClusterInUseException', () => store('main', MAIN, { CustomKeyStoreName: 'again' })],
      [
        'the trust anchor of a cluster in use',
        'CloudHsmClusterInUseException',
        () => store('main', COPY, { CustomKeyStoreName: 'copy' }),
      ],
      ['an unknown cluster', 'CloudHsmClusterNotFoundException', () => store('spare', 'cluster-unknown2345')],
      ['a cluster that is not active', 'CloudHsmClusterNotActiveException', () => store('idle', IDLE)],
      ['a cluster with one HSM', 'CloudHsmClusterInvalidConfigurationException', () => store('small', SMALL)],
      [
        'another trust anchor',
        'IncorrectTrustAnchorException',
        () => store('spare', SPARE, { TrustAnchorCertificate: anchors.get('main') }),
      ],
      [
        'no certificate',
        'IncorrectTrustAnchorException',
        () => store('spare', SPARE, { TrustAnchorCertificate: 'PEM' }),
      ],
      ['no password', 'ValidationException', () => store('spare', SPARE, { KeyStorePassword: undefined })],
      ['no cluster', 'ValidationException', () => store('spare', SPARE, { CloudHsmClusterId: undefined })],
      [
        'a member of external key stores',
        'ValidationException',
        () => store('spare', SPARE, { XksProxyUriPath: '/kms/xks/v1' }),
      ],
    ])('unless the request has %s', async (_, name, attempt) => {
      await expect(attempt()).rejects.toEqual(refused(name));
    });

    test('with one process that reads the certificates of a token, however many calls ask for them', async () => {
      const before = tokenProcessesOf(process.pid).length;
      const attempts = Array.from({ length: 30 }, (_, i) => store('spare', BARE, { CustomKeyStoreName: `bare ${i}` }));
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
    beforeAll(async () => (spare = await store('spare', SPARE)));
    afterAll(() => client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: spare })));
    afterEach(async () => {
      writeFileSync(orders, '');
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
      await expect(change({ CloudHsmClusterId: SPARE })).rejects.toEqual(invalid);
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
      await tamper(service.app.get(DataSource), `UPDATE kms_custom_key_stores SET sealed = ${flipped} WHERE id = $1`, [
        spare,
      ]);
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
        tamper(service.app.get(DataSource), `UPDATE kms_custom_key_stores SET connection_state = $1 WHERE id = $2`, [
          state,
          spare,
        ]);
      await write('CONNECTED');
      await expect(
        client.send(new GenerateRandomCommand({ CustomKeyStoreId: spare, NumberOfBytes: 8 })),
      ).rejects.toEqual(refused('KMSInternalException'));
      await write('DISCONNECTED');
      expect(await connectStore(client, spare)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test('and a call that came too late does not log in again', async () => {
      const connections = service.app.get(StoreConnections, { strict: false });
      await connectStore(client, spare);
      await connections.token(spare);
      const before = tokenProcessesOf(process.pid).length;
      await disconnectStore(client, spare);
      await expect(connections.token(spare)).rejects.toThrow('The custom key store is not connected.');
      expect(tokenProcessesOf(process.pid)).toHaveLength(before - 1);
    });

    test('to another cluster with the same trust anchor only', async () => {
      await expect(change({ CloudHsmClusterId: MAIN })).rejects.toEqual(refused('CloudHsmClusterNotRelatedException'));
      await expect(change({ CloudHsmClusterId: IDLE })).rejects.toEqual(refused('CloudHsmClusterNotActiveException'));
      await expect(change({ CloudHsmClusterId: 'cluster-unknown2345' })).rejects.toEqual(
        refused('CloudHsmClusterNotFoundException'),
      );
      await change({ CloudHsmClusterId: SPARE });
      await expect(change({})).rejects.toEqual(refused('ValidationException'));
      await expect(change({ XksProxyUriPath: '/kms/xks/v1' })).rejects.toEqual(refused('ValidationException'));
    });

    test('and are not deleted while they hold keys', async () => {
      await connectStore(client, spare);
      const { KeyId } = await newKey(spare);
      await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      await disconnectStore(client, spare);
      await expect(remove()).rejects.toEqual(refused('CustomKeyStoreHasCMKsException'));
      await connectStore(client, spare);
      await deleteDue();
      expect(await keysOn('spare')).toEqual([]);
    });
  });

  describe('whose module misbehaves', () => {
    let shim: string;
    beforeAll(async () => (shim = await store('shim', SHIM)));
    afterEach(async () => {
      writeFileSync(orders, '');
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
      writeFileSync(orders, order);
      expect(await connectStore(client, shim)).toMatchObject({ ConnectionState: 'FAILED', ConnectionErrorCode });
    });

    test('are not settled by a connection that another has replaced', async () => {
      writeFileSync(orders, 'slow');
      await client.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: shim }));
      const { manager } = service.app.get(DataSource);
      const isWorkedOn = async () => (await manager.findOneByOrFail(KmsCustomKeyStore, { id: shim })).workedOnUntil;
      await until(async () => (await isWorkedOn()) !== null);
      // As if another node had disconnected and connected the store.
      await manager.update(KmsCustomKeyStore, { id: shim }, { workedOnUntil: null });
      writeFileSync(orders, '');
      expect(await settledStore(client, shim)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test('fail to connect if no token has the serial number', async () => {
      const lone = await store('lone', LONE);
      expect(await connectStore(client, lone)).toMatchObject({ ConnectionErrorCode: 'CLUSTER_NOT_FOUND' });
      await disconnectStore(client, lone);
      await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: lone }));
    });

    test.each(['crash', 'abort', 'hang', 'removed'])(
      'by a %s answer 100 calls in flight correctly or with a fault, serve later ones, and leave the rest alone',
      async (order) => {
        await connectStore(client, shim);
        const { Arn = '' } = await newKey(shim);
        const blob = await encrypt(Arn);
        const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
        const software = await encrypt(KeyMetadata!.Arn!);
        const calls = Array.from({ length: 100 }, () => decrypt(blob));
        const others = Array.from({ length: 20 }, () => decrypt(software));
        writeFileSync(orders, order);
        const later = Array.from({ length: 20 }, () => decrypt(blob));
        for (const outcome of await Promise.allSettled([...calls, ...later]))
          if (outcome.status === 'fulfilled') expect(outcome.value).toBe('card data');
          else
            expect(outcome.reason).toMatchObject({
              name: expect.stringMatching(/^KMS(?:InvalidState|Internal)Exception$/) as unknown,
            });
        expect(new Set(await Promise.all(others))).toEqual(new Set(['card data']));
        expect((await describeStore(client, shim)).ConnectionState).toBe('CONNECTED');
        writeFileSync(orders, '');
        await until(async () => (await decrypt(blob).catch(() => '')) === 'card data');
      },
    );

    test('recover when a token that vanished is back', async () => {
      const { KeyId = '' } = await newKey();
      const blob = await encrypt(KeyId);
      renameSync(softHsm.tokens, `${softHsm.tokens}-away`);
      await until(() =>
        decrypt(blob).then(
          () => false,
          () => true,
        ),
      );
      await expect(decrypt(blob)).rejects.toEqual(
        refused('KMSInvalidStateException', 'AWS KMS cannot communicate with the CloudHSM cluster.'),
      );
      renameSync(`${softHsm.tokens}-away`, softHsm.tokens);
      await until(async () => (await decrypt(blob).catch(() => '')) === 'card data');
    });
  });

  test('have their keys destroyed although more of a store that is away are due', async () => {
    const spare = await store('spare', SPARE);
    await connectStore(client, spare);
    // Its KMS key was never stored.
    const { KeyId, Arn: other = '' } = await newKey();
    const Arn = other.replace(KeyId!, randomUUID());
    const token = await service.app.get(StoreConnections, { strict: false }).token(id);
    await token.run('generateAesKey', { label: Arn, id: tokenKeyId(Arn) });
    await disconnectStore(client, spare);
    const { manager } = service.app.get(DataSource);
    const dueAt = new Date(Date.now() - DAY_MS);
    const noted = Array.from({ length: 120 }, (_, i) => ({
      ...{ keyArn: other.replace(KeyId!, randomUUID()), customKeyStoreId: spare },
      dueAt: new Date(dueAt.getTime() - i),
    }));
    await manager.insert(KmsTokenKeyRemoval, [...noted, { keyArn: Arn, customKeyStoreId: id, dueAt }]);
    await service.app.get(TokenKeyRemovals, { strict: false }).sweep(new Date());
    expect(await keysOn('main')).not.toContain(Arn);
    expect(await manager.countBy(KmsTokenKeyRemoval, { customKeyStoreId: spare })).toBe(120);
    await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: spare }));
  });

  test('keep the key of an existing KMS key, even if the database says that it is to be destroyed', async () => {
    const { Arn = '' } = await newKey();
    const { manager } = service.app.get(DataSource);
    await manager.insert(KmsTokenKeyRemoval, { keyArn: Arn, customKeyStoreId: id, dueAt: new Date(0) });
    await service.app.get(TokenKeyRemovals, { strict: false }).sweep(new Date());
    expect(await keysOn('main')).toContain(Arn);
    expect(await manager.existsBy(KmsTokenKeyRemoval, { keyArn: Arn })).toBe(false);
    expect(service.log).toContainEqual(
      expect.objectContaining({ keyArn: Arn, msg: 'key on a token not destroyed: its KMS key exists' }),
    );
  });

  test('that are deleted leave keys of deleted KMS keys on the token, and name them in the log', async () => {
    const spare = await store('spare', SPARE);
    await connectStore(client, spare);
    const { KeyId, Arn } = await newKey(spare);
    await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    await disconnectStore(client, spare);
    await service.app.get(KmsDeletionWorker, { strict: false }).doDue(new Date(Date.now() + 8 * DAY_MS));
    await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: spare }));
    expect(await keysOn('spare')).toEqual([Arn]);
    expect(service.log).toContainEqual(
      expect.objectContaining({
        msg: 'key on a token left behind by its deleted store',
        keyArn: Arn,
        store: spare,
      }),
    );
  });

  test('leave no password in the log, the audit log or the environment of a process', () => {
    expect(JSON.stringify(service.log)).not.toContain(PIN);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}
