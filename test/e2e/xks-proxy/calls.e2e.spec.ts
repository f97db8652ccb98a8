import { createHash, randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { createKmsKey } from '../../support/kms.js';
import { until } from '../../support/process.js';
import {
  AAD,
  decryptBody,
  encryptBody,
  expectXksError,
  healthBody,
  newCredential,
  outputOf,
  PLAINTEXT,
  requestMetadata,
  sendXks,
  useXks,
  xksDone,
} from '../../support/xks.js';

const { service, set, call, release, encrypt, kms } = useXks({ KEYBLOCK_BODY_LIMIT_BYTES: '60000' });
let keyArn: string;
beforeAll(async () => {
  keyArn = await release('orders');
  await release('encrypt-only', ['--usage', 'ENCRYPT']);
  await release('decrypt-only', ['--usage', 'DECRYPT']);
});

const bytes = (length: number) => randomBytes(length).toString('base64');
const decode = (value: unknown) => Buffer.from(String(value), 'base64');
const flipped = (value: unknown, index = 0) => {
  const changed = decode(value);
  changed[index]! ^= 1;
  return changed.toString('base64');
};

describe('GetKeyMetadata', () => {
  const describeKey = (xksKeyId: string, body: object = { requestMetadata: requestMetadata('DescribeKey') }) =>
    call(`keys/${xksKeyId}/metadata`, body as Record<string, unknown>);

  test('describes a key, with and without the ARN of the key in AWS', async () => {
    const output = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' };
    expect(outputOf(await describeKey('orders'))).toEqual(output);
    const requestMetadata = { awsPrincipalArn: 'AWS Internal', kmsOperation: 'CreateKey', kmsRequestId: 'x' };
    expect(outputOf(await describeKey('orders', { requestMetadata }))).toEqual(output);
    expect(outputOf(await describeKey('encrypt-only'))).toMatchObject({ keyUsage: ['ENCRYPT'] });
    expect(outputOf(await describeKey('decrypt-only'))).toMatchObject({ keyUsage: ['DECRYPT'] });
  });

  test.each([
    ['no requestMetadata', {}],
    ['an empty requestMetadata', { requestMetadata: {} }],
    ['no kmsRequestId', { requestMetadata: requestMetadata('DescribeKey', { kmsRequestId: null }) }],
    ['no kmsOperation', { requestMetadata: requestMetadata('', { kmsOperation: undefined }) }],
    ['no awsPrincipalArn', { requestMetadata: requestMetadata('DescribeKey', { awsPrincipalArn: undefined }) }],
    ['an ARN of 2,049 characters', { requestMetadata: requestMetadata('X', { kmsKeyArn: 'a'.repeat(2049) }) }],
    ['a requestMetadata of another type', { requestMetadata: 'x' }],
  ])('is refused with %s', async (_, body) => {
    expectXksError(await describeKey('orders', body), 400, 'ValidationException');
  });

  test('is refused for a key that is not released, or by a name that no key can have', async () => {
    const { KeyId } = await createKmsKey(service);
    for (const name of ['missing', KeyId, 'ORDERS', 'orders.', 'a..b'])
      expectXksError(await describeKey(name), 404, 'KeyNotFoundException');
    expectXksError(await describeKey('or%20ders'), 400, 'ValidationException');
    for (const name of ['', 'a'.repeat(129)]) expectXksError(await describeKey(name), 400, 'ValidationException');
  });
});

describe('Encrypt', () => {
  test('returns a ciphertext of the length of the plaintext, and parts that are never the same', async () => {
    const [one, other] = [await encrypt('orders'), await encrypt('orders')];
    expect(Object.keys(one).sort()).toEqual([
      'authenticationTag',
      'ciphertext',
      'ciphertextMetadata',
      'initializationVector',
    ]);
    const lengths = Object.fromEntries(Object.entries(one).map(([name, value]) => [name, decode(value).length]));
    expect(lengths).toEqual({
      ciphertext: 12,
      initializationVector: 12,
      authenticationTag: 16,
      ciphertextMetadata: 15,
    });
    for (const name of Object.keys(one)) expect(one[name]).not.toBe(other[name]);
  });

  test.each([
    ['4,300 bytes, with 8,192 bytes of additional data and ARNs of 2,048 characters', 4300, 8192],
    ['8,192 bytes', 8192, 0],
    ['one byte', 1, 1],
  ])('accepts %s, and Decrypt returns it', async (_, length, aadLength) => {
    const [plaintext, additionalAuthenticatedData] = [bytes(length), bytes(aadLength)];
    const arn = 'a'.repeat(2048);
    const requestMetadataOf = (operation: string) =>
      requestMetadata(operation, {
        awsPrincipalArn: arn,
        kmsKeyArn: arn,
        awsSourceVpc: 'vpc-1',
        awsSourceVpce: 'vpce-1',
      });
    const metadata = { requestMetadata: requestMetadataOf('GenerateDataKey') };
    const sealed = await encrypt('orders', { ...metadata, plaintext, additionalAuthenticatedData });
    const opened = await call('keys/orders/decrypt', decryptBody(sealed, { ...metadata, additionalAuthenticatedData }));
    expect(outputOf(opened)).toEqual({ plaintext });
  });

  test.each([
    ['without additional data', {}, ''],
    ['with additional data', { additionalAuthenticatedData: AAD }, AAD],
  ])('returns the integrity value %s', async (_, members, aad) => {
    const sealed = await encrypt('orders', { ...members, ciphertextDataIntegrityValueAlgorithm: 'SHA_256' });
    const { ciphertextMetadata, initializationVector, ciphertext, authenticationTag } = sealed;
    const hash = createHash('sha256');
    for (const part of [aad, ciphertextMetadata, initializationVector, ciphertext, authenticationTag])
      hash.update(decode(part));
    expect(sealed['ciphertextDataIntegrityValue']).toBe(hash.digest('base64'));
    expect(outputOf(await call('keys/orders/decrypt', decryptBody(sealed, members)))).toEqual({ plaintext: PLAINTEXT });
  });

  test('ignores members that it does not know, and never refuses an operation', async () => {
    const unknown = { requestMetadata: requestMetadata('BulkEncrypt', { sourceIdentity: 'x' }), tags: [{ a: 1 }] };
    expect(await encrypt('orders', unknown)).toMatchObject({ ciphertext: expect.any(String) as unknown });
  });

  test.each<[string, object]>([
    ['no plaintext', { plaintext: undefined }],
    ['an empty plaintext', { plaintext: '' }],
    ['a plaintext that is not base64', { plaintext: 'SGVsbG8?' }],
    ['base64 without its padding', { plaintext: 'SGVsbG8gV29ybGQ' }],
    ['base64 for URLs', { plaintext: '-_-_' }],
    ['additional data that is not base64', { additionalAuthenticatedData: 'AA=' }],
    ['no algorithm', { encryptionAlgorithm: undefined }],
    ['another algorithm', { encryptionAlgorithm: 'AES_CBC' }],
    ['another algorithm of the integrity value', { ciphertextDataIntegrityValueAlgorithm: 'SHA_512' }],
    ['no requestMetadata', { requestMetadata: undefined }],
    ['no ARN of the key in AWS', { requestMetadata: requestMetadata('Encrypt', { kmsKeyArn: undefined }) }],
    ['a plaintext of another type', { plaintext: 1 }],
  ])('is refused with %s', async (_, members) => {
    expectXksError(
      await call('keys/orders/encrypt', encryptBody(members as Record<string, unknown>)),
      400,
      'ValidationException',
    );
  });

  test('is refused beyond the limits, with an error that names them', async () => {
    const tooLong = { plaintext: bytes(8193) };
    expectXksError(await call('keys/orders/encrypt', encryptBody(tooLong)), 501, 'UnsupportedOperationException');
    const tooMuch = { additionalAuthenticatedData: bytes(8193) };
    expectXksError(await call('keys/orders/encrypt', encryptBody(tooMuch)), 501, 'UnsupportedOperationException');
    const both = { ...tooLong, encryptionAlgorithm: 'DES' };
    expectXksError(await call('keys/orders/encrypt', encryptBody(both)), 400, 'ValidationException');
    const body = await call('keys/orders/encrypt', encryptBody({ plaintext: bytes(50_000) }));
    expectXksError(body, 501, 'UnsupportedOperationException', /larger than this service accepts/);
    expect(body.headers.get('connection')).toBe('close');
  });

  test('is refused for a body that is not JSON', async () => {
    for (const body of ['', '{', '[]', '{"requestMetadata":', '\u0000'])
      expectXksError(await call('keys/orders/encrypt', body), 400, 'ValidationException');
  });

  test('is refused for a key that is released for other usages', async () => {
    const expectUsage = async (path: string, members: object) =>
      expectXksError(
        await call(`keys/${path}/encrypt`, encryptBody(members as Record<string, unknown>)),
        400,
        'InvalidKeyUsageException',
      );
    for (const members of [
      {},
      { additionalAuthenticatedData: AAD },
      { ciphertextDataIntegrityValueAlgorithm: 'SHA_256' },
    ])
      await expectUsage('decrypt-only', members);
    // The integrity value ensures that the ciphertext opens, which is checked by decrypting it.
    await expectUsage('encrypt-only', { ciphertextDataIntegrityValueAlgorithm: 'SHA_256' });
    await expectUsage('encrypt-only', {
      ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
      additionalAuthenticatedData: AAD,
    });
    await encrypt('encrypt-only', { additionalAuthenticatedData: AAD });
  });
});

describe('Decrypt', () => {
  let sealed: Record<string, unknown>;
  beforeAll(async () => {
    sealed = await encrypt('orders', { additionalAuthenticatedData: AAD });
  });
  const decrypt = (members: Record<string, unknown>, xksKeyId = 'orders') =>
    call(`keys/${xksKeyId}/decrypt`, decryptBody(sealed, { additionalAuthenticatedData: AAD, ...members }));

  test('opens what Encrypt returned', async () => {
    expect(outputOf(await decrypt({}))).toEqual({ plaintext: PLAINTEXT });
  });

  test.each<[string, (parts: Record<string, unknown>) => object]>([
    ['ciphertext', ({ ciphertext }) => ({ ciphertext: flipped(ciphertext) })],
    ['ciphertext, cut off', () => ({ ciphertext: 'AAAA' })],
    ['initialization vector', ({ initializationVector: iv }) => ({ initializationVector: flipped(iv, 11) })],
    ['initialization vector of 16 bytes', () => ({ initializationVector: bytes(16) })],
    ['tag', ({ authenticationTag }) => ({ authenticationTag: flipped(authenticationTag, 15) })],
    ['additional data', () => ({ additionalAuthenticatedData: flipped(AAD) })],
    ['additional data, left out', () => ({ additionalAuthenticatedData: undefined })],
    ['metadata: the format', ({ ciphertextMetadata }) => ({ ciphertextMetadata: flipped(ciphertextMetadata) })],
    ['metadata: the material', ({ ciphertextMetadata }) => ({ ciphertextMetadata: flipped(ciphertextMetadata, 2) })],
    ['metadata: the nonce', ({ ciphertextMetadata }) => ({ ciphertextMetadata: flipped(ciphertextMetadata, 14) })],
    ['metadata, left out', () => ({ ciphertextMetadata: undefined })],
    ['metadata, empty', () => ({ ciphertextMetadata: '' })],
    ['metadata of 20 bytes', () => ({ ciphertextMetadata: bytes(20) })],
    [
      'metadata, moved to the additional data',
      ({ ciphertextMetadata }) => ({
        ciphertextMetadata: undefined,
        additionalAuthenticatedData: Buffer.concat([decode(AAD), decode(ciphertextMetadata)]).toString('base64'),
      }),
    ],
  ])('is refused after a change of the %s', async (_, change) => {
    const response = await decrypt(change(sealed) as Record<string, unknown>);
    expectXksError(response, 400, 'InvalidCiphertextException', /is not as it was encrypted/);
  });

  test.each([
    ['no ciphertext', { ciphertext: undefined }],
    ['no initialization vector', { initializationVector: undefined }],
    ['an initialization vector of 13 bytes', { initializationVector: bytes(13) }],
    ['an initialization vector of 8 bytes', { initializationVector: bytes(8) }],
    ['no tag', { authenticationTag: undefined }],
    ['a tag of 12 bytes', { authenticationTag: bytes(12) }],
    ['a tag of 17 bytes', { authenticationTag: bytes(17) }],
    ['metadata of 21 bytes', { ciphertextMetadata: bytes(21) }],
    ['metadata that is not base64', { ciphertextMetadata: '!' }],
    ['another algorithm', { encryptionAlgorithm: 'AES_CTR' }],
  ])('is refused with %s', async (_, members) => {
    expectXksError(await decrypt(members), 400, 'ValidationException');
  });

  test('is refused for the ciphertext of another key, or a key for encryption only', async () => {
    expectXksError(await decrypt({}, 'decrypt-only'), 400, 'InvalidCiphertextException');
    expectXksError(await decrypt({}, 'encrypt-only'), 400, 'InvalidKeyUsageException');
    expectXksError(await decrypt({}, 'missing'), 404, 'KeyNotFoundException');
    const unnamed = { ciphertextMetadata: undefined };
    expectXksError(await decrypt(unnamed, 'encrypt-only'), 400, 'InvalidKeyUsageException');
    expectXksError(await decrypt(unnamed, 'missing'), 404, 'KeyNotFoundException');
  });

  test('opens old ciphertexts after a rotation of the KMS key, and encrypts under the new material', async () => {
    await kms('RotateKeyOnDemand', { KeyId: keyArn });
    const renewed = await encrypt('orders', { additionalAuthenticatedData: AAD });
    const materialOf = ({ ciphertextMetadata }: Record<string, unknown>) =>
      decode(ciphertextMetadata).toString('hex', 1, 7);
    expect(materialOf(renewed)).not.toBe(materialOf(sealed));
    for (const each of [sealed, renewed]) {
      const body = decryptBody(each, { additionalAuthenticatedData: AAD });
      expect(outputOf(await call('keys/orders/decrypt', body))).toEqual({ plaintext: PLAINTEXT });
    }
    const mixed = decryptBody(
      { ...sealed, ciphertextMetadata: renewed['ciphertextMetadata'] },
      { additionalAuthenticatedData: AAD },
    );
    expectXksError(await call('keys/orders/decrypt', mixed), 400, 'InvalidCiphertextException');
  });

  test('is refused for the parts of a ciphertext blob of AWS KMS under the same key', async () => {
    const { CiphertextBlob } = await kms('Encrypt', { KeyId: keyArn, Plaintext: PLAINTEXT });
    const blob = decode(CiphertextBlob);
    const body = decryptBody({
      ciphertext: blob.toString('base64', 84, blob.length - 16),
      initializationVector: blob.toString('base64', 72, 84),
      authenticationTag: blob.subarray(-16).toString('base64'),
      ciphertextMetadata: sealed['ciphertextMetadata'],
    });
    expectXksError(await call('keys/orders/decrypt', body), 400, 'InvalidCiphertextException');
  });
});

test('a key that was used a moment ago is used without a query of the database', async () => {
  const queries: string[] = [];
  const database = service.app.get(DataSource);
  const nothing = () => undefined;
  database.logger = {
    ...{ logQueryError: nothing, logQuerySlow: nothing, logSchemaBuild: nothing, logMigration: nothing, log: nothing },
    logQuery: (query) => void queries.push(query),
  };
  // Cached values are good for a second, so a machine that stalls may read them again.
  await until(async () => {
    const before = queries.length;
    const sealed = await encrypt('orders');
    outputOf(await call('keys/orders/decrypt', decryptBody(sealed)));
    outputOf(await call('keys/orders/metadata', { requestMetadata: requestMetadata('DescribeKey') }));
    return !queries.slice(before).some((query) => /xks_|kms_/.test(query));
  });
  // The counter itself sees queries.
  await call('keys/missing/encrypt', encryptBody());
  expect(queries.join()).toContain('xks_keys');
});

describe('GetHealthStatus', () => {
  test('names the product and the number of processes', async () => {
    const output = outputOf(await call('health', healthBody));
    expect(output).toEqual({
      xksProxyFleetSize: expect.any(Number) as unknown,
      xksProxyVendor: 'Keyblock',
      xksProxyModel: expect.stringMatching(/^Keyblock \d+\.\d+\.\d+$/) as unknown,
      ekmVendor: 'Keyblock',
      ekmFleetDetails: [
        {
          id: 'keyblock-000000000000',
          model: expect.stringMatching(/^Keyblock \d+\.\d+\.\d+$/) as unknown,
          healthStatus: 'ACTIVE',
        },
      ],
    });
    expect(output['xksProxyFleetSize']).toBe(1);
  });

  test('is refused without requestMetadata or its members', async () => {
    for (const body of [{}, { requestMetadata: {} }, { requestMetadata: { kmsRequestId: 'x' } }])
      expectXksError(await call('health', body), 400, 'ValidationException');
  });
});

describe('a path', () => {
  const unsigned = (path: string, method = 'POST') =>
    fetch(`${service.url}/${path}`, { method, ...(method === 'POST' && { body: '{}' }) });

  test('without a prefix has its own credentials and keys', async () => {
    const { path, credentials } = await newCredential(service, '/');
    expect(path).toBe('/kms/xks/v1');
    const { Arn } = await createKmsKey(service);
    await xksDone(service, 'release', '/', Arn, '--as', 'rooted');
    const send = (to: string) => sendXks(service, to, encryptBody(), { credentials });
    outputOf(await send('kms/xks/v1/keys/rooted/encrypt'));
    expectXksError(await send('kms/xks/v1/keys/orders/encrypt'), 404, 'KeyNotFoundException');
    expectXksError(await call('keys/rooted/encrypt', encryptBody()), 404, 'KeyNotFoundException');
  });

  test.each([
    ['a longer prefix', 'stores/orders/invalid'],
    ['a shorter prefix', 'stores'],
    ['no prefix', ''],
    ['a prefix in upper case', 'STORES/ORDERS'],
    ['a prefix that is longer than any', 'p'.repeat(250)],
    ['the prefix of another store', 'stores/other'],
  ])('with %s is invalid for the credential', async (_, prefix) => {
    await newCredential(service, 'stores/other').catch(() => undefined);
    const base = prefix === '' ? 'kms/xks/v1' : `${prefix}/kms/xks/v1`;
    const { credentials } = set;
    for (const [path, body] of [
      ['health', healthBody],
      ['keys/orders/encrypt', encryptBody()],
      ['keys/orders/metadata', { requestMetadata: requestMetadata('CreateKey') }],
    ] as const)
      expectXksError(await sendXks(service, `${base}/${path}`, body, { credentials }), 404, 'InvalidUriPathException');
  });

  test.each([
    'kms/xks/v1/unknown',
    'kms/xks/v1/keys/orders',
    'kms/xks/v1/keys/orders/sign',
    'kms/xks/v1/health/',
    `${'p'.repeat(967)}/kms/xks/v1/health`,
    'a//b/kms/xks/v1/health',
  ])('%s belongs to no call', async (path) => {
    const response = await unsigned(path);
    expect({ status: response.status, ...((await response.json()) as object) }).toEqual({
      status: 404,
      errorName: 'InvalidUriPathException',
      errorMessage: 'No call of the XKS proxy API has this path.',
    });
  });

  test.each(['GET', 'PUT', 'DELETE'])('of a call is not allowed with the method %s', async (method) => {
    for (const path of ['health', 'keys/orders/encrypt', 'keys/orders/decrypt', 'keys/orders/metadata']) {
      const response = await unsigned(`stores/orders/kms/xks/v1/${path}`, method);
      expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
      expect(await response.json()).toMatchObject({ errorName: 'UnsupportedOperationException' });
    }
  });
});
