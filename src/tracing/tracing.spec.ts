import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { OtlpExporter } from './otlp-exporter.js';
import { endSpan, inSpan, notePast, startTracing, stopTracing, traceRequest, withinRequest } from './tracing.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const HEADERS = { get: () => `00-${TRACE}-b7ad6b7169203331-01` };
const NO_HEADERS = { get: () => undefined };

interface Received {
  spanId: string;
  parentSpanId?: string;
  name: string;
  status: { code?: number };
}

let collector: Server;
let received: Received[];
beforeAll(async () => {
  collector = createServer((request, response) => {
    void text(request).then((body) => {
      const { resourceSpans } = JSON.parse(body) as { resourceSpans: [{ scopeSpans: [{ spans: Received[] }] }] };
      received.push(...resourceSpans[0].scopeSpans[0].spans);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});
afterAll(() => collector.close());
beforeEach(() => (received = []));
afterEach(() => stopTracing());

function start(ratio: number): void {
  const { port } = collector.address() as AddressInfo;
  startTracing(new OtlpExporter(`http://127.0.0.1:${port}/`, {}, { warn: () => undefined }), ratio);
}

test('without tracing, functions run and nothing is recorded', () => {
  expect(traceRequest(HEADERS)).toBeUndefined();
  expect(inSpan('part', 'internal', {}, () => 7)).toBe(7);
  expect(withinRequest(undefined, () => 8)).toBe(8);
  notePast('past', 1, {}, false);
});

test('outside of a recorded request, functions run and nothing is recorded', async () => {
  start(0);
  expect(inSpan('part', 'internal', {}, () => 7)).toBe(7);
  const request = traceRequest(NO_HEADERS);
  expect(request).toEqual({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(withinRequest(request?.span, () => inSpan('part', 'internal', {}, () => 8))).toBe(8);
  await stopTracing();
  expect(received).toEqual([]);
});

test('the ratio counts only for requests without a parent', () => {
  start(0);
  expect(traceRequest(HEADERS)?.span).toBeDefined();
  start(1);
  expect(traceRequest(NO_HEADERS)?.span).toBeDefined();
  expect(traceRequest({ get: () => `00-${TRACE}-b7ad6b7169203331-00` })).toEqual({ traceId: TRACE });
});

test('spans are parts of the span around them, also across promises, and failures are marked and thrown', async () => {
  start(1);
  const { span } = traceRequest(HEADERS)!;
  await withinRequest(span, async () => {
    await inSpan('outer', 'internal', {}, async () => {
      await Promise.resolve();
      expect(() =>
        inSpan('thrown', 'internal', {}, () => {
          throw new Error('thrown');
        }),
      ).toThrow('thrown');
      await expect(inSpan('rejected', 'client', {}, () => Promise.reject(new Error('rejected')))).rejects.toThrow();
      notePast('past', 3, {}, true);
    });
    inSpan('after', 'internal', {}, () => undefined);
  });
  endSpan(span!, {});
  await stopTracing();
  const name = (id?: string) => received.find(({ spanId }) => spanId === id)?.name;
  expect(received.map((each) => [each.name, name(each.parentSpanId), each.status.code])).toEqual([
    ['thrown', 'outer', 2],
    ['rejected', 'outer', 2],
    ['past', 'outer', 2],
    ['outer', 'request', undefined],
    ['after', 'request', undefined],
    ['request', undefined, undefined],
  ]);
});
