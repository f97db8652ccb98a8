import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import {
  CreateCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
  CreateKeyCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { connectStore } from './clusters.js';
import { newStore, type TestStore } from './database.js';
import { cardData, kmsClient } from './kms.js';
import { ownPort } from './own-port.js';
import { end, type ServiceProcess, spawnService } from './process.js';
import { selfSigned } from './self-signed.js';
import { serviceEnv } from './service.js';

type Json = Record<string, unknown>;
/**
 * The scripted proxy's answer to a call: a response, bytes that needn't be HTTP, nothing, or the end of the connection.
 * Undefined serves the call properly.
 */
export type Answer = { status?: number; body: unknown } | { bytes: string } | 'silence' | 'end' | undefined;
type Script = (call: string, body: Json) => Answer | Promise<Answer>;

export const CREDENTIAL = { AccessKeyId: 'ABCDEFGHIJKLMNOPQRSTUVWX', RawSecretAccessKey: 'a'.repeat(43) };
/** Name and path of a second store behind the proxy. */
export const OTHER = { CustomKeyStoreName: 'other', XksProxyUriPath: '/other/kms/xks/v1' };
/** The response of a proxy to a health check. */
export const HEALTH = {
  xksProxyFleetSize: 1,
  xksProxyVendor: 'vendor',
  xksProxyModel: 'model',
  ekmVendor: 'vendor',
  ekmFleetDetails: [{ id: 'hsm-1', model: 'model', healthStatus: 'ACTIVE' }],
};
/** The metadata of a key that a store can use. */
export const METADATA = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' };
const KEY = randomBytes(32);

/** A proxy that answers as a test says, and a service that plays AWS KMS and may reach it. */
export interface ScriptedProxy {
  /** Serves every call properly at the start of each test. */
  script: Script;
  /** The calls of this test. */
  calls: { call: string; body: Json; authorization: string }[];
  server: Server;
  port: number;
  /** The folder of the server's certificate, which is called trusted. */
  folder: string;
  /** The store of the service. */
  store: TestStore;
  client: KMSClient;
  /** The key store behind the proxy, which is connected. */
  id: string;
  /** A key in that store. */
  keyArn: string;
  /** Ciphertext under that key. */
  blob: Uint8Array;
}

/**
 * Starts a proxy on 127.0.0.1 and a service with a key store behind it before the first test of a spec file, and stops
 * them after the last one.
 */
export function useScriptedProxy(): ScriptedProxy {
  const proxy = { calls: [] as ScriptedProxy['calls'] } as ScriptedProxy;
  let service: ServiceProcess;
  const reset = () => {
    proxy.script = () => undefined;
    proxy.calls.length = 0;
  };
  beforeAll(async () => {
    reset();
    proxy.folder = mkdtempSync(join(tmpdir(), 'keyblock-external-'));
    const { key, cert } = selfSigned(proxy.folder, 'trusted');
    proxy.server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      void (async () => {
        const call = request.url!.slice(request.url!.lastIndexOf('/xks/v1/') + '/xks/v1/'.length);
        const body = (await json(request)) as Json;
        proxy.calls.push({ call, body, authorization: request.headers.authorization ?? '' });
        const answer = (await proxy.script(call, body)) ?? { body: properly(call, body) };
        if (answer === 'silence') return;
        if (answer === 'end') {
          request.socket.destroy();
          return;
        }
        if ('bytes' in answer) {
          request.socket.write(answer.bytes);
          return;
        }
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
        response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      })();
    });
    // Tests close the server and open it again.
    proxy.port = await ownPort();
    await once(proxy.server.listen(proxy.port, '127.0.0.1'), 'listening');
    proxy.store = await newStore();
    service = spawnService({
      ...serviceEnv(proxy.store),
      NODE_EXTRA_CA_CERTS: cert,
      KEYBLOCK_XKS_ENDPOINTS: `127.0.0.1:${proxy.port}`,
    });
    proxy.client = kmsClient({ url: await service.listening });
    proxy.id = (await createExternalStore(proxy.client)).CustomKeyStoreId!;
    await connectStore(proxy.client, proxy.id);
    const { KeyMetadata } = await createExternalKey(proxy.client, proxy.id, 'served');
    proxy.keyArn = KeyMetadata!.Arn!;
    proxy.blob = await cardData(() => proxy.client).encrypt(proxy.keyArn);
  });
  beforeEach(reset);
  afterAll(async () => {
    proxy.client.destroy();
    await end(service, 'SIGKILL');
    proxy.server.closeAllConnections();
    proxy.server.close();
    await proxy.store.remove();
    rmSync(proxy.folder, { recursive: true });
  });
  return proxy;
}

/** The response of a proxy that has one key. */
export function properly(call: string, body: Json): unknown {
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

/** Creates an external key store, by default behind the scripted proxy. */
export const createExternalStore = (client: KMSClient, input: Partial<CreateCustomKeyStoreCommandInput> = {}) =>
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

export const createExternalKey = (client: KMSClient, CustomKeyStoreId: string, XksKeyId: string) =>
  client.send(new CreateKeyCommand({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId, XksKeyId }));
