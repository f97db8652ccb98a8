import { once } from 'node:events';
import { connect } from 'node:net';
import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { BODY_LIMIT, mac, text, without, statuses, useVictim } from '../../../support/attacks.js';
import { target, sendUnsigned } from '../../../support/service.js';
import { exchange } from '../../../support/exchange.js';

const { service, attacked, deleteVictim, exception, wire, expectHealthy } = useVictim();

describe('smuggled requests are rejected with', () => {
  const hidden = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n';
  type Change = (lines: string[], body: string) => { lines: string[]; body: string };
  const lengthOf =
    (of: (length: number) => string): Change =>
    (lines, body) => ({
      lines: [...without(lines, 'content-length'), `content-length: ${of(body.length)}`],
      body,
    });
  const added =
    (...more: string[]): Change =>
    (lines, body) => ({ lines: [...lines, ...more], body });

  test.each<[string, Change]>([
    [
      'a length and chunks',
      (lines, body) => ({ lines: [...lines, 'transfer-encoding: chunked'], body: `0\r\n\r\n${body}` }),
    ],
    ['a misspelled transfer encoding', added('transfer-encoding: xchunked')],
    [
      'two transfer encodings',
      (lines, body) => ({
        lines: [...without(lines, 'content-length'), 'transfer-encoding: chunked', 'transfer-encoding: identity'],
        body,
      }),
    ],
    ['two lengths', added('content-length: 0')],
    ['a list of lengths', lengthOf((length) => `${length}, 0`)],
    ['a length with a sign', lengthOf((length) => `+${length}`)],
    ['a length in hexadecimal', lengthOf((length) => `0x${length.toString(16)}`)],
    [
      'a space before a colon',
      (lines, body) => ({ lines: lines.map((line) => line.replace(/^content-length:/, 'content-length :')), body }),
    ],
    ['a folded line', added('x-folded: a', ' x-amz-target: b')],
    ['a bare line feed', added('x-a: b\nx-amz-target: c')],
    ['a NUL in a value', added('x-a: b\u0000c')],
    ['two hosts', added('host: other')],
    ['no host', (lines, body) => ({ lines: without(lines, 'host'), body })],
  ])('%s', async (_, change) => {
    const request = await wire(deleteVictim());
    const { lines, body } = change(request.lines, request.body);
    const answers = await exchange(service.url, text({ ...request, lines, body }) + hidden);
    expect(answers).toMatch(/^HTTP\/1\.1 400/);
  });

  test.each(['authorization', 'x-amz-date', 'x-amz-target', 'host'])(
    'a second %s before or after the first',
    async (name) => {
      for (const first of [true, false]) {
        const double = name === 'x-amz-target' ? `${name}: ${target('ListKeys')['x-amz-target']}` : `${name}: x`;
        const request = await wire(deleteVictim(), (lines) => (first ? [double, ...lines] : [...lines, double]));
        expect(statuses(await exchange(service.url, text(request)))).not.toContain(200);
      }
    },
  );

  test('a request within the body of another request, where it is only data', async () => {
    const inner = text(await wire(deleteVictim())).replace(/authorization: .*\r\n/, '');
    const body = JSON.stringify({ ...(JSON.parse(mac(attacked.victim).body!) as object), inner });
    const answers = await exchange(service.url, text(await wire({ path: '/mac/generate', body })));
    expect(statuses(answers)).toEqual([200]);
  });

  test('a second request without a signature of its own', async () => {
    const first = text(await wire(mac(attacked.victim)));
    const unsigned = await wire(deleteVictim(), (lines) => [...without(lines, 'authorization'), 'connection: close']);
    expect(statuses(await exchange(service.url, first + text(unsigned), 'end'))).toEqual([200, 400]);
  });

  test('headers that other servers take for the caller’s identity', async () => {
    const lines = [
      'x-forwarded-for: 127.0.0.1',
      'x-forwarded-user: root',
      'x-amz-security-token-x: a',
      'x-http-method-override: DELETE',
    ];
    const request = await wire(deleteVictim(), (signed) => [...without(signed, 'authorization'), ...lines]);
    expect(await exchange(service.url, text(request))).toContain('MissingAuthenticationTokenException');
  });
});

