import { expectKmsError } from '../../../support/kms-keys.js';
import { useService } from '../../../support/api.js';
import { sendUnsigned, target } from '../../../support/service.js';
import { expectFailure } from '../../../support/wire.js';
import { expectXksError } from '../../../support/xks.js';

const service = useService({ KEYBLOCK_BODY_LIMIT_BYTES: '20000' });

describe('Without a signature', () => {
  test.each([
    ['/healthz', 'application/json'],
    ['/readyz', 'application/json'],
    ['/metrics', 'text/plain'],
    ['/console/', 'text/html'],
    ['/docs', 'text/html'],
    ['/docs/page.js', 'text/javascript'],
    ['/docs/swagger-ui-bundle.js', 'text/javascript'],
    ['/docs/aws4fetch.js', 'text/javascript'],
    ['/openapi/controlplane.json', 'application/json'],
    ['/openapi/dataplane.json', 'application/json'],
    ['/openapi/kms.json', 'application/json'],
    ['/openapi/cckm.json', 'application/json'],
    ['/openapi/admin.json', 'application/json'],
  ])('%s responds', async (path, type) => {
    const { status, headers } = await sendUnsigned(`${service.url}${path}`, {});
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(type);
  });

  const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

  test.each([BROWSER, 'text/html', 'application/xhtml+xml, Text/HTML;q=0.9'])(
    '/ leads a browser that accepts %s to the console',
    async (accept) => {
      const lines = service.log.length;
      const response = await sendUnsigned(`${service.url}/`, { headers: { accept }, redirect: 'manual' });
      expect({ status: response.status, text: response.text }).toEqual({ status: 302, text: '' });
      expect(response.headers.get('location')).toBe('/console/');
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
      { headers: { accept: BROWSER, 'x-amz-target': 'DynamoDB_20120810.ListTables' } },
    ],
    ['HTML, with a query', { path: '/?page=1', headers: { accept: BROWSER } }],
    ['HTML, at another path', { path: '/index.html', headers: { accept: BROWSER } }],
    ['HTML, at the folder of the page', { path: '/docs/', headers: { accept: BROWSER } }],
  ])('/ answers as AWS does to a request that accepts %s', async (_, { path = '/', ...init }) => {
    const response = await sendUnsigned(`${service.url}${path}`, { redirect: 'manual', ...init });
    expect(response.status).toBe(404);
    expect(response.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
    expect(response.headers.get('content-type')).toBe(path === '/' ? 'application/x-amz-json-1.0' : 'application/json');
    expect(response.headers.has('location')).toBe(false);
  });

  test('no operation of the OpenAPI documents is served', async () => {
    let operations = 0;
    for (const plane of ['controlplane', 'dataplane', 'kms', 'xks-proxy', 'cckm', 'admin']) {
      const { json } = await sendUnsigned(`${service.url}/openapi/${plane}.json`, {});
      for (const [path, methods] of Object.entries(json['paths'] as object))
        for (const method of Object.keys(methods as object)) {
          const url = `${service.url}${path.replaceAll(/\{\w+\}/g, 'alias%2Fx')}`;
          const response = await sendUnsigned(url, { method: method.toUpperCase() });
          const name = 'MissingAuthenticationTokenException';
          // A request for a token has its credentials in the body.
          if (plane === 'cckm')
            expect(response.status).toBe(path.endsWith('/auth/tokens') && method === 'post' ? 400 : 401);
          else if (plane === 'kms') expectKmsError(response, name, 'Missing Authentication Token');
          else if (plane === 'xks-proxy') expectXksError(response, 401, 'AuthenticationFailedException');
          else expectFailure(response, { status: plane === 'controlplane' ? 400 : 403, name });
          operations++;
        }
    }
    expect(operations).toBe(47 + 56 + 4 + 93 + 39);
  });
});
