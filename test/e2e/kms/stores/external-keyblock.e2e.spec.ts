import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateRandomCommand,
  type KMSClient,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  UpdateCustomKeyStoreCommand,
} from '@aws-sdk/client-kms';
import { connectStore, describeStore, disconnectStore } from '../../../support/clusters.js';
import { newStore, type TestStore } from '../../../support/database.js';
import { createExternalKey, createExternalStore } from '../../../support/external-stores.js';
import { cardData, kmsClient, refused } from '../../../support/kms.js';
import { end, type ServiceProcess, spawnService, until } from '../../../support/process.js';
import { selfSigned } from '../../../support/self-signed.js';
import { serviceEnv, startTestService, type TestService } from '../../../support/service.js';
import { newCredential, xksDone } from '../../../support/xks.js';

const started: ServiceProcess[] = [];
function start(env: NodeJS.ProcessEnv): ServiceProcess {
  const service = spawnService(env);
  started.push(service);
  return service;
}
let folder: string;
/** The service that plays AWS KMS. */
let store: TestStore;
let client: KMSClient;
/** The service whose keys it uses: one node for administration, one that serves the proxy over TLS. */
let keeper: TestService;
let keeperClient: KMSClient;
let proxy: {
  XksProxyUriPath: string;
  XksProxyAuthenticationCredential: { AccessKeyId: string; RawSecretAccessKey: string };
};
let xksKeyId: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-external-'));
  const { key, cert } = selfSigned(folder);

  keeper = await startTestService();
  keeperClient = kmsClient(keeper);
  const tls = { KEYBLOCK_TLS_KEY_FILE: key, KEYBLOCK_TLS_CERT_FILE: cert };
  const served = new URL(await start({ ...serviceEnv(keeper.store), ...tls }).listening);
  const { path, credentials } = await newCredential(keeper, 'stores/orders');
  proxy = {
    XksProxyUriPath: path,
    XksProxyAuthenticationCredential: {
      AccessKeyId: credentials.accessKeyId,
      RawSecretAccessKey: credentials.secretAccessKey,
    },
  };
  xksKeyId = await released();

  store = await newStore();
  const endpoint = {
    NODE_EXTRA_CA_CERTS: cert,
    KEYBLOCK_XKS_ENDPOINTS: `localhost:${served.port}`,
    KEYBLOCK_XKS_TIMEOUT_MS: '20000',
  };
  client = kmsClient({ url: await start({ ...serviceEnv(store), ...endpoint }).listening });
});
afterAll(async () => {
  for (const each of [client, keeperClient]) each.destroy();
  for (const service of started) await end(service, 'SIGKILL');
  await keeper.stop();
  await store.remove();
  rmSync(folder, { recursive: true });
});

/** True if a call is refused so. The node that serves the proxy learns of a change on the other one within a second. */
async function isRefused(call: Promise<unknown>, name: string): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    expect(error).toEqual(refused(name));
    return true;
  }
}

/** Creates a key in the keeper and releases it. @returns its id */
async function released(): Promise<string> {
  const { KeyMetadata } = await keeperClient.send(new CreateKeyCommand({}));
  await xksDone(keeper, 'release', 'stores/orders', KeyMetadata!.KeyId!);
  return KeyMetadata!.KeyId!;
}

const { encrypt, decrypt } = cardData(() => client);

