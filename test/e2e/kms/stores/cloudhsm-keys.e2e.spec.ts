import { randomUUID } from 'node:crypto';
import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteCustomKeyStoreCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
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
} from '@aws-sdk/client-kms';
import { DataSource } from 'typeorm';
import { Token } from '../../../../src/hsm/token.js';
import { KmsDeletionWorker } from '../../../../src/kms/keys/kms-deletion.worker.js';
import { KmsTokenKeyRemoval } from '../../../../src/kms/stores/kms-token-key-removal.entity.js';
import { StoreConnections } from '../../../../src/kms/stores/store-connections.js';
import { TokenKeyRemovals } from '../../../../src/kms/stores/token-key-removals.js';
import { tokenKeyId } from '../../../../src/kms/stores/token-keys.js';
import { clusterId, connectStore, createTokenKey, disconnectStore, useClusters } from '../../../support/clusters.js';
import { cardData, refused } from '../../../support/kms.js';
import { describeWithSoftHsm, PIN, SOFTHSM } from '../../../support/softhsm.js';

const DAY_MS = 86_400_000;
const ENV = { KEYBLOCK_TOKEN_TIMEOUT_MS: '20000', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };

describeWithSoftHsm('AWS CloudHSM key stores', () => {
  const clusters = useClusters(() => ({ main: {}, spare: {} }), ENV);
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
  const stateOf = async (KeyId: string) => (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata!.KeyState;

  describe('hold keys', () => {
    test('that are generated on the token and cannot be read from it', async () => {
      const key = await newKey();
      expect(key).toMatchObject({
        ...{ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: id, CloudHsmClusterId: clusterId('main'), KeyState: 'Enabled' },
        ...{ KeySpec: 'SYMMETRIC_DEFAULT', MultiRegion: false },
      });
      expect(key).not.toHaveProperty('CurrentKeyMaterialId');
      expect(clusters.softHsm.keysOn('main')).toContain(key.Arn);
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

    test('that fail as their state says while the store is unreachable, and keep their switch', async () => {
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
      await clusters.deleteDue();
      expect(clusters.softHsm.keysOn('main')).not.toContain(deleted.Arn);
      await expect(stateOf(deleted.KeyId!)).rejects.toEqual(refused('NotFoundException'));
      expect(clusters.softHsm.keysOn('main')).toContain(kept.Arn);
      expect(clusters.service.log).toContainEqual(
        expect.objectContaining({ msg: 'key on a token destroyed', keyArn: deleted.Arn, destroyed: 1 }),
      );
    });

    test('that are refused by name if another process destroyed them on the token', async () => {
      const { KeyId = '', Arn = '' } = await newKey();
      await encrypt(KeyId);
      const token = await Token.open({
        address: { module: SOFTHSM, label: 'main' },
        pin: PIN,
        sessions: 1,
        timeoutMs: 20_000,
      });
      await token.run('destroyKey', { label: Arn, id: tokenKeyId(Arn) });
      await token.close();
      await expect(encrypt(KeyId)).rejects.toEqual(
        refused('KMSInvalidStateException', `The key material of ${Arn} is not in its CloudHSM cluster.`),
      );
    });
  });

  test('have their keys destroyed although more of a store that is unreachable are due', async () => {
    const spare = await store('spare');
    await connectStore(client, spare);
    // Its KMS key was never stored.
    const { KeyId, Arn: other = '' } = await newKey();
    const Arn = other.replace(KeyId!, randomUUID());
    const token = await clusters.service.app.get(StoreConnections, { strict: false }).token(id);
    await token.run('generateAesKey', { label: Arn, id: tokenKeyId(Arn) });
    await disconnectStore(client, spare);
    const { manager } = clusters.service.app.get(DataSource);
    const dueAt = new Date(Date.now() - DAY_MS);
    const noted = Array.from({ length: 120 }, (_, i) => ({
      ...{ keyArn: other.replace(KeyId!, randomUUID()), customKeyStoreId: spare },
      dueAt: new Date(dueAt.getTime() - i),
    }));
    await manager.insert(KmsTokenKeyRemoval, [...noted, { keyArn: Arn, customKeyStoreId: id, dueAt }]);
    await clusters.service.app.get(TokenKeyRemovals, { strict: false }).sweep(new Date());
    expect(clusters.softHsm.keysOn('main')).not.toContain(Arn);
    expect(await manager.countBy(KmsTokenKeyRemoval, { customKeyStoreId: spare })).toBe(120);
    await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: spare }));
  });

  test('keep the key of an existing KMS key, even if the database says that it is to be destroyed', async () => {
    const { Arn = '' } = await newKey();
    const { manager } = clusters.service.app.get(DataSource);
    await manager.insert(KmsTokenKeyRemoval, { keyArn: Arn, customKeyStoreId: id, dueAt: new Date(0) });
    await clusters.service.app.get(TokenKeyRemovals, { strict: false }).sweep(new Date());
    expect(clusters.softHsm.keysOn('main')).toContain(Arn);
    expect(await manager.existsBy(KmsTokenKeyRemoval, { keyArn: Arn })).toBe(false);
    expect(clusters.service.log).toContainEqual(
      expect.objectContaining({ keyArn: Arn, msg: 'key on a token not destroyed: its KMS key exists' }),
    );
  });

  test('that are deleted leave keys of deleted KMS keys on the token, and name them in the log', async () => {
    const spare = await store('spare');
    await connectStore(client, spare);
    const { KeyId, Arn } = await newKey(spare);
    await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    await disconnectStore(client, spare);
    await clusters.service.app.get(KmsDeletionWorker, { strict: false }).doDue(new Date(Date.now() + 8 * DAY_MS));
    await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: spare }));
    expect(clusters.softHsm.keysOn('spare')).toEqual([Arn]);
    expect(clusters.service.log).toContainEqual(
      expect.objectContaining({
        msg: 'key on a token left behind by its deleted store',
        keyArn: Arn,
        store: spare,
      }),
    );
  });

  test('leave no password in the log, the audit log or the environment of a process', () => {
    expect(JSON.stringify(clusters.service.log)).not.toContain(PIN);
  });
});
