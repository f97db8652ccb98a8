import { useService } from '../../support/api.js';

const service = useService({ KEYBLOCK_METRICS_PORT: '0' });

test('metrics have a port of their own, and no other has them', async () => {
  expect((await service.send({ path: '/mac/generate', body: '{}' })).status).toBe(400);
  const response = await fetch(service.metricsUrl!);
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(await response.text()).toMatch(/^keyblock_requests_total\{.*operation="GenerateMac"/m);
  expect((await fetch(`${service.url}/metrics`)).status).not.toBe(200);
});

test.each([
  ['another path', '/', {}],
  ['the API', '/mac/generate', { method: 'POST', body: '{}' }],
  ['a path below', '/metrics/x', {}],
  ['a query', '/metrics?x', {}],
  ['another method', '/metrics', { method: 'POST' }],
])('the port serves nothing else: %s', async (_, path, init) => {
  const response = await fetch(new URL(path, service.metricsUrl), init);
  expect([response.status, await response.text()]).toEqual([404, '']);
});