describe('an external key store whose proxy is another Keyblock', () => {
  let id: string;
  let keyArn: string;
  beforeAll(async () => {
    const endpoint = { XksProxyUriEndpoint: 'https://localhost', ...proxy };
    ({ CustomKeyStoreId: id = '' } = await createExternalStore(client, { CustomKeyStoreName: 'keeper', ...endpoint }));
    expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
    const { KeyMetadata } = await createExternalKey(client, id, xksKeyId);
    expect(KeyMetadata).toMatchObject({
      ...{ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: id, KeyState: 'Enabled' },
      XksKeyConfiguration: { Id: xksKeyId },
    });
    keyArn = KeyMetadata!.Arn!;
  });

  test('describes its proxy without the secret', async () => {
    expect(await describeStore(client, id)).toEqual({
      CustomKeyStoreId: id,
      CustomKeyStoreName: 'keeper',
      CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
      ConnectionState: 'CONNECTED',
      CreationDate: expect.any(Date) as Date,
      XksProxyConfiguration: {
        ...{ Connectivity: 'PUBLIC_ENDPOINT', UriEndpoint: 'https://localhost', UriPath: proxy.XksProxyUriPath },
        AccessKeyId: proxy.XksProxyAuthenticationCredential.AccessKeyId,
      },
    });
  });

  test('encrypts and decrypts, bound to the encryption context', async () => {
    const blob = await encrypt(keyArn, { card: '1' });
    expect(await decrypt(blob, { card: '1' })).toBe('card data');
    await expect(decrypt(blob, { card: '2' })).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
    const large = Buffer.alloc(4096, 9);
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: keyArn, Plaintext: large }));
    expect(Buffer.from((await client.send(new DecryptCommand({ CiphertextBlob }))).Plaintext!)).toEqual(large);
  });

  test('opens no ciphertext in which a byte was changed', async () => {
    const blob = Buffer.from(await encrypt(keyArn));
    for (let i = 0; i < blob.length; i += 3) {
      const changed = Buffer.from(blob);
      changed[i]! ^= 1;
      await expect(client.send(new DecryptCommand({ KeyId: keyArn, CiphertextBlob: changed }))).rejects.toMatchObject({
        name: expect.stringMatching(/^(?:InvalidCiphertext|IncorrectKey|KMSInvalidState)Exception$/) as unknown,
      });
    }
  });

  test('encrypts data keys, and ReEncrypt moves ciphertexts to and from it', async () => {
    const { Plaintext, CiphertextBlob } = await client.send(
      new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256' }),
    );
    expect((await client.send(new DecryptCommand({ CiphertextBlob }))).Plaintext).toEqual(Plaintext);
    const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
    const moved = await client.send(
      new ReEncryptCommand({ CiphertextBlob: await encrypt(keyArn), DestinationKeyId: KeyMetadata!.Arn! }),
    );
    expect(await decrypt(moved.CiphertextBlob!)).toBe('card data');
    const back = await client.send(
      new ReEncryptCommand({ CiphertextBlob: moved.CiphertextBlob, DestinationKeyId: keyArn }),
    );
    expect(await decrypt(back.CiphertextBlob!)).toBe('card data');
  });

  test('still decrypts after the external key was rotated', async () => {
    const blob = await encrypt(keyArn);
    await keeperClient.send(new RotateKeyOnDemandCommand({ KeyId: xksKeyId }));
    expect(await decrypt(blob)).toBe('card data');
    expect(await decrypt(await encrypt(keyArn))).toBe('card data');
  });

  test('stops when the key is disabled on the other side, and when its release is withdrawn', async () => {
    const second = await released();
    const { KeyMetadata } = await createExternalKey(client, id, second);
    const blob = await encrypt(KeyMetadata!.Arn!);
    await keeperClient.send(new DisableKeyCommand({ KeyId: second }));
    await until(() => isRefused(decrypt(blob), 'KMSInvalidStateException'));
    await keeperClient.send(new EnableKeyCommand({ KeyId: second }));
    await until(async () => !(await isRefused(decrypt(blob), 'KMSInvalidStateException')));
    await xksDone(keeper, 'withdraw', 'stores/orders', second);
    await until(() => isRefused(decrypt(blob), 'KMSInvalidStateException'));
    const { KeyMetadata: state } = await client.send(new DescribeKeyCommand({ KeyId: KeyMetadata!.Arn }));
    expect(state!.KeyState).toBe('Enabled');
  });

  test('uses each external key for one KMS key, and only usable ones', async () => {
    await expect(createExternalKey(client, id, xksKeyId)).rejects.toEqual(refused('XksKeyAlreadyInUseException'));
    await expect(createExternalKey(client, id, 'unknown')).rejects.toEqual(refused('XksKeyNotFoundException'));
    await until(async () => {
      const disabled = await released();
      await keeperClient.send(new DisableKeyCommand({ KeyId: disabled }));
      return isRefused(createExternalKey(client, id, disabled), 'XksKeyInvalidConfigurationException');
    });
    const { KeyMetadata } = await keeperClient.send(new CreateKeyCommand({}));
    await xksDone(keeper, 'release', 'stores/orders', '--usage', 'DECRYPT', KeyMetadata!.KeyId!);
    await expect(createExternalKey(client, id, KeyMetadata!.KeyId!)).rejects.toEqual(
      refused('XksKeyInvalidConfigurationException'),
    );
  });

  test('generates no random bytes', async () => {
    await expect(client.send(new GenerateRandomCommand({ CustomKeyStoreId: id, NumberOfBytes: 8 }))).rejects.toEqual(
      refused('UnsupportedOperationException'),
    );
  });

  test('stops when the credential is revoked, and continues with another while it is connected', async () => {
    const blob = await encrypt(keyArn);
    const next = await newCredential(keeper, 'stores/orders');
    await xksDone(keeper, 'revoke', proxy.XksProxyAuthenticationCredential.AccessKeyId, '--yes');
    await until(() => isRefused(decrypt(blob), 'KMSInvalidStateException'));
    const credential = {
      AccessKeyId: next.credentials.accessKeyId,
      RawSecretAccessKey: next.credentials.secretAccessKey,
    };
    await client.send(
      new UpdateCustomKeyStoreCommand({ CustomKeyStoreId: id, XksProxyAuthenticationCredential: credential }),
    );
    expect(await decrypt(blob)).toBe('card data');
    await disconnectStore(client, id);
    await expect(decrypt(blob)).rejects.toEqual(refused('KMSInvalidStateException'));
    expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
    expect(await decrypt(blob)).toBe('card data');
  });
});
