import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import { DataSource } from 'typeorm';
import { createKey, MISSING_KEY } from '../../support/keys.js';
import { startTestService, type TestService, target } from '../../support/service.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const UNSAMPLED = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = 'b7ad6b7169203331';

/** A span as OTLP has it in JSON. */
interface Received {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: string } }[];
  status: { code?: number };
}

let collector: Server;
let service: TestService;
let arn: string;
let answer = 200;
const requests: IncomingMessage[] = [];
const bodies: string[] = [];
const events: Record<string, unknown>[] = [];
const spans = () =>
  bodies.flatMap((body) => {
    const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Received[] }[] }[] };
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  });
const attributesOf = ({ attributes }: Received) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));

async function eventually<T>(find: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await pause(20);
  }
}

beforeAll(async () => {
  collector = createServer((request, response) => {
    requests.push(request);
    void text(request).then((body) => {
      if (answer === 200) bodies.push(body);
      response.writeHead(answer, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  service = await startTestService({ KEYBLOCK_OTLP_ENDPOINT: endpoint, KEYBLOCK_TRACE_RATIO: '0' });
  arn = (await createKey(service)).KeyArn;
  const call = (traceparent: string, body: object) =>
    service.send({ path: '/mac/generate', headers: { traceparent }, body: JSON.stringify(body) });
  const input = { KeyIdentifier: arn, MessageData: '5413330089020011', GenerationAttributes: { Algorithm: 'CMAC' } };
  await call(`00-${TRACE}-${PARENT}-01`, input);
  await call(`00-${TRACE}-${PARENT}-01`, { ...input, KeyIdentifier: MISSING_KEY });
  await call(`00-${UNSAMPLED}-${PARENT}-00`, input);
  await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: arn }));
  await service.send({ headers: { ...target('ListKeys'), traceparent: `00-${TRACE}-${PARENT}-01` } });
  const database: DataSource = service.app.get(DataSource);
  events.push(
    ...(await eventually(async () => {
      const rows = await database.query<{ event: Record<string, unknown> }[]>(
        'SELECT event FROM audit_events ORDER BY chain, sequence',
      );
      return rows.some(({ event }) => event['eventName'] === 'ListKeys') ? rows.map(({ event }) => event) : undefined;
    })),
  );
  await service.stop();
});
afterAll(() => collector.close());

describe('traces', () => {
  test('go to the collector as OTLP in JSON', () => {
    expect(requests.map(({ method, url, headers }) => [method, url, headers['content-type']])).toContainEqual([
      'POST',
      '/v1/traces',
      'application/json',
    ]);
    const [body = ''] = bodies;
    expect(JSON.parse(body)).toMatchObject({
      resourceSpans: [
        {
          resource: {
            attributes: expect.arrayContaining([{ key: 'service.name', value: { stringValue: 'keyblock' } }]),
          },
        },
      ],
    });
  });

  test('have a span for a request, whose parent is the span of the caller', () => {
    const roots = spans().filter(({ name }) => name === 'request');
    expect(roots.map((span) => [span.traceId, span.parentSpanId, span.kind, attributesOf(span)])).toEqual(
      [
        ['GenerateMac', 'ok'],
        ['GenerateMac', 'ResourceNotFoundException'],
        ['ListKeys', 'ok'],
      ].map(([operation, outcome]) => [TRACE, PARENT, 2, { api: 'payment-cryptography', operation, outcome }]),
    );
  });

  test('have the parts of a request below it: key read, queries, provider', () => {
    const all = spans();
    const [root] = all.filter(({ name }) => name === 'request');
    const partsOf = (parent?: Received) => all.filter(({ parentSpanId }) => parentSpanId === parent?.spanId);
    const parts = partsOf(root);
    expect(parts.map(({ name }) => name)).toEqual(expect.arrayContaining(['key read', 'provider']));
    const queries = partsOf(parts.find(({ name }) => name === 'key read'));
    expect(queries.map((span) => [span.name, attributesOf(span)])).toContainEqual([
      'database',
      { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' },
    ]);
    const provider = parts.find(({ name }) => name === 'provider');
    expect(attributesOf(provider!)).toEqual({ keyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY' });
    for (const span of all) expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
  });

  test('are not recorded for a caller that records none, nor beyond the ratio', () => {
    expect(new Set(spans().map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  });

  test('hold no key, no caller and no data', () => {
    const sent = bodies.join();
    for (const secret of [arn, arn.split('/')[1]!, '5413330089020011', ':root', 'AKIA'])
      expect(sent).not.toContain(secret);
  });

  test('are named by the audit events of their requests, recorded or not', () => {
    const traceIdsOf = (name: string) =>
      events.filter(({ eventName }) => eventName === name).map(({ traceId }) => traceId);
    expect(traceIdsOf('GenerateMac')).toEqual([TRACE, TRACE, UNSAMPLED]);
    expect(traceIdsOf('ListKeys')).toEqual([TRACE]);
    expect(traceIdsOf('StopKeyUsage')).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });
});

test('a collector that refuses costs the traces, not the calls, and is logged once', async () => {
  answer = 503;
  const { port } = collector.address() as AddressInfo;
  const other = await startTestService({
    KEYBLOCK_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    KEYBLOCK_TRACE_RATIO: '1',
  });
  const before = requests.length;
  expect((await other.send({ headers: target('ListKeys') })).status).toBe(200);
  await other.stop();
  expect(requests.length).toBeGreaterThan(before);
  expect(other.log.filter(({ msg }) => msg === 'spans could not be sent and are dropped')).toHaveLength(1);
});
