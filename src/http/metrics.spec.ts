import perfHooks from 'node:perf_hooks';
import { jest } from '@jest/globals';
import { Metrics } from './metrics.js';

test('leaves out a gauge without labels that has no value', async () => {
  const metrics = new Metrics();
  const values: number[] = [];
  const definition = { name: 'keyblock_example', help: 'An example', labelNames: [] };
  metrics.gauges(definition, () => values.map((value) => [{}, value] as const));
  expect(await metrics.text()).not.toMatch(/^keyblock_example/m);
  values.push(3);
  expect(await metrics.text()).toMatch(/^keyblock_example 3$/m);
  values.pop();
  expect(await metrics.text()).not.toMatch(/^keyblock_example/m);
});

test('counts operations of the same name by service', async () => {
  const metrics = new Metrics();
  metrics.count('payment-cryptography', 'ListKeys', 'ok', 0.002);
  metrics.count('kms', 'ListKeys', 'ok', 0.002);
  metrics.count('kms', 'ListKeys', 'ok', 0.002);
  const text = await metrics.text();
  expect(text).toContain('keyblock_requests_total{service="payment-cryptography",operation="ListKeys",outcome="ok"} 1');
  expect(text).toContain('keyblock_requests_total{service="kms",operation="ListKeys",outcome="ok"} 2');
  expect(text).toContain('keyblock_request_duration_seconds_count{service="kms",operation="ListKeys",outcome="ok"} 2');
});

test('collects the metrics of the process once, however many services run in it', async () => {
  const one = new Metrics();
  const monitor = jest.spyOn(perfHooks, 'monitorEventLoopDelay');
  const other = new Metrics();
  expect(monitor).not.toHaveBeenCalled();
  one.countSignatureFailure('UnrecognizedClientException');
  const failures = 'keyblock_signature_failures_total{reason="UnrecognizedClientException"} 1';
  expect(await one.text()).toContain(failures);
  expect(await other.text()).not.toContain(failures);
  for (const metrics of [one, other])
    expect((await metrics.text()).match(/^nodejs_eventloop_lag_seconds /gm)).toHaveLength(1);
});

test('collects the metrics once for all who ask at the same time', async () => {
  const metrics = new Metrics();
  let times = 0;
  metrics.gauge('keyblock_example', 'An example', () => ++times, 'max');
  const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
  for (const text of texts) expect(text).toMatch(/^keyblock_example 1$/m);
  expect(await metrics.text()).toMatch(/^keyblock_example 2$/m);
});
