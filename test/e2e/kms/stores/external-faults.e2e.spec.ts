import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { KMSClient } from '@aws-sdk/client-kms';
import { connectStore, disconnectStore } from '../../../support/clusters.js';
import {
  type Answer,
  createExternalKey,
  createExternalStore,
  HEALTH,
  METADATA,
  OTHER,
  useScriptedProxy,
} from '../../../support/external-stores.js';
import { startFullListener } from '../../../support/full-listener.js';
import { cardData, refused } from '../../../support/kms.js';
import { selfSigned } from '../../../support/self-signed.js';

const proxy = useScriptedProxy();
let client: KMSClient;
let id: string;
let keyArn: string;
let blob: Uint8Array;
beforeAll(() => {
  ({ client, id, keyArn, blob } = proxy);
});
const { encrypt, decrypt } = cardData(() => client);
const error = (errorName: string, status: number) => ({ status, body: { errorName, errorMessage: 'secret detail' } });

describe('an external key store', () => {
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
      { bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n' },
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'a protocol that is not HTTP',
      { bytes: 'SSH-2.0-OpenSSH\r\n' },
      'XksProxyInvalidResponseException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_INVALID_RESPONSE',
    ],
    [
      'the end of the connection',
      'end',
      'XksProxyUriUnreachableException',
      'CustomKeyStoreInvalidStateException',
      'XKS_PROXY_NOT_REACHABLE',
    ],
  ];

  describe('whose proxy answers', () => {
    test.each(FAULTS)('%s, is refused and fails as AWS KMS’s do', async (_, answer, created, keyed, connection) => {
      proxy.script = () => answer;
      await expect(createExternalStore(client, OTHER)).rejects.toEqual(refused(created));
      await expect(createExternalKey(client, id, 'another')).rejects.toEqual(refused(keyed));
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
      proxy.script = () => undefined;
      expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test.each<[string, string, (name: 'trusted' | 'other') => void]>([
      [
        'under a certificate that nobody vouches for',
        'XKS_PROXY_INVALID_TLS_CONFIGURATION',
        (name) => {
          if (name === 'other') selfSigned(proxy.folder, name);
          const [key, cert] = ['key', 'cert'].map((kind) => readFileSync(join(proxy.folder, `${name}-${kind}.pem`)));
          proxy.server.setSecureContext({ key, cert });
        },
      ],
      [
        'to no connection',
        'XKS_PROXY_NOT_REACHABLE',
        (name) => {
          if (name === 'other') proxy.server.close();
          else proxy.server.listen(proxy.port, '127.0.0.1');
        },
      ],
    ])('%s, fails to connect', async (_, ConnectionErrorCode, change) => {
      change('other');
      proxy.server.closeAllConnections();
      await expect(encrypt(keyArn)).rejects.toEqual(refused('KMSInvalidStateException'));
      await disconnectStore(client, id);
      expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'FAILED', ConnectionErrorCode });
      await disconnectStore(client, id);
      change('trusted');
      proxy.server.closeAllConnections();
      expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
      expect(await decrypt(await encrypt(keyArn))).toBe('card data');
    });

    test('to no attempt to connect, is not reachable', async () => {
      proxy.server.close();
      proxy.server.closeAllConnections();
      const end = await startFullListener(proxy.port);
      await disconnectStore(client, id);
      const { ConnectionErrorCode } = await connectStore(client, id);
      await end();
      expect(ConnectionErrorCode).toBe('XKS_PROXY_NOT_REACHABLE');
      await disconnectStore(client, id);
      await once(proxy.server.listen(proxy.port, '127.0.0.1'), 'listening');
      expect(await connectStore(client, id)).toMatchObject({ ConnectionState: 'CONNECTED' });
    });

    test('the metadata of a key that it cannot use, refuses the key', async () => {
      for (const metadata of [
        { ...METADATA, keySpec: 'AES_128' },
        { ...METADATA, keyUsage: ['ENCRYPT'] },
        { ...METADATA, keyStatus: 'DISABLED' },
      ]) {
        proxy.script = (call) => (call.endsWith('/metadata') ? { body: metadata } : undefined);
        await expect(createExternalKey(client, id, 'another')).rejects.toEqual(
          refused('XksKeyInvalidConfigurationException'),
        );
      }
    });

    test('by closing a connection that was in use before, is called again on a new one', async () => {
      await encrypt(keyArn);
      proxy.calls.length = 0;
      proxy.script = () => (proxy.calls.length === 1 ? 'end' : undefined);
      expect(await decrypt(blob)).toBe('card data');
      const requestIds = proxy.calls.map(
        ({ body }) => (body['requestMetadata'] as Record<string, unknown>)['kmsRequestId'],
      );
      expect(requestIds).toEqual([expect.any(String), requestIds[0]]);
      proxy.calls.length = 0;
      proxy.script = () => 'end';
      await expect(decrypt(blob)).rejects.toEqual(refused('KMSInvalidStateException'));
      expect(proxy.calls).toHaveLength(2);
    });

    test('by keeping an unused connection open, has it closed by the service', async () => {
      proxy.server.closeAllConnections();
      proxy.server.keepAliveTimeout = 0;
      const connected = once(proxy.server, 'secureConnection') as Promise<[TLSSocket]>;
      await encrypt(keyArn);
      const [socket] = await connected;
      if (!socket.destroyed) await once(socket, 'close');
      await encrypt(keyArn);
    });

    test('that every key manager is unavailable, is not reachable', async () => {
      const ekmFleetDetails = [{ ...HEALTH.ekmFleetDetails[0], healthStatus: 'UNAVAILABLE' }];
      proxy.script = () => ({ body: { ...HEALTH, ekmFleetDetails } });
      await expect(createExternalStore(client, OTHER)).rejects.toEqual(refused('XksProxyUriUnreachableException'));
    });
  });
});
