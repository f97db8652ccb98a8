import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CreateCustomKeyStoreCommandInput,
  DeleteCustomKeyStoreCommand,
  type KMSClient,
  UpdateCustomKeyStoreCommand,
  type UpdateCustomKeyStoreCommandInput,
} from '@aws-sdk/client-kms';
import pg from 'pg';
import { describeStore } from '../../../support/clusters.js';
import {
  createExternalKey,
  createExternalStore,
  CREDENTIAL,
  OTHER,
  properly,
  useScriptedProxy,
} from '../../../support/external-stores.js';
import { cardData, refused } from '../../../support/kms.js';

type Json = Record<string, unknown>;

const proxy = useScriptedProxy();
let client: KMSClient;
let id: string;
let keyArn: string;
let blob: Uint8Array;
beforeAll(() => {
  ({ client, id, keyArn, blob } = proxy);
});
const { encrypt, decrypt } = cardData(() => client);

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
    ['the endpoint and path of another store', 'XksProxyUriInUseException', { XksProxyUriPath: '/kms/xks/v1' }],
  ])('is refused with %s', async (_, name, input) => {
    await expect(createExternalStore(client, { ...OTHER, ...input })).rejects.toEqual(refused(name));
    expect(proxy.calls).toEqual([]);
  });

  describe('whose proxy answers', () => {
    const change = (input: Partial<UpdateCustomKeyStoreCommandInput>) =>
      client.send(new UpdateCustomKeyStoreCommand({ CustomKeyStoreId: id, ...input }));

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
      proxy.script = (call, body) => {
        const answer = properly(call, body) as Json;
        if (call.endsWith('/encrypt')) change(answer);
        return { body: answer };
      };
      await expect(encrypt(keyArn)).rejects.toEqual(refused('KMSInvalidStateException'));
    });

    test('with an IV of 13 bytes, is not trusted although its integrity value is right', async () => {
      proxy.script = (call, body) => {
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
        proxy.script = (call) => (call.endsWith('/decrypt') ? { body: { plaintext } } : undefined);
        await expect(decrypt(blob)).rejects.toEqual(refused('KMSInvalidStateException'));
      }
    });

    test('with what it got for another ciphertext, or a bit of it changed, is not trusted', async () => {
      const other = await encrypt(keyArn);
      const inner = proxy.calls[0]!.body['plaintext'] as string;
      proxy.script = (call) => (call.endsWith('/decrypt') ? { body: { plaintext: inner } } : undefined);
      expect(await decrypt(other)).toBe('card data');
      await expect(decrypt(blob)).rejects.toEqual(refused('KMSInvalidStateException'));
      const changed = Buffer.from(inner, 'base64');
      changed[changed.length - 1]! ^= 1;
      proxy.script = (call) =>
        call.endsWith('/decrypt') ? { body: { plaintext: changed.toString('base64') } } : undefined;
      await expect(decrypt(other)).rejects.toEqual(refused('KMSInvalidStateException'));
    });

    test('late, does not hold the lock of the store meanwhile', async () => {
      proxy.script = () => 'silence';
      const attempt = change({ XksProxyUriPath: '/late/kms/xks/v1' });
      const failure = expect(attempt).rejects.toEqual(refused('XksProxyUriUnreachableException'));
      while (proxy.calls.length === 0) await pause(10);
      const database = new pg.Client({ connectionString: proxy.store.env.DATABASE_URL });
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
      proxy.script = async () => {
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
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () => createExternalKey(client, id, 'wanted')),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toEqual(refused('XksKeyAlreadyInUseException'));
    });

    test('is not asked for keys whose names change the path', async () => {
      for (const name of ['.', '..'])
        await expect(createExternalKey(client, id, name)).rejects.toEqual(refused('ValidationException'));
      expect(proxy.calls).toEqual([]);
    });

    test('never sees a plaintext, but learns who requests what', async () => {
      await decrypt(await encrypt(keyArn));
      const [encryption, decryption] = proxy.calls;
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
    const { CustomKeyStoreId = '' } = await createExternalStore(client, {
      CustomKeyStoreName: 'brief',
      XksProxyUriPath: '/brief/kms/xks/v1',
    });
    await client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId }));
    await expect(describeStore(client, CustomKeyStoreId)).rejects.toEqual(refused('CustomKeyStoreNotFoundException'));
  });
});
