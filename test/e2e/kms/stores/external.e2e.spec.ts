import { execFileSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
  CreateKeyCommand,
  DecryptCommand,
  DeleteCustomKeyStoreCommand,
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
  type UpdateCustomKeyStoreCommandInput,
} from '@aws-sdk/client-kms';
import pg from 'pg';
import { connectStore, describeStore, disconnectStore } from '../../../support/clusters.js';
import { newStore, type TestStore } from '../../../support/database.js';
import { kmsClient } from '../../../support/kms.js';
import { type ServiceProcess, spawnService } from '../../../support/process.js';
import { serviceEnv, startTestService, type TestService } from '../../../support/service.js';
import { newCredential, xksDone } from '../../../support/xks.js';

type Json = Record<string, unknown>;
/** The scripted proxy's answer to a call; undefined serves the call properly. */
type Answer = { status?: number; body: unknown } | 'silence' | 'another protocol' | undefined;
type Script = (call: string, body: Json) => Answer | Promise<Answer>;

const CREDENTIAL = { AccessKeyId: 'ABCDEFGHIJKLMNOPQRSTUVWX', RawSecretAccessKey: 'a'.repeat(43) };
const HEALTH = {
  xksProxyFleetSize: 1,
  xksProxyVendor: 'vendor',
  xksProxyModel: 'model',
  ekmVendor: 'vendor',
  ekmFleetDetails: [{ id: 'hsm-1', model: 'model', healthStatus: 'ACTIVE' }],
};
const METADATA = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' };
const KEY = randomBytes(32);

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
let proxy: { XksProxyUriPath: string; XksProxyAuthenticationCredential: typeof CREDENTIAL };
let xksKeyId: string;
let scripted: Server;
let port: number;
let script: Script;
const calls: { call: string; body: Json; authorization: string }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-external-'));
  const { key, cert } = selfSigned('trusted');

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

  scripted = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    void (async () => {
      const call = request.url!.slice(request.url!.lastIndexOf('/xks/v1/') + '/xks/v1/'.length);
      const body = (await json(request)) as Json;
      calls.push({ call, body, authorization: request.headers.authorization ?? '' });
      const answer = (await script(call, body)) ?? { body: properly(call, body) };
      if (answer === 'silence') return;
      if (answer === 'another protocol') {
        request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
        return;
      }
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    })();
  });
  await once(scripted.listen(0, '127.0.0.1'), 'listening');
  ({ port } = scripted.address() as AddressInfo);

  store = await newStore();
  const service = start({
    ...serviceEnv(store),
    NODE_EXTRA_CA_CERTS: cert,
    KEYBLOCK_XKS_ENDPOINTS: `localhost:${served.port},127.0.0.1:${port}`,
  });
  client = kmsClient({ url: await service.listening });
});
beforeEach(() => {
  script = () => undefined;
  calls.length = 0;
});
afterAll(async () => {
  for (const each of [client, keeperClient]) each.destroy();
  for (const { child, ended } of started) {
    child.kill('SIGKILL');
    await ended;
  }
  scripted.closeAllConnections();
  scripted.close();
  await keeper.stop();
  await store.remove();
  rmSync(folder, { recursive: true });
});

/** Makes a certificate for localhost. @returns the paths of its files */
function selfSigned(name: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, `${name}-key.pem`), join(folder, `${name}-cert.pem`)];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...names, ...files], {
    stdio: 'ignore',
  });
  return { key, cert };
}

/** Creates a key in the keeper and releases it. @returns its id */
async function released(): Promise<string> {
  const { KeyMetadata } = await keeperClient.send(new CreateKeyCommand({}));
  await xksDone(keeper, 'release', 'stores/orders', KeyMetadata!.KeyId!);
  return KeyMetadata!.KeyId!;
}

/** Answers of a proxy that has one key. */
function properly(call: string, body: Json): unknown {
  if (call === 'health') return HEALTH;
  if (call.endsWith('/metadata')) return METADATA;
  const bytes = (name: string) => Buffer.from((body[name] as string | undefined) ?? '', 'base64');
  if (call.endsWith('/decrypt')) {
    const decipher = createDecipheriv('aes-256-gcm', KEY, bytes('initializationVector'));
    decipher.setAAD(bytes('additionalAuthenticatedData')).setAuthTag(bytes('authenticationTag'));
    const plaintext = Buffer.concat([decipher.update(bytes('ciphertext')), decipher.final()]);
    return { plaintext: plaintext.toString('base64') };
  }
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', KEY, iv).setAAD(bytes('additionalAuthenticatedData'));
  const ciphertext = Buffer.concat([cipher.update(bytes('plaintext')), cipher.final()]);
  const metadata = Buffer.from('metadata');
  const parts = [bytes('additionalAuthenticatedData'), metadata, iv, ciphertext, cipher.getAuthTag()];
  return {
    ciphertext: ciphertext.toString('base64'),
    initializationVector: iv.toString('base64'),
    authenticationTag: cipher.getAuthTag().toString('base64'),
    ciphertextMetadata: metadata.toString('base64'),
    ciphertextDataIntegrityValue: createHash('sha256').update(Buffer.concat(parts)).digest('base64'),
  };
}