describe('encoded paths are rejected:', () => {
  test.each([
    '//mac/generate',
    '/./mac/generate',
    '/mac/../mac/generate',
    '/mac/%2e%2e/mac/generate',
    '/mac%2Fgenerate',
    '/mac%252Fgenerate',
    '/mac/generate/',
    '/mac/generate%00',
    '/mac/generate;x=1',
    '/mac\\generate',
    '/MAC/GENERATE',
    '/%6dac/generate%20',
    '/mac/%c0%ae%c0%ae/generate',
    '/mac/generate%',
    '/mac/generate%zz',
    '/PaymentCryptographyControlPlane/DeleteKey/..%2FGetKey',
    '/PaymentCryptographyControlPlane.DeleteKey',
    '/keys/../../etc/passwd/encrypt',
    '/docs/../mac/generate',
    '/healthz/../mac/generate',
  ])('%s without a signature', async (path) => {
    const { host } = new URL(service.url);
    const { body = '' } = mac(attacked.victim);
    const lines = [`host: ${host}`, 'content-type: application/json', `content-length: ${body.length}`];
    const answers = await exchange(service.url, text({ start: `POST ${path} HTTP/1.1`, lines, body }));
    expect(answers).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(answers).not.toContain('"Mac"');
  });

  test('files of the service', async () => {
    for (const path of [
      '/docs/../package.json',
      '/docs/..%2f..%2fpackage.json',
      '/docs/%2e%2e/%2e%2e/package.json',
      '/openapi/../package.json',
      '/docs/....//package.json',
      '/docs//etc/passwd',
    ]) {
      const answer = await exchange(service.url, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, 'end');
      expect([path, statuses(answer)[0]]).toEqual([path, 404]);
      expect(answer).not.toMatch(/"dependencies"|root:/);
    }
  });

  test('an absolute URL in place of the path', async () => {
    const { start, lines, body } = await wire(deleteVictim());
    const absolute = start.replace(' / ', ' http://127.0.0.1:1/ ');
    const answer = await exchange(service.url, text({ start: absolute, lines, body }));
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT'])(
    'the method %s',
    async (method) => {
      const request = await wire(deleteVictim(), (lines) => [...lines, 'connection: close']);
      const start = request.start.replace('POST', method);
      const answer = await exchange(service.url, text({ ...request, start }), 'end');
      expect(statuses(answer)).not.toContain(200);
    },
  );
});

describe('oversized requests are rejected or survived:', () => {
  const head = (lines: string[]) => `POST /mac/generate HTTP/1.1\r\nhost: x\r\n${lines.join('\r\n')}\r\n\r\n`;

  test.each([
    ['a huge length', head(['content-length: 1000000000000']), 413],
    ['a length beyond the range of numbers', head([`content-length: ${'9'.repeat(40)}`]), 400],
    ['a body beyond the limit', head([`content-length: ${BODY_LIMIT + 1}`]) + 'a'.repeat(BODY_LIMIT + 1), 413],
    ['chunks without end', head(['transfer-encoding: chunked']) + `4000\r\n${'a'.repeat(0x4000)}\r\n`.repeat(20), 413],
    ['a huge chunk', head(['transfer-encoding: chunked']) + 'fffffffffffffffff\r\na', 400],
    ['a long header', head([`x-a: ${'a'.repeat(100_000)}`]), 431],
    ['a long Authorization', head([`authorization: AWS4-HMAC-SHA256 ${', '.repeat(100_000)}`]), 431],
    ['many headers', head(Array.from({ length: 20_000 }, (_, i) => `x-${i}: a`)), 431],
    ['a long path', `POST /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
  ])('%s', async (_, bytes, status) => {
    expect(statuses(await exchange(service.url, bytes))).toEqual([status]);
  });

  const MALFORMED = /^(Serialization|Validation)Exception$/;
  const POLLUTION =
    '{"__proto__":{"KeyIdentifier":"alias/victim","polluted":true},"constructor":{"prototype":{"polluted":true}}}';
  test.each([
    ['nested arrays', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, MALFORMED],
    ['nested objects', `${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`, MALFORMED],
    ['a string as long as the body', JSON.stringify({ KeyIdentifier: 'a'.repeat(49_000) }), /^ValidationException$/],
    ['a number beyond the range of numbers', `{"MacLength":1e999}`, MALFORMED],
    ['members of the prototype', POLLUTION, /^ValidationException$/],
  ])('%s', async (_, body, name) => {
    expect(await exception({ path: '/mac/generate', body })).toMatch(name);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('headers and paths that take a long time to parse', async () => {
    for (const value of [`a${' '.repeat(12_000)}b`, 'a '.repeat(6_000), '\t'.repeat(12_000)])
      expect((await service.send({ ...mac(attacked.victim), headers: { 'x-long': `x${value}x` } })).status).toBe(200);
    const path = `/mac/generate?${Array.from({ length: 1_000 }, (_, i) => `a${i}=%2525`).join('&')}`;
    expect((await service.send({ ...mac(attacked.victim), path })).status).toBe(200);
    const { start, ...rest } = await wire(mac(attacked.victim));
    const climbing = start.replace('/mac', `/${'../../'.repeat(3_000)}mac`);
    const answer = await exchange(service.url, text({ start: climbing, ...rest }));
    expect(statuses(answer)).not.toContain(200);
  });
});

describe('two hundred requests for a page in one packet', () => {
  /** Sends the requests and reads all responses. @returns the most memory that buffers took meanwhile, in bytes */
  async function flood(path: string): Promise<number> {
    const { hostname, port } = new URL(service.url);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const socket = connect(Number(port), hostname).on('data', () => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    });
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(199));
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    await once(socket, 'close');
    return most;
  }

  test('share the memory of the page', async () => {
    expect(await flood('/docs/swagger-ui-bundle.js')).toBeLessThan(150e6);
  });

  test('check the database once, if the page is /readyz', async () => {
    const query = jest.spyOn(service.app.get(DataSource), 'query');
    await flood('/readyz');
    const checks = query.mock.calls.filter(([sql]) => sql.includes('transaction_read_only')).length;
    query.mockRestore();
    expect(checks).toBeGreaterThan(0);
    expect(checks).toBeLessThan(10);
  });
});

describe('cross-site requests:', () => {
  test('no response has a CORS header for a page of another origin', async () => {
    const from = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    for (const path of [
      '/',
      '/mac/generate',
      '/admin/users',
      '/docs',
      '/openapi/dataplane.json',
      '/metrics',
      '/healthz',
    ])
      for (const method of ['OPTIONS', 'GET', 'POST']) {
        const { headers } = await sendUnsigned(`${service.url}${path}`, { method, headers: from });
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
  });

  test('the documentation page neither loads from nor sends to other origins, and is in no frame', async () => {
    const { headers } = await sendUnsigned(`${service.url}/docs`, {});
    const policy = headers.get('content-security-policy');
    for (const rule of [/default-src 'none'|default-src 'self'/, /frame-ancestors 'none'/])
      expect(policy).toMatch(rule);
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
  });
});

test('attacks leave the service healthy', () => expectHealthy());
