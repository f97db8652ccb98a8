import { useService } from '../../support/api.js';
import { sendUnsigned, startTestService } from '../../support/service.js';

const service = useService({ KEYBLOCK_CONSOLE_LABEL: '<b>"Test" & more</b>', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${service.url}${path}`, { headers, redirect: 'manual' });

/** Returns the names of the files that the page loads. */
async function linked(url: string): Promise<string[]> {
  const { text } = await sendUnsigned(`${url}/console/`, {});
  return [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, name]) => String(name));
}

describe('The files of the console', () => {
  test('are a page that may load nothing but files of its origin, and that nobody may frame', async () => {
    const { headers } = await get('/console/');
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
    });
    expect(headers.has('set-cookie')).toBe(false);
  });

  test('are kept by browsers, because their names change with them', async () => {
    const names = await linked(service.url);
    expect(names.map((name) => name.replace(/-[A-Z0-9]{8}\./, '-*.'))).toEqual([
      'favicon-*.svg',
      'console-*.css',
      'main-*.js',
    ]);
    for (const name of names) {
      const response = await get(`/console/${name}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    }
  });

  test('are compressed for clients that accept it', async () => {
    const [, , script = ''] = await linked(service.url);
    const plain = await (await get(`/console/${script}`, { 'accept-encoding': 'identity' })).text();
    for (const [accepted, sent] of [
      ['gzip, deflate, br', 'br'],
      ['gzip', 'gzip'],
      ['identity', null],
      ['brrr', null],
    ] as const) {
      const response = await get(`/console/${script}`, { 'accept-encoding': accepted });
      expect([accepted, response.headers.get('content-encoding')]).toEqual([accepted, sent]);
      expect(response.headers.get('vary')).toBe('accept-encoding');
      expect(await response.text()).toBe(plain);
    }
  });

  test('contain the deployment as data that cannot become markup', async () => {
    const { text } = await sendUnsigned(`${service.url}/console/`, {});
    expect(text).not.toContain('<b>');
    const [, attribute = ''] = /data-deployment="([^"]*)"/.exec(text) ?? [];
    const json = attribute.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    expect(JSON.parse(json)).toEqual({
      accountId: '000000000000',
      region: 'us-east-1',
      regions: ['us-east-1', 'eu-west-1'],
      label: '<b>"Test" & more</b>',
      workbench: true,
    });
  });

  test('show the label that GetIdentity returns to other clients', async () => {
    const { json } = await service.send({ method: 'GET', path: '/admin/identity', body: '' });
    expect(json['Label']).toBe('<b>"Test" & more</b>');
  });

  test('come with the licences of what they contain', async () => {
    const text = await (await get('/console/licences.txt')).text();
    for (const name of ['preact', '@preact/signals', 'aws4fetch', '@fontsource/ibm-plex-mono'])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+$`, 'm'));
  });

  test('are at /console/', async () => {
    const { status, headers } = await get('/console');
    expect([status, headers.get('location')]).toEqual([302, '/console/']);
  });

  test.each([
    '/console/main.tsx',
    '/console/index.html',
    '/console/../package.json',
    '/console/..%2f..%2fpackage.json',
    '/console/%2e%2e/index.html',
  ])('do not include %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

test('KEYBLOCK_CONSOLE=off serves no file, and leads browsers to the documentation', async () => {
  const names = await linked(service.url);
  const off = await startTestService({ KEYBLOCK_CONSOLE: 'off' });
  try {
    for (const path of ['/console', '/console/', ...names.map((name) => `/console/${name}`)])
      expect([path, (await fetch(`${off.url}${path}`)).status]).toEqual([path, 404]);
    const response = await fetch(off.url, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/docs']);
  } finally {
    await off.stop();
  }
});
