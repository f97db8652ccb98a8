import { useService } from '../../../support/api.js';
import { exchange } from '../../../support/exchange.js';
import { sendUnsigned, target } from '../../../support/service.js';
import { expectFailure } from '../../../support/wire.js';

const service = useService({ KEYBLOCK_BODY_LIMIT_BYTES: '20000' });

const ARN = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/aaaaaaaaaaaaaaaa';
const CREATE_KEY = JSON.stringify({
  KeyAttributes: {
    KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_128',
    KeyModesOfUse: { Generate: true, Verify: true },
  },
  Exportable: false,
});

describe('AWS JSON framing', () => {
  test('responds with its content type, a request ID and the date', async () => {
    const { status, headers, json } = await service.send({ headers: target('CreateKey'), body: CREATE_KEY });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/x-amz-json-1.0');
    expect(headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.parse(headers.get('date')!)).toBeGreaterThan(Date.now() - 60_000);
    const { CreateTimestamp } = (json as { Key: { CreateTimestamp: number } }).Key;
    expect(CreateTimestamp).toBeCloseTo(Date.now() / 1000, -2);
  });

  test('treats an empty body as {} and accepts any content type', async () => {
    const headers = { ...target('ListKeys'), 'content-type': 'application/x-amz-json-1.0' };
    expect((await service.send({ headers, body: '' })).status).toBe(200);
    expect((await service.send({ headers: target('ListKeys'), body: '{}' })).status).toBe(200);
  });

  test('refuses null in a list', async () => {
    const body = JSON.stringify({ ...(JSON.parse(CREATE_KEY) as object), Tags: [{ Key: 'line', Value: '3' }, null] });
    const { status, json } = await service.send({ headers: target('CreateKey'), body });
    expect(status).toBe(400);
    expect(json).toMatchObject({
      __type: 'com.amazonaws.paymentcryptography#SerializationException',
      message: '/Tags/1 must be of type object.',
    });
  });

  test('ignores unknown members and treats null as absent', async () => {
    const body = JSON.stringify({ Unknown: { a: 1 }, MaxResults: null, KeyState: null });
    expect((await service.send({ headers: target('ListKeys'), body })).status).toBe(200);
  });

  test('also serves an operation at the path of its OpenAPI document', async () => {
    expect((await service.send({ path: '/PaymentCryptographyControlPlane/ListKeys' })).status).toBe(200);
  });

  test.each([
    ['an unknown target', target('NoSuchOperation')],
    ['a target of another service', { 'x-amz-target': 'DynamoDB_20120810.ListTables' }],
    ['a target that is a path', { 'x-amz-target': '/healthz' }],
    ['a target that is a path of the data plane', { 'x-amz-target': 'mac.generate' }],
    ['no target', {}],
  ])('answers 404 for %s', async (_, headers: Record<string, string>) => {
    const response = await service.send({ headers });
    expectFailure(response, { status: 404, name: 'UnknownOperationException' });
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.0');
  });

  test.each([
    ['not JSON', '{"KeyIdentifier":', 'SerializationException'],
    ['text', '"text"', 'SerializationException'],
    ['a list', '[]', 'SerializationException'],
    ['JSON nested deeper than the stack', `{"a":${'['.repeat(9000)}null${']'.repeat(9000)}}`, 'SerializationException'],
    ['a number in place of a string', '{"KeyIdentifier":7}', 'SerializationException'],
    ['a missing member', '{}', 'ValidationException'],
    ['a member of the wrong form', '{"KeyIdentifier":"aaaaaaaaaaaa"}', 'ValidationException'],
    ['a missing key', JSON.stringify({ KeyIdentifier: ARN }), 'ResourceNotFoundException'],
  ])('answers 400 for %s', async (_, body, name) => {
    const response = await service.send({ headers: target('GetKey'), body });
    expectFailure(response, { status: 400, name });
    expect(response.json['__type']).toBe(`com.amazonaws.paymentcryptography#${name}`);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.0');
    expect(response.json).not.toHaveProperty('fieldList');
  });

  test('names the invalid member and never its value', async () => {
    const body = JSON.stringify({
      ...(JSON.parse(CREATE_KEY) as object),
      Tags: [{ Key: 'x'.repeat(129), Value: 'v' }],
    });
    const { json } = await service.send({ headers: target('CreateKey'), body });
    expect(json['Message']).toBe('1 validation error detected: /Tags/0/Key must be at most 128 characters long.');
  });

  test('accepts only whole numbers for an integer', async () => {
    for (const MaxResults of ['5', 1.5])
      expectFailure(await service.send({ headers: target('ListKeys'), body: JSON.stringify({ MaxResults }) }), {
        status: 400,
        name: 'SerializationException',
      });
  });
});

