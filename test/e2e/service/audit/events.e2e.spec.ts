import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { PrincipalRepository } from '../../../../src/access/principal.repository.js';
import { AuditLog } from '../../../../src/audit/audit-log.js';
import { type AuditEvent, idOf, mac, useAudit } from '../../../support/audit.js';
import { holdKeys } from '../../../support/held-keys.js';
import { CMAC_ATTRIBUTES, MISSING_KEY, createKey, endDeletions } from '../../../support/keys.js';
import { storeRoot } from '../../../support/known-pairs.js';
import { until } from '../../../support/process.js';
import { newWorker } from '../../../support/replication.js';
import { CREDENTIALS, target, sendUnsigned, type RawRequest, type RawResponse } from '../../../support/service.js';

const { service, stored, events, countEvents, eventOf, reports, control, data, rejectEvents, acceptEvents } =
  useAudit();

describe('A call has one event', () => {
  test('when it reads, changes, or uses a key by an alias', async () => {
    const made = await control('CreateKey', {
      KeyAttributes: CMAC_ATTRIBUTES,
      Exportable: true,
      Tags: [{ Key: 'team', Value: 'mac' }],
    });
    const { KeyArn } = made.json['Key'] as { KeyArn: string };
    expect(await eventOf(made)).toMatchObject({
      eventName: 'CreateKey',
      requestParameters: { exportable: true, tags: [{ key: 'team', value: 'mac' }] },
      responseElements: { key: { keyArn: KeyArn } },
      resources: [{ ARN: KeyArn }],
      sourceIPAddress: '127.0.0.1',
    });
    const alias = await control('CreateAlias', { AliasName: 'alias/mac', KeyArn });
    const aliasArn = KeyArn.replace(/key\/.*/, 'alias/mac');
    expect(await eventOf(alias)).toMatchObject({
      responseElements: { alias: { aliasArn } },
      resources: [{ ARN: KeyArn }],
    });
    expect(await eventOf(await control('ListKeys', {}))).toMatchObject({ readOnly: true, resources: [] });
    expect(await eventOf(await data(mac('alias/mac')))).toMatchObject({
      eventName: 'GenerateMac',
      userIdentity: { type: 'Root', accessKeyId: CREDENTIALS.accessKeyId },
      requestParameters: { keyIdentifier: 'alias/mac', generationAttributes: { algorithm: 'CMAC' } },
      resources: [{ ARN: KeyArn }],
    });
  });

  test('when it is rejected, whatever the reason', async () => {
    const refused: [RawResponse, string, Partial<AuditEvent['userIdentity']>, string?][] = [];
    const root = { type: 'Root' };
    const unknown = { type: 'Unknown', accessKeyId: undefined };
    const claimed = { type: 'Unknown', accessKeyId: CREDENTIALS.accessKeyId };
    const { url } = service;
    refused.push(
      [await control('GetKey', { KeyIdentifier: MISSING_KEY }), 'ResourceNotFoundException', root],
      [await control('GetKey', { KeyIdentifier: 7 }), 'SerializationException', root],
      [await control('GetKey', {}), 'ValidationException', root],
      [await service.send({ headers: target('GetKey'), body: '{' }), 'SerializationException', root],
      [await control('CreateKey', {}), 'ValidationException', root],
      [await control('GetKey', {}, { tamper: (sent) => (sent.body = '{ }') }), 'InvalidSignatureException', claimed],
      [await control('GetKey', {}, { signingDate: new Date(0) }), 'InvalidSignatureException', claimed],
      [await control('GetKey', {}, { region: 'mars-west-1' }), 'InvalidSignatureException', claimed],
      [
        await control('GetKey', {}, { credentials: { accessKeyId: 'AKIANOBODYNOBODYNOBO', secretAccessKey: 'x' } }),
        'UnrecognizedClientException',
        { ...claimed, accessKeyId: 'AKIANOBODYNOBODYNOBO' },
      ],
      [
        await sendUnsigned(url, { method: 'POST', headers: target('GetKey') }),
        'MissingAuthenticationTokenException',
        unknown,
      ],
      [
        await sendUnsigned(url, {
          method: 'POST',
          headers: { ...target('GetKey'), authorization: 'AWS4-HMAC-SHA256 Credential=a"b/c' },
        }),
        'IncompleteSignatureException',
        unknown,
      ],
      [await control('Nothing', {}), 'UnknownOperationException', claimed, 'Unknown'],
      [await sendUnsigned(`${url}/nothing`, {}), 'UnknownOperationException', unknown, 'Unknown'],
      [
        await sendUnsigned(`${url}/keys/%ff/encrypt`, { method: 'POST' }),
        'UnknownOperationException',
        unknown,
        'Unknown',
      ],
      [await sendUnsigned(`${url}/mac/generate`, { method: 'GET' }), 'UnknownOperationException', unknown, 'Unknown'],
      [await control('GetKey', { KeyIdentifier: 'x'.repeat(20_000) }), 'RequestEntityTooLargeException', claimed],
    );
    for (const [response, errorCode, userIdentity, eventName] of refused) {
      const event = await eventOf(response);
      expect({ accessKeyId: undefined, ...event.userIdentity }).toMatchObject(userIdentity);
      expect(event).toMatchObject({ errorCode, ...(eventName !== undefined && { eventName }) });
      expect(event.errorMessage).toBe(response.json['message']);
      expect(event.responseElements).toBeNull();
    }
  });

  test('when it is throttled', async () => {
    const responses = await Promise.all(Array.from({ length: 200 }, () => service.send(mac(MISSING_KEY))));
    const throttled = responses.find(({ status }) => status === 429)!;
    expect(await eventOf(throttled)).toMatchObject({ eventName: 'GenerateMac', errorCode: 'ThrottlingException' });
  });

  test('when policies deny it', async () => {
    const principals = service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'clerk');
    const { KeyArn } = await createKey(service);
    const denied = await control(
      'GetKey',
      { KeyIdentifier: KeyArn },
      { credentials: await principals.createAccessKey(arn) },
    );
    expect(await eventOf(denied)).toMatchObject({
      errorCode: 'AccessDeniedException',
      userIdentity: { type: 'IAMUser', arn, userName: 'clerk' },
      resources: [{ ARN: KeyArn }],
    });
  });

  describe('when its caller', () => {
    /** Returns a signed request as bytes for the wire. */
    async function bytesOf(operation: string, input: object): Promise<string> {
      const { headers, body } = await service.sign({ headers: target(operation), body: JSON.stringify(input) });
      const head = { host: new URL(service.url).host, 'content-length': String(Buffer.byteLength(body)), ...headers };
      const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
      return `POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
    }

    const connected = () => connect(Number(new URL(service.url).port), new URL(service.url).hostname);

    /** Waits for `count` more events after the first `before`, and returns them. */
    async function eventsAfter(before: number, count: number) {
      await until(async () => (await countEvents()) >= before + count);
      return (await events()).slice(before);
    }

    test('has reset the connection before the answer', async () => {
      const before = await countEvents();
      const logged = service.log.length;
      const request = await bytesOf('ListKeys', {});
      const connections = 10;
      for (let i = 0; i < connections; i++) {
        const socket = connected();
        socket.write(request);
        socket.once('data', () => socket.write(request, () => socket.resetAndDestroy()));
      }
      const found = await eventsAfter(before, 2 * connections);
      const told = found.map(({ eventName, sourceIPAddress }) => [eventName, sourceIPAddress]);
      expect(told).toEqual(Array.from({ length: 2 * connections }, () => ['ListKeys', '127.0.0.1']));
      expect(service.log.slice(logged).map(({ outcome }) => outcome)).toEqual(told.map(() => 'ok'));
    });

    test('has hung up before the answer', async () => {
      const before = await countEvents();
      const request = await bytesOf('CreateKey', { KeyAttributes: CMAC_ATTRIBUTES, Exportable: true });
      const keys = await holdKeys(service.store);
      const socket = connected();
      socket.write(request);
      await keys.created();
      socket.destroy();
      await once(socket, 'close');
      await keys.release();
      const found = await eventsAfter(before, 1);
      expect(found).toMatchObject([
        { eventName: 'CreateKey', responseElements: { key: { keyArn: expect.any(String) } } },
      ]);
    });
  });
});

test('text from a caller cannot keep the log from being queried', async () => {
  const body = JSON.stringify({ SessionName: '"\0 \ud800 \u2028' });
  const refused = await service.send({ path: '/admin/users/none/sessions', body });
  expect((await eventOf(refused)).requestParameters).toMatchObject({ sessionName: '"\ufffd \ufffd \u2028' });
  const [asked] = await stored.database.query<{ name: string }[]>(
    `SELECT time, event ->> 'eventName' AS name FROM audit_events WHERE event ->> 'requestID' = $1`,
    [idOf(refused)],
  );
  expect(asked!.name).toBe('StartSession');
});

test('requests for health, metrics and documentation have no event', async () => {
  const before = await countEvents();
  for (const path of ['/healthz', '/readyz', '/metrics', '/docs', '/openapi/dataplane.json'])
    expect((await sendUnsigned(`${service.url}${path}`, {})).status).toBe(200);
  expect(await countEvents()).toBe(before);
});

test('actions of the service itself have events as well', async () => {
  const { KeyArn } = await createKey(service);
  await control('AddKeyReplicationRegions', { KeyIdentifier: KeyArn, ReplicationRegions: ['eu-west-1'] });
  await newWorker(service).run();
  const own = async () =>
    (await events()).filter(
      ({ eventType, resources }) => eventType === 'AwsServiceEvent' && resources[0]?.ARN === KeyArn,
    );
  expect(await own()).toMatchObject([
    { eventName: 'SynchronizeMultiRegionKey', serviceEventDetails: { keyArn: KeyArn, replicationRegion: 'eu-west-1' } },
  ]);
  await control('DeleteKey', { KeyIdentifier: KeyArn });
  await endDeletions(service);
  await newWorker(service).run();
  expect((await own()).map(({ eventName }) => eventName)).toEqual([
    'SynchronizeMultiRegionKey',
    'DeleteKey',
    'SynchronizeMultiRegionKey',
  ]);
});

describe('No event has sensitive data', () => {
  interface Document {
    paths: Record<
      string,
      { post: { operationId: string; requestBody?: { content: Record<string, { schema: { $ref: string } }> } } }
    >;
    components: { schemas: Record<string, { example?: object }> };
  }
  interface Model {
    shapes: Record<string, { type: string; sensitive?: boolean; members?: Record<string, { shape: string }> }>;
  }
  const read = (path: string) =>
    JSON.parse(readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')) as unknown;

  /** Members that the models mark as sensitive, and others that are just as private. */
  const SENSITIVE = new Set([
    'RandomNonce',
    'KeySerialNumber',
    'UnpredictableNumber',
    'TransactionAmount',
    'SharedInformation',
  ]);
  for (const name of ['payment-cryptography', 'payment-cryptography-data']) {
    const { shapes } = read(`test/models/${name}.service-2.json`) as Model;
    for (const { members = {} } of Object.values(shapes))
      for (const [member, { shape }] of Object.entries(members))
        if (shapes[shape]?.sensitive && shapes[shape].type === 'string') SENSITIVE.add(member);
  }
  const RANDOM_ID = /(?<=:key\/|(?:im|ex)port-token-)[0-9a-z]{16}/g;
  const isSensitive = (name: string, value: unknown): value is string =>
    SENSITIVE.has(name) && typeof value === 'string';

  test('of a call that succeeds or fails validation', async () => {
    await storeRoot(service);
    const { KeyArn } = await createKey(service);
    const requests: { operation: string; request: Partial<RawRequest>; sent: string[] }[] = [];
    for (const name of ['controlplane', 'dataplane']) {
      const { paths, components } = read(`openapi/${name}.json`) as Document;
      for (const [path, { post }] of Object.entries(paths)) {
        const [content] = Object.values(post.requestBody?.content ?? {});
        const example = components.schemas[content?.schema.$ref.split('/').pop() ?? '']?.example ?? {};
        for (const canary of [undefined, 'CANARY', '4111111111111111']) {
          const sent: string[] = [];
          const body = JSON.stringify(example, (member, value: unknown) => {
            if (/Identifier$|^KeyArn$|^ResourceArn$/.test(member)) return KeyArn;
            if (!isSensitive(member, value)) return value;
            if (value.length > 3 || canary !== undefined) sent.push(canary ?? value);
            return canary ?? value;
          });
          const operation = post.operationId;
          const request = path.startsWith('/Payment')
            ? { headers: target(operation), body }
            : { path: path.replace(/\{\w+\}/, encodeURIComponent(KeyArn)), body };
          requests.push({ operation, request, sent });
        }
      }
    }
    expect(new Set(requests.map(({ operation }) => operation)).size).toBe(47);
    expect(new Set(requests.flatMap(({ sent }) => sent)).size).toBeGreaterThan(15);
    // Throttling lasts only seconds, and the events of throttled calls contain no input.
    const responses = await Promise.all(
      requests.map(({ request }) => (request.headers ? service.send(request) : data(request))),
    );
    const ids = new Set(responses.map(idOf));
    const ofRequests = (await events()).filter(({ requestID }) => ids.has(requestID));
    expect(ofRequests).toHaveLength(requests.length);
    // Random ids may contain the four digits of a value.
    const told = ofRequests.map((event) =>
      JSON.stringify({ ...event, eventID: '', requestID: '', previous: '' }).replace(RANDOM_ID, ''),
    );
    for (const { operation, sent } of requests)
      for (const value of sent)
        expect({ operation, value, told: told.filter((text) => text.includes(value)) }).toEqual({
          operation,
          value,
          told: [],
        });
  });
});

test('calls are rejected while the queue of events is full', async () => {
  const audit = service.app.get(AuditLog);
  const { KeyArn } = await createKey(service);
  await audit.flush();
  const before = await countEvents();
  await rejectEvents();
  for (let i = 0; !audit.isFull; i++) audit.record(`{"eventTime":"2026-02-14T11:12:13Z","eventName":"${i}"}`);
  const stop = await control('StopKeyUsage', { KeyIdentifier: KeyArn });
  expect([stop.status, stop.json['__type']]).toEqual([
    503,
    'com.amazonaws.paymentcryptography#ServiceUnavailableException',
  ]);
  const used = await service.send(mac(KeyArn));
  expect([used.status, used.json['__type']]).toEqual([503, 'InternalServerException']);
  expect((await sendUnsigned(service.url, { method: 'POST' })).status).toBe(503);
  expect((await sendUnsigned(`${service.url}/healthz`, {})).status).toBe(200);
  await acceptEvents();
  await audit.flush();
  expect((await countEvents()) - before).toBe(100_000);
  expect((await data(mac(KeyArn))).status).toBe(200);
  const said = service.log.filter(({ msg }) => msg === 'calls are refused until audit events can be written again');
  expect(said).toHaveLength(1);
});

test('the chain of all these events is unbroken', async () => {
  expect(await reports()).toMatchObject([{ chain: 1, fault: undefined }]);
});