const create = (input: Partial<CreateCustomKeyStoreCommandInput> = {}) =>
  client.send(
    new CreateCustomKeyStoreCommand({
      CustomKeyStoreName: 'scripted',
      CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
      XksProxyConnectivity: 'PUBLIC_ENDPOINT',
      XksProxyUriEndpoint: 'https://127.0.0.1',
      XksProxyUriPath: '/kms/xks/v1',
      XksProxyAuthenticationCredential: CREDENTIAL,
      ...input,
    }),
  );
const createKey = (CustomKeyStoreId: string, XksKeyId: string) =>
  client.send(new CreateKeyCommand({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId, XksKeyId }));
const encrypt = async (KeyId: string, EncryptionContext?: Record<string, string>) =>
  (await client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('card data'), EncryptionContext })))
    .CiphertextBlob!;
const decrypt = async (CiphertextBlob: Uint8Array, EncryptionContext?: Record<string, string>) =>
  Buffer.from((await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).Plaintext!).toString();
const refused = (name: string) => expect.objectContaining({ name, message: expect.any(String) as string }) as Error;
const error = (errorName: string, status: number) => ({ status, body: { errorName, errorMessage: 'secret detail' } });

describe('an external key store whose proxy is another Keyblock', () => {
  let id: string;
  let keyArn: string;
  beforeAll(async () => {
    const endpoint = { XksProxyUriEndpoint: 'https://localhost', ...proxy };
    ({ CustomKeyStoreId: id = '' } = await create({ CustomKeyStoreName: 'keeper', ...endpoint }));
    expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
    const { KeyMetadata } = await createKey(id, xksKeyId);
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
    const { KeyMetadata } = await createKey(id, second);
    const blob = await encrypt(KeyMetadata!.Arn!);
    const stopped = () => expect(decrypt(blob)).rejects.toEqual(refused('KMSInvalidStateException'));
    await keeperClient.send(new DisableKeyCommand({ KeyId: second }));
    await stopped();
    await keeperClient.send(new EnableKeyCommand({ KeyId: second }));
    expect(await decrypt(blob)).toBe('card data');
    await xksDone(keeper, 'withdraw', 'stores/orders', second);
    await stopped();
    const { KeyMetadata: state } = await client.send(new DescribeKeyCommand({ KeyId: KeyMetadata!.Arn }));
    expect(state!.KeyState).toBe('Enabled');
  });

  test('uses each external key for one KMS key, and only usable ones', async () => {
    await expect(createKey(id, xksKeyId)).rejects.toEqual(refused('XksKeyAlreadyInUseException'));
    await expect(createKey(id, 'unknown')).rejects.toEqual(refused('XksKeyNotFoundException'));
    const disabled = await released();
    await keeperClient.send(new DisableKeyCommand({ KeyId: disabled }));
    await expect(createKey(id, disabled)).rejects.toEqual(refused('XksKeyInvalidConfigurationException'));
    const { KeyMetadata } = await keeperClient.send(new CreateKeyCommand({}));
    await xksDone(keeper, 'release', 'stores/orders', '--usage', 'DECRYPT', KeyMetadata!.KeyId!);
    await expect(createKey(id, KeyMetadata!.KeyId!)).rejects.toEqual(refused('XksKeyInvalidConfigurationException'));
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
    await expect(decrypt(blob)).rejects.toEqual(refused('KMSInvalidStateException'));
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

describe('an external key store', () => {
  test.each<[string, string, Partial<CreateCustomKeyStoreCommandInput>]>([
    [
      'a loopback address that is not listed',
      'XksProxyUriUnreachableException',
      { XksProxyUriEndpoint: 'https://127.0.0.2' },
    ],
    ['a private address', 'XksProxyUriUnreachableException', { XksProxyUriEndpoint: 'https://10.1.2.3' }],
    [
      'an address for instance metadata',
      'XksProxyUriUnreachableException',
      { XksProxyUriEndpoint: 'https://169.254.169.254' },
    ],
    [
      'a name that does not resolve',
      'XksProxyUriUnreachableException',
      { XksProxyUriEndpoint: 'https://nothing.invalid' },
    ],
    ['a host that no URL has', 'ValidationException', { XksProxyUriEndpoint: 'https://256.1.1.1' }],
    ['another version of the API', 'ValidationException', { XksProxyUriPath: '/kms/xks/v2' }],
    ['no credential', 'ValidationException', { XksProxyAuthenticationCredential: undefined }],
    ['no endpoint', 'ValidationException', { XksProxyUriEndpoint: undefined }],
    ['a password of a cluster', 'ValidationException', { KeyStorePassword: 'password' }],
    ['a port in its endpoint', 'ValidationException', { XksProxyUriEndpoint: 'https://127.0.0.1:8443' }],
    [
      'a VPC endpoint service',
      'XksProxyVpcEndpointServiceNotFoundException',
      {
        XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
        XksProxyVpcEndpointServiceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0',
      },
    ],
    [
      'the endpoint and path of another store',
      'XksProxyUriInUseException',
      { XksProxyUriEndpoint: 'https://localhost', XksProxyUriPath: '/stores/orders/kms/xks/v1' },
    ],
  ])('is refused with %s', async (_, name, input) => {
    await expect(create(input)).rejects.toEqual(refused(name));
    expect(calls).toEqual([]);
  });

  /** Faults of a proxy: its response, and the error that callers get. */
  const FAULTS: [fault: string, answer: Answer, create: string, createKey: string, connection: string][] = [
    [
      'ValidationException',
      error('ValidationException', 400),
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'InvalidStateException',
      error('InvalidStateException', 400),
      'XksProxyInvalidConfigurationException',
      'XksKeyInvalidConfigurationException',
      'XKS_PROXY_INVALID_CONFIGURATION',
    ],
    [
      'InvalidKeyUsageException',
      error('InvalidKeyUsageException', 400),
      'XksProxyInvalidResponseException',
      'XksKeyInvalidConfigurationException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'AuthenticationFailedException',
      error('AuthenticationFailedException', 401),
      'XksProxyIncorrectAuthenticationCredentialException',
      'CustomKeyStoreInvalidStateException',
      'INVALID_CREDENTIALS',
    ],
    [
      'AccessDeniedException',
      error('AccessDeniedException', 403),
      'XksProxyInvalidConfigurationException',
      'KMSInvalidStateException',
      'XKS_PROXY_ACCESS_DENIED',
    ],
    [
      'KeyNotFoundException',
      error('KeyNotFoundException', 404),
      'XksProxyInvalidResponseException',
      'XksKeyNotFoundException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'InvalidUriPathException',
      error('InvalidUriPathException', 404),
      'XksProxyInvalidConfigurationException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_CONFIGURATION',
    ],
    [
      'ThrottlingException',
      error('ThrottlingException', 429),
      'XksProxyUriUnreachableException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_NOT_REACHABLE',
    ],
    [
      'InternalException',
      error('InternalException', 500),
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'UnsupportedOperationException',
      error('UnsupportedOperationException', 501),
      'XksProxyInvalidResponseException',
      'XksProxyInvalidResponseException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'DependencyTimeoutException',
      error('DependencyTimeoutException', 503),
      'XksProxyUriUnreachableException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_TIMED_OUT',
    ],
    [
      'an error that no proxy has',
      error('OtherException', 400),
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'something that is not JSON',
      { body: '<html>' },
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'a redirect',
      { status: 302, body: {} },
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'too many bytes',
      { body: { padding: 'x'.repeat(70_000) } },
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'nothing',
      'silence',
      'XksProxyUriUnreachableException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_TIMED_OUT',
    ],
    [
      'an upgrade to another protocol',
      'another protocol',
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
  ];

  describe('whose proxy answers', () => {
    let id: string;
    let keyArn: string;
    let blob: Uint8Array;
    const change = (input: Partial<UpdateCustomKeyStoreCommandInput>) =>
      client.send(new UpdateCustomKeyStoreCommand({ CustomKeyStoreId: id, ...input }));
    beforeAll(async () => {
      script = () => undefined;
      ({ CustomKeyStoreId: id = '' } = await create());
      await connectStore(client, id);
      const { KeyMetadata } = await createKey(id, 'served');
      keyArn = KeyMetadata!.Arn!;
      blob = await encrypt(keyArn);
    });

    test.each(FAULTS)('%s, is refused and fails as AWS KMS’s do', async (_, answer, created, keyed, connection) => {
      script = () => answer;
      await expect(create({ CustomKeyStoreName: 'other', XksProxyUriPath: '/other/kms/xks/v1' })).rejects.toEqual(
        refused(created),
      );
      await expect(createKey(id, 'another')).rejects.toEqual(refused(keyed));
      await expect(encrypt(keyArn)).rejects.toEqual(refused('KMSInvalidStateException'));
      const failure: unknown = await decrypt(blob).catch((error: unknown) => error);
      expect(failure).toEqual(refused('KMSInvalidStateException'));
      expect((failure as Error).message).not.toContain('secret detail');
      await disconnectStore(client, id);
      expect(await connectStore(client, id)).toMatchObject({
        ConnectionState: 'FAILED',
        ConnectionErrorCode: connection,
      });
      await disconnectStore(client, id);
      script = () => undefined;
      expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test.each<[string, string, (name: 'trusted' | 'other') => void]>([
      [
        'under a certificate that nobody vouches for',
        'XKS_PROXY_INVALID_TLS_CONFIGURATION',
        (name) => {
          if (name === 'other') selfSigned(name);
          const [key, cert] = ['key', 'cert'].map((kind) => readFileSync(join(folder, `${name}-${kind}.pem`)));
          scripted.setSecureContext({ key, cert });
        },
      ],
      [
        'to no connection',
        'XKS_PROXY_NOT_REACHABLE',
        (name) => {
          if (name === 'other') scripted.close();
          else scripted.listen(port, '127.0.0.1');
        },
      ],
    ])('%s, fails to connect', async (_, ConnectionErrorCode, change) => {
      change('other');
      scripted.closeAllConnections();
      await expect(encrypt(keyArn)).rejects.toEqual(refused('KMSInvalidStateException'));
      await disconnectStore(client, id);
      expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'FAILED', ConnectionErrorCode });
      await disconnectStore(client, id);
      change('trusted');
      scripted.closeAllConnections();
      expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
      expect(await decrypt(await encrypt(keyArn))).toBe('card data');
    });

    test('the metadata of a key that it cannot use, refuses the key', async () => {
      for (const metadata of [
        { ...METADATA, keySpec: 'AES_128' },
        { ...METADATA, keyUsage: ['ENCRYPT'] },
        { ...METADATA, keyStatus: 'DISABLED' },
      ]) {
        script = (call) => (call.endsWith('/metadata') ? { body: metadata } : undefined);
        await expect(createKey(id, 'another')).rejects.toEqual(refused('XksKeyInvalidConfigurationException'));
      }
    });

    test('that every key manager is unavailable, is not reachable', async () => {
      const ekmFleetDetails = [{ ...HEALTH.ekmFleetDetails[0], healthStatus: 'UNAVAILABLE' }];
      script = () => ({ body: { ...HEALTH, ekmFleetDetails } });
      await expect(create({ CustomKeyStoreName: 'other', XksProxyUriPath: '/other/kms/xks/v1' })).rejects.toEqual(
        refused('XksProxyUriUnreachableException'),
      );
    });

    test.each<[string, (answer: Json) => void]>([
      [
        'another integrity value',
        (answer) => (answer['ciphertextDataIntegrityValue'] = Buffer.alloc(32).toString('base64')),
      ],
      ['no integrity value', (answer) => delete answer['ciphertextDataIntegrityValue']],
      ['a short tag', (answer) => (answer['authenticationTag'] = 'AAAA')],
      ['a long IV', (answer) => (answer['initializationVector'] = Buffer.alloc(17).toString('base64'))],
      ['long metadata', (answer) => (answer['ciphertextMetadata'] = Buffer.alloc(21).toString('base64'))],
      ['broken base64', (answer) => (answer['ciphertext'] = '***')],
    ])('with %s, is not trusted', async (_, change) => {
      script = (call, body) => {
        const answer = properly(call, body) as Json;
        if (call.endsWith('/encrypt')) change(answer);
        return { body: answer };
      };
      await expect(encrypt(keyArn)).rejects.toEqual(refused('KMSInvalidStateException'));
    });

    test('with an IV of 13 bytes, is not trusted although its integrity value is right', async () => {
      script = (call, body) => {
        const answer = properly(call, body) as Record<string, string>;
        answer['initializationVector'] = Buffer.alloc(13).toString('base64');
        const { ciphertextMetadata, initializationVector, ciphertext, authenticationTag } = answer;
        const integrity = createHash('sha256').update(body['additionalAuthenticatedData'] as string, 'base64');
        for (const part of [ciphertextMetadata, initializationVector, ciphertext, authenticationTag])
          integrity.update(part!, 'base64');
        return { body: { ...answer, ciphertextDataIntegrityValue: integrity.digest('base64') } };
      };
      await expect(encrypt(keyArn)).rejects.toEqual(refused('KMSInvalidStateException'));
    });

    test('with another plaintext, is not trusted', async () => {
      for (const plaintext of ['AAAA', Buffer.alloc(200, 1).toString('base64')]) {
        script = (call) => (call.endsWith('/decrypt') ? { body: { plaintext } } : undefined);
        await expect(decrypt(blob)).rejects.toEqual(refused('KMSInvalidStateException'));
      }
    });

    test('with what it got for another ciphertext, or a bit of it changed, is not trusted', async () => {
      const other = await encrypt(keyArn);
      const inner = calls[0]!.body['plaintext'] as string;
      script = (call) => (call.endsWith('/decrypt') ? { body: { plaintext: inner } } : undefined);
      expect(await decrypt(other)).toBe('card data');
      await expect(decrypt(blob)).rejects.toEqual(refused('KMSInvalidStateException'));
      const changed = Buffer.from(inner, 'base64');
      changed[changed.length - 1]! ^= 1;
      script = (call) => (call.endsWith('/decrypt') ? { body: { plaintext: changed.toString('base64') } } : undefined);
      await expect(decrypt(other)).rejects.toEqual(refused('KMSInvalidStateException'));
    });

    test('late, does not hold the lock of the store meanwhile', async () => {
      script = () => 'silence';
      const attempt = change({ XksProxyUriPath: '/late/kms/xks/v1' });
      const failure = expect(attempt).rejects.toEqual(refused('XksProxyUriUnreachableException'));
      while (calls.length === 0) await pause(10);
      const database = new pg.Client({ connectionString: store.env.DATABASE_URL });
      await database.connect();
      const { rowCount } = await database.query('SELECT 1 FROM kms_custom_key_stores WHERE id = $1 FOR UPDATE NOWAIT', [
        id,
      ]);
      await database.end();
      expect(rowCount).toBe(1);
      await failure;
    });

    test('while another call changes the store, has the first call refused', async () => {
      let second: Promise<unknown> | undefined;
      script = async () => {
        if (!second) {
          second = change({ XksProxyAuthenticationCredential: { ...CREDENTIAL, RawSecretAccessKey: 'b'.repeat(43) } });
          await second;
        }
        return undefined;
      };
      await expect(change({ XksProxyUriPath: '/first/kms/xks/v1' })).rejects.toEqual(
        refused('CustomKeyStoreInvalidStateException'),
      );
      expect((await describeStore(client, id)).XksProxyConfiguration).toMatchObject({ UriPath: '/kms/xks/v1' });
    });

    test('two calls at once, gives an external key to one of them', async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => createKey(id, 'wanted')));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toEqual(refused('XksKeyAlreadyInUseException'));
    });

    test('is not asked for keys whose names change the path', async () => {
      for (const name of ['.', '..']) await expect(createKey(id, name)).rejects.toEqual(refused('ValidationException'));
      expect(calls).toEqual([]);
    });

    test('never sees a plaintext, but learns who requests what', async () => {
      await decrypt(await encrypt(keyArn));
      const [encryption, decryption] = calls;
      expect(encryption).toMatchObject({
        call: 'keys/served/encrypt',
        body: {
          requestMetadata: {
            ...{ awsPrincipalArn: 'arn:aws:iam::000000000000:root', kmsKeyArn: keyArn, kmsOperation: 'Encrypt' },
            kmsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
          },
          ...{ encryptionAlgorithm: 'AES_GCM', ciphertextDataIntegrityValueAlgorithm: 'SHA_256' },
        },
        authorization: expect.stringMatching(
          /^AWS4-HMAC-SHA256 Credential=ABCDEFGHIJKLMNOPQRSTUVWX\/\d{8}\/us-east-1\/kms-xks-proxy\/aws4_request, /,
        ) as unknown,
      });
      expect(Buffer.from(encryption!.body['plaintext'] as string, 'base64').toString('latin1')).not.toContain(
        'card data',
      );
      expect(decryption).toMatchObject({ call: 'keys/served/decrypt', body: { ciphertextMetadata: 'bWV0YWRhdGE=' } });
    });
  });

  test('is deleted once it is disconnected and holds no key', async () => {
    const { CustomKeyStoreId = '' } = await create({
      CustomKeyStoreName: 'brief',
      XksProxyUriPath: '/brief/kms/xks/v1',
    });
    await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId }));
    await expect(describeStore(client, CustomKeyStoreId)).rejects.toEqual(refused('CustomKeyStoreNotFoundException'));
  });
});