describe('REST-JSON framing', () => {
  const encrypt = (identifier: string) => `/keys/${encodeURIComponent(identifier)}/encrypt`;
  const PLAIN = JSON.stringify({ PlainText: '00'.repeat(16), EncryptionAttributes: { Symmetric: { Mode: 'ECB' } } });

  test.each([ARN, 'alias/x/y', 'arn:aws:payment-cryptography:us-east-1:000000000000:alias/a/b'])(
    'reads the whole label %s',
    async (identifier) => {
      const response = await service.send({ path: encrypt(identifier), body: PLAIN });
      expectFailure(response, { status: 404, name: 'ResourceNotFoundException' });
      expect(response.json['ResourceId']).toBe(identifier);
      expect(response.headers.get('content-type')).toMatch('application/json');
    },
  );

  test('reads a label of the maximum length', async () => {
    const identifier = `arn:aws:payment-cryptography:us-east-1:000000000000:alias/${'/'.repeat(264)}`;
    expect(identifier).toHaveLength(322);
    expectFailure(await service.send({ path: encrypt(identifier), body: PLAIN }), {
      status: 404,
      name: 'ResourceNotFoundException',
    });
  });

  test('lists the members that break a constraint', async () => {
    const body = JSON.stringify({ PlainText: 'XYZ', EncryptionAttributes: {} });
    const response = await service.send({ path: encrypt(ARN), body });
    expectFailure(response, { status: 400, name: 'ValidationException' });
    expect(response.json['fieldList']).toEqual([
      { path: '/PlainText', message: 'must be an even number of hexadecimal digits' },
      {
        path: '/EncryptionAttributes',
        message: 'must have exactly one member of Symmetric, Asymmetric, Dukpt, Emv',
      },
    ]);
  });

  test('requires exactly one member of a union', async () => {
    const attributes = { Symmetric: { Mode: 'ECB' }, Asymmetric: {} };
    const body = JSON.stringify({ PlainText: '00', EncryptionAttributes: attributes });
    expectFailure(await service.send({ path: encrypt(ARN), body }), { status: 400, name: 'ValidationException' });
  });

  test('answers ValidationException for a malformed label', async () => {
    const response = await service.send({ path: '/keys/abc/encrypt', body: PLAIN });
    expectFailure(response, { status: 400, name: 'ValidationException' });
    expect(response.json['fieldList']).toEqual(
      expect.arrayContaining([expect.objectContaining({ path: '/KeyIdentifier' })]),
    );
  });

  test.each([
    ['POST', '/no/such/path', 404],
    ['GET', '/no/such/path', 404],
    ['POST', `/keys/${ARN}/encrypt`, 404],
    ['POST', '/mac/generate/', 404],
    ['GET', '/mac/generate', 405],
    ['PUT', '/mac/verify', 405],
    ['DELETE', encrypt(ARN), 405],
    ['GET', '/mac/generate?x=1', 405],
    ['PUT', '/admin/users/ann', 405, 'GET, HEAD, DELETE'],
    ['GET', '/admin/users/ann/access-keys', 405],
    ['POST', '/admin', 404],
  ])('answers %s %s with %i', async (method, path, status, allow = 'POST') => {
    const response = await service.send({ method, path });
    expectFailure(response, { status, name: 'UnknownOperationException' });
    expect(response.headers.get('allow')).toBe(status === 405 ? allow : null);
  });

  test('rejects a path that cannot be decoded', async () => {
    const response = await sendUnsigned(`${service.url}/keys/%zz/encrypt`, { method: 'POST' });
    expectFailure(response, { status: 404, name: 'UnknownOperationException' });
  });
});

test.each(['GET *docs', 'POST *mac/generate', 'OPTIONS *'])('%s is not an operation', async (start) => {
  const answer = await exchange(service.url, `${start} HTTP/1.1\r\nhost: keyblock\r\ncontent-length: 0\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(answer).toContain('UnknownOperationException');
});

test('reports the fault in the body rather than the fault in the path', async () => {
  const response = await service.send({ path: '/admin/nothing', body: '{"Name' });
  expectFailure(response, { status: 400, name: 'SerializationException' });
});

describe('limits', () => {
  test('rejects a body over the limit on both planes', async () => {
    const body = JSON.stringify({ MessageData: '00'.repeat(20_000) });
    for (const request of [{ path: '/mac/generate' }, { headers: target('GetKey') }])
      expectFailure(await service.send({ ...request, body }), { status: 413, name: 'RequestEntityTooLargeException' });
  });

  test('rejects bytes that are not UTF-8', async () => {
    const { host } = new URL(service.url);
    let head = '';
    await service.send({
      headers: target('ListKeys'),
      body: '{"A":"?"}',
      tamper: ({ headers }) =>
        (head = Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')),
    });
    const bytes = Buffer.from(`POST / HTTP/1.1\r\nhost: ${host}\r\n${head}content-length: 9\r\n\r\n{"A":"?"}`);
    expect(await exchange(service.url, bytes)).toMatch(/^HTTP\/1\.1 200/);
    bytes[bytes.lastIndexOf('?')] = 0xff;
    // The signature covers the bytes, so its verification fails first.
    expect(await exchange(service.url, bytes)).toMatch(/InvalidSignatureException/);
  });

  test('ignores an expectation that it does not know', async () => {
    const request = 'POST /mac/generate HTTP/1.1\r\nhost: x\r\nexpect: nothing\r\ncontent-length: 0\r\n\r\n';
    expect(await exchange(service.url, request)).toMatch(/^HTTP\/1\.1 403 [^]*MissingAuthenticationTokenException/);
  });

  test('answers a request that is not HTTP, which does no harm', async () => {
    expect(await exchange(service.url, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    expect((await sendUnsigned(`${service.url}/healthz`, {})).status).toBe(200);
  });
});
