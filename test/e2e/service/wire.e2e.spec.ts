import { exchange } from '../../support/exchange.js';
import {
  type RawRequest,
  type RawResponse,
  sendUnsigned,
  startTestService,
  target,
  type TestService,
} from '../../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ KEYBLOCK_BODY_LIMIT_BYTES: '20000' });
}, 60_000);
afterAll(() => service.stop());

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

/** Expects what every exception has on either plane. */
function expectFailure({ status, headers, json }: RawResponse, expected: { status: number; name: string }): void {
  expect({ status, name: headers.get('x-amzn-errortype') }).toEqual(expected);
  expect((json['__type'] as string).replace(/^.*#/, '')).toBe(expected.name);
  expect(json['message']).toBe(json['Message']);
  expect(headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  expect(Date.parse(headers.get('date')!)).toBeGreaterThan(Date.now() - 60_000);
}

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

  test('ignores unknown members and treats null as absent', async () => {
    const body = JSON.stringify({ Unknown: { a: 1 }, MaxResults: null, KeyState: null });
    expect((await service.send({ headers: target('ListKeys'), body })).status).toBe(200);
  });

  test('serves an operation at the path of its OpenAPI document, too', async () => {
    expect((await service.send({ path: '/PaymentCryptographyControlPlane/ListKeys' })).status).toBe(200);
  });

  test.each([
    ['an unknown target', target('NoSuchOperation')],
    ['a target of another service', { 'x-amz-target': 'TrentService.ListKeys' }],
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
    ['a nest deeper than the stack', `{"a":${'['.repeat(9000)}null${']'.repeat(9000)}}`, 'SerializationException'],
    ['a number where text belongs', '{"KeyIdentifier":7}', 'SerializationException'],
    ['a member missing', '{}', 'ValidationException'],
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

  test('accepts whole numbers only for an integer', async () => {
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
    'reads the label %s whole',
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
      { path: '/PlainText', message: 'must be hexadecimal digits of whole bytes' },
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

test('of two faults the one in the body is reported', async () => {
  const response = await service.send({ path: '/admin/nothing', body: '{"Name' });
  expectFailure(response, { status: 400, name: 'SerializationException' });
});

describe('limits', () => {
  test('a body over the limit is rejected on both planes', async () => {
    const body = JSON.stringify({ MessageData: '00'.repeat(20_000) });
    for (const request of [{ path: '/mac/generate' }, { headers: target('GetKey') }])
      expectFailure(await service.send({ ...request, body }), { status: 413, name: 'RequestEntityTooLargeException' });
  });

  test('bytes that are not UTF-8 are rejected', async () => {
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
    // The signature covers the bytes, so verifying it fails first.
    expect(await exchange(service.url, bytes)).toMatch(/InvalidSignatureException/);
  });

  test('a request that is not HTTP is answered and does no harm', async () => {
    expect(await exchange(service.url, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    expect((await sendUnsigned(`${service.url}/healthz`, {})).status).toBe(200);
  });
});

describe('Without a signature', () => {
  test.each([
    ['/healthz', 'application/json'],
    ['/readyz', 'application/json'],
    ['/metrics', 'text/plain'],
    ['/docs', 'text/html'],
    ['/docs/page.js', 'text/javascript'],
    ['/docs/swagger-ui-bundle.js', 'text/javascript'],
    ['/docs/aws4fetch.js', 'text/javascript'],
    ['/openapi/controlplane.json', 'application/json'],
    ['/openapi/dataplane.json', 'application/json'],
    ['/openapi/admin.json', 'application/json'],
  ])('%s responds', async (path, type) => {
    const { status, headers } = await sendUnsigned(`${service.url}${path}`, {});
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(type);
  });

  const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

  test.each([BROWSER, 'text/html', 'application/xhtml+xml, Text/HTML;q=0.9'])(
    '/ leads a browser that accepts %s to the documentation',
    async (accept) => {
      const lines = service.log.length;
      const response = await sendUnsigned(`${service.url}/`, { headers: { accept }, redirect: 'manual' });
      expect({ status: response.status, text: response.text }).toEqual({ status: 302, text: '' });
      expect(response.headers.get('location')).toBe('/docs');
      expect((await sendUnsigned(`${service.url}/`, { headers: { accept } })).headers.get('content-type')).toMatch(
        'text/html',
      );
      expect(service.log).toHaveLength(lines);
    },
  );

  test.each<[string, RequestInit & { path?: string }]>([
    ['no type', { headers: { accept: '' } }],
    ['every type', { headers: { accept: '*/*' } }],
    ['every text', { headers: { accept: 'text/*' } }],
    ['JSON', { headers: { accept: 'application/json' } }],
    ['another text', { headers: { accept: 'text/html-like, text/plain;x=text/html' } }],
    ['HTML, in a POST request', { method: 'POST', headers: { accept: BROWSER } }],
    ['HTML, in a HEAD request', { method: 'HEAD', headers: { accept: BROWSER } }],
    ['HTML, in a PUT request', { method: 'PUT', headers: { accept: BROWSER } }],
    ['HTML, with a target', { headers: { accept: BROWSER, ...target('NoSuchOperation') } }],
    [
      'HTML, with a target of another service',
      { headers: { accept: BROWSER, 'x-amz-target': 'TrentService.ListKeys' } },
    ],
    ['HTML, with a query', { path: '/?page=1', headers: { accept: BROWSER } }],
    ['HTML, at another path', { path: '/index.html', headers: { accept: BROWSER } }],
    ['HTML, at the folder of the page', { path: '/docs/', headers: { accept: BROWSER } }],
  ])('/ answers as AWS does where %s is accepted', async (_, { path = '/', ...init }) => {
    const response = await sendUnsigned(`${service.url}${path}`, { redirect: 'manual', ...init });
    expect(response.status).toBe(404);
    expect(response.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
    expect(response.headers.get('content-type')).toBe(path === '/' ? 'application/x-amz-json-1.0' : 'application/json');
    expect(response.headers.has('location')).toBe(false);
  });

  test('no operation of the OpenAPI documents responds', async () => {
    let operations = 0;
    for (const plane of ['controlplane', 'dataplane', 'admin']) {
      const { json } = await sendUnsigned(`${service.url}/openapi/${plane}.json`, {});
      for (const [path, methods] of Object.entries(json['paths'] as object))
        for (const method of Object.keys(methods as object)) {
          const url = `${service.url}${path.replaceAll(/\{\w+\}/g, 'alias%2Fx')}`;
          expectFailure(await sendUnsigned(url, { method: method.toUpperCase() }), {
            status: plane === 'controlplane' ? 400 : 403,
            name: 'MissingAuthenticationTokenException',
          });
          operations++;
        }
    }
    expect(operations).toBe(47 + 13);
  });
});

describe('signatures', () => {
  const body = '{}';
  const headers = target('ListKeys');
  const FIVE_MINUTES_MS = 300_000;
  const ago = (milliseconds: number) => new Date(Date.now() - milliseconds);
  const drop = (name: string) => (sent: { headers: Record<string, string> }) => {
    sent.headers = Object.fromEntries(Object.entries(sent.headers).filter(([key]) => key !== name));
  };

  test.each<[string, string, Partial<RawRequest> & { ageMs?: number }]>([
    [
      'another secret',
      'InvalidSignatureException',
      { credentials: { accessKeyId: 'AKIDEXAMPLEEXAMPLE', secretAccessKey: 'another' } },
    ],
    [
      'an unknown access key',
      'UnrecognizedClientException',
      { credentials: { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'x' } },
    ],
    ['another Region', 'InvalidSignatureException', { region: 'eu-west-1' }],
    ['another service', 'InvalidSignatureException', { service: 'kms' }],
    ['a date too old', 'InvalidSignatureException', { ageMs: FIVE_MINUTES_MS + 5000 }],
    ['a date to come', 'InvalidSignatureException', { ageMs: -FIVE_MINUTES_MS - 5000 }],
    ['another body', 'InvalidSignatureException', { tamper: (sent) => (sent.body = '{"MaxResults":1}') }],
    [
      'another target',
      'InvalidSignatureException',
      { tamper: (sent) => (sent.headers['x-amz-target'] = 'PaymentCryptographyControlPlane.DeleteKey') },
    ],
    [
      'another path',
      'InvalidSignatureException',
      { tamper: (sent) => (sent.path = '/PaymentCryptographyControlPlane/ListKeys') },
    ],
    [
      'a query',
      'InvalidSignatureException',
      { path: '/PaymentCryptographyControlPlane/ListKeys', tamper: (sent) => (sent.path += '?a=b') },
    ],
    [
      'a target that is not signed',
      'IncompleteSignatureException',
      { headers: {}, tamper: (sent) => (sent.headers['x-amz-target'] = 'PaymentCryptographyControlPlane.ListKeys') },
    ],
    ['no Authorization header', 'MissingAuthenticationTokenException', { tamper: drop('authorization') }],
    ['no X-Amz-Date', 'IncompleteSignatureException', { tamper: drop('x-amz-date') }],
    [
      'a session token',
      'IncompleteSignatureException',
      { tamper: (sent) => (sent.headers['x-amz-security-token'] = 'token') },
    ],
    [
      'a signed session token',
      'UnrecognizedClientException',
      { headers: { ...headers, 'x-amz-security-token': 'token' } },
    ],
    [
      'a claimed body hash that is not its own',
      'InvalidSignatureException',
      { tamper: (sent) => (sent.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD') },
    ],
  ])('%s: %s', async (_, name, { ageMs = 0, ...request }) => {
    expectFailure(await service.send({ headers, body, signingDate: ago(ageMs), ...request }), { status: 400, name });
  });

  test('fail with 403 on the data plane', async () => {
    expectFailure(await service.send({ path: '/mac/verify', region: 'eu-west-1' }), {
      status: 403,
      name: 'InvalidSignatureException',
    });
  });

  test.each([-290_000, 290_000])('are accepted %i ms off the clock', async (milliseconds) => {
    expect((await service.send({ headers, signingDate: ago(milliseconds) })).status).toBe(200);
  });

  test('are accepted with a query and a path of any bytes', async () => {
    const path = '/PaymentCryptographyControlPlane/ListKeys?b=2&a=%2F%20x';
    expect((await service.send({ path })).status).toBe(200);
  });

  test('are rejected with a second Authorization, date or target header', async () => {
    for (const name of ['authorization', 'x-amz-date', 'x-amz-target']) {
      let sent: Record<string, string> = {};
      await service.send({ headers, body, tamper: (request) => (sent = { ...request.headers }) });
      const head = Object.entries(sent)
        .map(([key, value]) => `${key}: ${value}\r\n`.repeat(key === name ? 2 : 1))
        .join('');
      const { host } = new URL(service.url);
      const answer = await exchange(
        service.url,
        `POST / HTTP/1.1\r\nhost: ${host}\r\n${head}content-length: ${body.length}\r\n\r\n${body}`,
      );
      const status = Number(answer.split(' ')[1]);
      expect([name, status]).toEqual([name, name === 'x-amz-target' ? 404 : 400]);
    }
  });

  test('are checked before the body is read', async () => {
    const response = await service.send({ headers: target('GetKey'), body: 'not JSON', region: 'eu-west-1' });
    expectFailure(response, { status: 400, name: 'InvalidSignatureException' });
  });
});

describe('log and metrics', () => {
  test('a call is one log record without any of its body', async () => {
    const secret = '5413330089020011';
    const request = { KeyIdentifier: ARN, MessageData: secret, GenerationAttributes: { Algorithm: 'CMAC' } };
    const { headers } = await service.send({ path: '/mac/generate', body: JSON.stringify(request) });
    const requestId = headers.get('x-amzn-requestid');
    const lines = service.log.filter((line) => line['requestId'] === requestId);
    expect(lines).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        pid: expect.any(Number),
        hostname: expect.any(String),
        requestId,
        api: 'payment-cryptography',
        operation: 'GenerateMac',
        keyArns: [],
        principal: 'arn:aws:iam::000000000000:root',
        outcome: 'ResourceNotFoundException',
        status: 404,
        durationMs: expect.any(Number),
      },
    ]);
    expect(JSON.stringify(service.log)).not.toContain(secret);
  });

  test('a request that the router rejects is one log record, too', async () => {
    const before = service.log.length;
    await exchange(service.url, 'GET /%zz HTTP/1.1\r\nhost: keyblock\r\n\r\n');
    expect(service.log.slice(before)).toMatchObject([
      { operation: 'unknown', outcome: 'UnknownOperationException', status: 404 },
    ]);
  });

  test('metrics count calls by operation and outcome', async () => {
    await service.send({ headers: target('ListKeys') });
    const { text } = await sendUnsigned(`${service.url}/metrics`, {});
    expect(text).toMatch(
      /keyblock_requests_total\{service="payment-cryptography",operation="ListKeys",outcome="ok"\} \d+/,
    );
    expect(text).toMatch(
      /keyblock_requests_total\{service="payment-cryptography",operation="unknown",outcome="UnknownOperationException"\} \d+/,
    );
    expect(text).toMatch(
      /keyblock_request_duration_seconds_bucket\{le="0.001",service="payment-cryptography",operation="ListKeys",outcome="ok"\} \d+/,
    );
    expect(text).toMatch(/process_resident_memory_bytes \d+/);
  });
});
