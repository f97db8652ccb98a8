import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { DataSource } from 'typeorm';
import { resourcesOf } from '../../../src/http/operation.js';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import type { ChainReport } from '../../../src/audit/chain-check.js';
import { verifyTable } from '../../../src/audit/verify.js';
import { MasterKey } from '../../../src/provider/master-key.js';
import { serviceSecret } from '../../../src/provider/service-secret.js';
import { createKey, endDeletions, MISSING_KEY } from '../../support/keys.js';
import { ecParty } from '../../support/import.js';
import { newWorker, stopReplication } from '../../support/replication.js';
import {
  CREDENTIALS,
  type RawRequest,
  type RawResponse,
  sendUnsigned,
  startTestService,
  target,
  type TestService,
} from '../../support/service.js';

interface Event {
  eventName: string;
  eventType: string;
  requestID: string;
  errorCode?: string;
  errorMessage?: string;
  userIdentity: { type: string; arn?: string; accessKeyId?: string; userName?: string };
  requestParameters: Record<string, unknown> | null;
  responseElements: object | null;
  resources: { ARN: string }[];
  sourceIPAddress: string;
  readOnly: boolean;
}

let service: TestService;
let database: DataSource;
beforeAll(async () => {
  service = await startTestService({
    KEYBLOCK_REGIONS: 'us-east-1,eu-west-1',
    KEYBLOCK_BODY_LIMIT_BYTES: '20000',
    KEYBLOCK_CONTROL_PLANE_RATE: '1000',
    KEYBLOCK_DATA_PLANE_RATE: '20',
  });
  database = service.app.get(DataSource);
  await stopReplication(service);
}, 60_000);
afterAll(() => service.stop());

async function events(): Promise<Event[]> {
  await service.app.get(AuditLog).flush();
  const rows = await database.query<{ event: Event }[]>('SELECT event FROM audit_events ORDER BY chain, sequence');
  return rows.map(({ event }) => event);
}

const idOf = (response: RawResponse) => response.headers.get('x-amzn-requestid')!;

/** The one event of a call. */
async function eventOf(response: RawResponse): Promise<Event> {
  const found = (await events()).filter(({ requestID }) => requestID === idOf(response));
  expect(found).toHaveLength(1);
  return found[0]!;
}

async function reports(): Promise<ChainReport[]> {
  const found: ChainReport[] = [];
  const secret = await serviceSecret(database.manager, service.app.get(MasterKey), 'audit');
  await verifyTable(database, secret, (report) => found.push(report));
  return found;
}

const control = (operation: string, input: object, more: Partial<RawRequest> = {}) =>
  service.send({ headers: target(operation), body: JSON.stringify(input), ...more });
/** The data plane lets some calls a second pass. */
const data = async (request: Partial<RawRequest>) => {
  for (;;) {
    const response = await service.send(request);
    if (response.status !== 429) return response;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};
const mac = (KeyIdentifier: string) => ({
  path: '/mac/generate',
  body: JSON.stringify({ KeyIdentifier, MessageData: '3132333435363738', GenerationAttributes: { Algorithm: 'CMAC' } }),
});

const KEY_ATTRIBUTES = {
  KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
  KeyClass: 'SYMMETRIC_KEY',
  KeyAlgorithm: 'AES_128',
  KeyModesOfUse: { Generate: true, Verify: true },
};

describe('a call has one event', () => {
  test('when it reads, changes, or uses a key by an alias', async () => {
    const made = await control('CreateKey', { KeyAttributes: KEY_ATTRIBUTES, Exportable: true, Tags: [{ Key: 'team', Value: 'mac' }] }); // prettier-ignore
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
    expect(await eventOf(alias)).toMatchObject({ responseElements: { alias: { aliasArn } }, resources: [{ ARN: KeyArn }] }); // prettier-ignore
    expect(await eventOf(await control('ListKeys', {}))).toMatchObject({ readOnly: true, resources: [] });
    expect(await eventOf(await data(mac('alias/mac')))).toMatchObject({
      eventName: 'GenerateMac',
      userIdentity: { type: 'Root', accessKeyId: CREDENTIALS.accessKeyId },
      requestParameters: { keyIdentifier: 'alias/mac', generationAttributes: { algorithm: 'CMAC' } },
      resources: [{ ARN: KeyArn }],
    });
  });

  test('when it is refused, whatever for', async () => {
    const refused: [RawResponse, string, Partial<Event['userIdentity']>, string?][] = [];
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
      [await control('GetKey', {}, { credentials: { accessKeyId: 'AKIANOBODYNOBODYNOBO', secretAccessKey: 'x' } }), 'UnrecognizedClientException', { ...claimed, accessKeyId: 'AKIANOBODYNOBODYNOBO' }],
      [await sendUnsigned(url, { method: 'POST', headers: target('GetKey') }), 'MissingAuthenticationTokenException', unknown],
      [await sendUnsigned(url, { method: 'POST', headers: { ...target('GetKey'), authorization: 'AWS4-HMAC-SHA256 Credential=a"b/c' } }), 'IncompleteSignatureException', unknown],
      [await control('Nothing', {}), 'UnknownOperationException', claimed, 'Unknown'],
      [await sendUnsigned(`${url}/nothing`, {}), 'UnknownOperationException', unknown, 'Unknown'],
      [await sendUnsigned(`${url}/keys/%ff/encrypt`, { method: 'POST' }), 'UnknownOperationException', unknown, 'Unknown'],
      [await sendUnsigned(`${url}/mac/generate`, { method: 'GET' }), 'UnknownOperationException', unknown, 'Unknown'],
      [await control('GetKey', { KeyIdentifier: 'x'.repeat(20_000) }), 'RequestEntityTooLargeException', claimed],
    ); // prettier-ignore
    for (const [response, errorCode, userIdentity, eventName] of refused) {
      const event = await eventOf(response);
      expect({ accessKeyId: undefined, ...event.userIdentity }).toMatchObject(userIdentity);
      expect(event).toMatchObject({ errorCode, ...(eventName !== undefined && { eventName }) });
      expect(event.errorMessage).toBe(response.json['message']);
      expect(event.responseElements).toBeNull();
    }
  });

  test('when there are too many of them', async () => {
    const responses = await Promise.all(Array.from({ length: 200 }, () => service.send(mac(MISSING_KEY))));
    const throttled = responses.find(({ status }) => status === 429)!;
    expect(await eventOf(throttled)).toMatchObject({ eventName: 'GenerateMac', errorCode: 'ThrottlingException' });
  });

  test('when policies deny it', async () => {
    const principals = service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'clerk');
    const { KeyArn } = await createKey(service);
    const denied = await control('GetKey', { KeyIdentifier: KeyArn }, { credentials: await principals.createAccessKey(arn) }); // prettier-ignore
    expect(await eventOf(denied)).toMatchObject({
      errorCode: 'AccessDeniedException',
      userIdentity: { type: 'IAMUser', arn, userName: 'clerk' },
      resources: [{ ARN: KeyArn }],
    });
  });

  describe('when who called', () => {
    /** A signed request as it goes over the wire. */
    async function bytesOf(operation: string, input: object): Promise<string> {
      const { headers, body } = await service.sign({ headers: target(operation), body: JSON.stringify(input) });
      const head = { host: new URL(service.url).host, 'content-length': String(Buffer.byteLength(body)), ...headers };
      const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
      return `POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
    }

    const connected = () => connect(Number(new URL(service.url).port), new URL(service.url).hostname);

    /** The events after so many others, when there are so many. */
    async function eventsAfter(before: number, count: number) {
      for (let i = 0; (await events()).length < before + count; i++) {
        if (i > 100) throw new Error('There is no event');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return (await events()).slice(before);
    }

    test('has reset the connection before the answer', async () => {
      const before = (await events()).length;
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
      const before = (await events()).length;
      const input = { KeyAttributes: { ...KEY_ATTRIBUTES, KeyUsage: 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION', KeyClass: 'ASYMMETRIC_KEY_PAIR', KeyAlgorithm: 'RSA_2048', KeyModesOfUse: { Encrypt: true, Decrypt: true } }, Exportable: true }; // prettier-ignore
      await control('CreateKey', input);
      const request = await bytesOf('CreateKey', input);
      const socket = connected();
      socket.write(request, () => setTimeout(() => socket.destroy(), 30));
      const found = await eventsAfter(before, 2);
      expect(found.map(({ eventName }) => eventName)).toEqual(['CreateKey', 'CreateKey']);
    });
  });
});

test('no text that a caller chooses keeps the log from being asked', async () => {
  const body = JSON.stringify({ SessionName: '"\0 \ud800 \u2028' });
  const refused = await service.send({ path: '/admin/users/none/sessions', body });
  expect((await eventOf(refused)).requestParameters).toMatchObject({ sessionName: '"\ufffd \ufffd \u2028' });
  const [asked] = await database.query<{ name: string }[]>(
    `SELECT time, event ->> 'eventName' AS name FROM audit_events WHERE event ->> 'requestID' = $1`,
    [idOf(refused)],
  );
  expect(asked!.name).toBe('StartSession');
});

test('health, metrics and documentation have none', async () => {
  const before = (await events()).length;
  for (const path of ['/healthz', '/readyz', '/metrics', '/docs', '/openapi/dataplane.json'])
    expect((await sendUnsigned(`${service.url}${path}`, {})).status).toBe(200);
  expect(await events()).toHaveLength(before);
});

test('what the service does by itself is told, too', async () => {
  const { KeyArn } = await createKey(service);
  await control('AddKeyReplicationRegions', { KeyIdentifier: KeyArn, ReplicationRegions: ['eu-west-1'] }); // prettier-ignore
  await newWorker(service).run();
  const own = async () =>
    (await events()).filter(({ eventType, resources }) => eventType === 'AwsServiceEvent' && resources[0]?.ARN === KeyArn); // prettier-ignore
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

describe('a change and its event are one transaction', () => {
  const TABLES = ['keys', 'aliases', 'tags', 'resource_policies', 'mpa_team_associations', 'replications', 'default_replication_regions', 'exchange_tokens', 'public_key_certificates']; // prettier-ignore
  const state = async () => {
    const tables = TABLES.map((table) => database.query(`SELECT to_jsonb(${table}) AS row FROM ${table} ORDER BY 1`));
    return JSON.stringify(await Promise.all(tables));
  };
  const team = (name: string) => `arn:aws:mpa:us-east-1:000000000000:approval-team/${name}`;
  const root = ecParty('P-256').text;
  let KeyArn: string;
  let pairs: string[];
  const calls: [operation: string, input: () => object][] = [
    ['CreateKey', () => ({ KeyAttributes: KEY_ATTRIBUTES, Exportable: true, Tags: [{ Key: 'a', Value: 'b' }] })],
    ['ImportKey', () => ({ KeyMaterial: { RootCertificatePublicKey: { KeyAttributes: { KeyUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE', KeyClass: 'PUBLIC_KEY', KeyAlgorithm: 'ECC_NIST_P256', KeyModesOfUse: { Verify: true } }, PublicKeyCertificate: root } } })],
    ['CreateAlias', () => ({ AliasName: 'alias/one', KeyArn })],
    ['UpdateAlias', () => ({ AliasName: 'alias/one' })],
    ['DeleteAlias', () => ({ AliasName: 'alias/one' })],
    ['TagResource', () => ({ ResourceArn: KeyArn, Tags: [{ Key: 'c', Value: 'd' }] })],
    ['UntagResource', () => ({ ResourceArn: KeyArn, TagKeys: ['c'] })],
    ['PutResourcePolicy', () => ({ ResourceArn: KeyArn, Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"payment-cryptography:GenerateMac","Resource":"*"}]}' })],
    ['DeleteResourcePolicy', () => ({ ResourceArn: KeyArn })],
    ['StopKeyUsage', () => ({ KeyIdentifier: KeyArn })],
    ['StartKeyUsage', () => ({ KeyIdentifier: KeyArn })],
    ['EnableDefaultKeyReplicationRegions', () => ({ ReplicationRegions: ['eu-west-1'] })],
    ['DisableDefaultKeyReplicationRegions', () => ({ ReplicationRegions: ['eu-west-1'] })],
    ['AddKeyReplicationRegions', () => ({ KeyIdentifier: KeyArn, ReplicationRegions: ['eu-west-1'] })],
    ['RemoveKeyReplicationRegions', () => ({ KeyIdentifier: KeyArn, ReplicationRegions: ['eu-west-1'] })],
    ['DeleteKey', () => ({ KeyIdentifier: KeyArn })],
    ['RestoreKey', () => ({ KeyIdentifier: KeyArn })],
    ['AssociateMpaTeam', () => ({ Action: 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE', MpaTeamArn: team('one') })],
    ['DisassociateMpaTeam', () => ({ Action: 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE' })],
    ['GetParametersForImport', () => ({ KeyMaterialType: 'TR34_KEY_BLOCK', WrappingKeyAlgorithm: 'RSA_2048' })],
    ['GetParametersForExport', () => ({ KeyMaterialType: 'TR34_KEY_BLOCK', SigningKeyAlgorithm: 'RSA_2048' })],
    ['GetPublicKeyCertificate', () => ({ KeyIdentifier: pairs[0] })],
  ]; // prettier-ignore
  beforeAll(async () => {
    ({ KeyArn } = await createKey(service));
    const pair = { KeyAttributes: { KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT', KeyClass: 'ASYMMETRIC_KEY_PAIR', KeyAlgorithm: 'ECC_NIST_P256', KeyModesOfUse: { DeriveKey: true } }, Exportable: false, DeriveKeyUsage: 'TR31_P0_PIN_ENCRYPTION_KEY' } as const; // prettier-ignore
    pairs = [(await createKey(service, pair)).KeyArn, (await createKey(service, pair)).KeyArn];
    // The authorities are made by the first who needs them, and are the service's own.
    await control('GetPublicKeyCertificate', { KeyIdentifier: pairs[1] });
    await control('GetParametersForImport', { KeyMaterialType: 'TR34_KEY_BLOCK', WrappingKeyAlgorithm: 'RSA_2048' });
    await database.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''refused''; END'`);
  });

  test.each(calls)('%s', async (operation, input) => {
    await service.app.get(AuditLog).flush();
    const before = await state();
    await database.query('CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse()');
    const refused = await control(operation, input());
    await database.query('DROP TRIGGER refuse ON audit_log');
    expect([refused.status, await state()]).toEqual([500, before]);

    const done = await control(operation, input());
    expect(done.status).toBe(200);
    expect(await state()).not.toBe(before);
    expect((await eventOf(done)).errorCode).toBeUndefined();
    expect(await eventOf(refused)).toMatchObject({ errorCode: 'InternalServerException' });
  });

  test('and these are all operations that change something', () => {
    const reads =
      /^(Get(?!Parameters|PublicKeyCertificate)|List|Decrypt|Encrypt|Generate|ReEncrypt|Translate|Verify|ExportKey)/;
    const changing = [...resourcesOf('payment-cryptography').keys()].filter((operation) => !reads.test(operation));
    expect(calls.map(([operation]) => operation).toSorted()).toEqual(changing.toSorted());
  });
});

describe('of the admin API, too, a change and its event are one transaction', () => {
  const state = async () =>
    JSON.stringify(
      await Promise.all(
        ['principals', 'principal_policies', 'access_keys'].map((table) =>
          database.query(`SELECT to_jsonb(${table}) AS row FROM ${table} ORDER BY 1`),
        ),
      ),
    );
  const allow = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'payment-cryptography:*', Resource: '*' }] }; // prettier-ignore
  const user = { kind: 'users', name: 'line-3' };
  let id = '';
  const calls: [name: string, method: string, path: () => string, body: object | undefined, told: object][] = [
    ['CreatePrincipal', 'POST', () => '/admin/users', { Name: 'line-3' }, { kind: 'users', name: 'line-3' }],
    ['PutPrincipalPolicy', 'PUT', () => '/admin/users/line-3/policies/own', allow, { ...user, policy: 'own', version: '2012-10-17', statement: allow.Statement }],
    ['DeletePrincipalPolicy', 'DELETE', () => '/admin/users/line-3/policies/own', undefined, { ...user, policy: 'own' }],
    ['CreateAccessKey', 'POST', () => '/admin/users/line-3/access-keys', undefined, user],
    ['UpdateAccessKey', 'PUT', () => `/admin/users/line-3/access-keys/${id}`, { Status: 'Inactive' }, { ...user, status: 'Inactive' }],
    ['DeleteAccessKey', 'DELETE', () => `/admin/users/line-3/access-keys/${id}`, undefined, user],
    ['CreateAccessKey', 'POST', () => '/admin/users/line-3/access-keys', undefined, user],
    ['RotateAccessKey', 'POST', () => `/admin/users/line-3/access-keys/${id}/rotate`, undefined, user],
    ['StartSession', 'POST', () => '/admin/users/line-3/sessions', {}, { ...user, sessionName: 'session', durationSeconds: 3600 }],
    ['DeletePrincipal', 'DELETE', () => '/admin/users/line-3', undefined, user],
  ]; // prettier-ignore

  test.each(calls)('%s', async (name, method, path, input, told) => {
    const request = { method, path: path(), body: input && JSON.stringify(input) };
    await service.app.get(AuditLog).flush();
    const before = await state();
    await database.query('CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse()');
    const refused = await service.send(request);
    await database.query('DROP TRIGGER refuse ON audit_log');
    expect([refused.status, await state()]).toEqual([500, before]);

    const done = await service.send(request);
    expect([done.status, done.text.includes('rror')]).toEqual([200, false]);
    expect(await state()).not.toBe(before);
    const event = await eventOf(done);
    expect(event).toMatchObject({ eventName: name, eventSource: 'keyblock', eventCategory: 'Management', readOnly: false }); // prettier-ignore
    expect(event.requestParameters).toMatchObject(told);
    const { AccessKeyId, SecretAccessKey, SessionToken } = done.json as Record<string, string | undefined>;
    if (AccessKeyId !== undefined) {
      id = AccessKeyId;
      expect(event.responseElements).toEqual({ accessKey: { accessKeyId: AccessKeyId } });
    }
    for (const secret of [SecretAccessKey, SessionToken])
      if (secret !== undefined) expect(JSON.stringify(await events())).not.toContain(secret);
  });

  test('a policy that is refused says nothing of whose it would be', async () => {
    const policy = { ...allow, kind: 'roles', name: 'other', Name: 'other', Policy: 'other' };
    const refused = await service.send({ method: 'PUT', path: '/admin/users/none/policies/own', body: JSON.stringify(policy) }); // prettier-ignore
    const { requestParameters } = await eventOf(refused);
    expect([refused.status, requestParameters]).toEqual([400, { kind: 'users', name: 'none', policy: 'own', version: '2012-10-17', statement: allow.Statement }]); // prettier-ignore
  });

  test('and these are all of its operations that change something', () => {
    const changing = [...resourcesOf('keyblock').keys()].filter((name) => !/^(Get|List|Explain)/.test(name));
    expect([...new Set(calls.map(([name]) => name))].toSorted()).toEqual(changing.toSorted());
  });
});

describe('no event has anything sensitive', () => {
  interface Document {
    paths: Record<string, { post: { operationId: string; requestBody?: { content: Record<string, { schema: { $ref: string } }> } } }>;
    components: { schemas: Record<string, { example?: object }> };
  } // prettier-ignore
  interface Model {
    shapes: Record<string, { type: string; sensitive?: boolean; members?: Record<string, { shape: string }> }>;
  }
  const read = (path: string) =>
    JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')) as unknown;

  /** Members that the models call sensitive, and others that are as private. */
  const SENSITIVE = new Set(['RandomNonce', 'KeySerialNumber', 'UnpredictableNumber', 'TransactionAmount', 'SharedInformation']); // prettier-ignore
  for (const name of ['payment-cryptography', 'payment-cryptography-data']) {
    const { shapes } = read(`test/models/${name}.service-2.json`) as Model;
    for (const { members = {} } of Object.values(shapes))
      for (const [member, { shape }] of Object.entries(members)) if (shapes[shape]?.sensitive && shapes[shape].type === 'string') SENSITIVE.add(member); // prettier-ignore
  }
  const isSensitive = (name: string, value: unknown): value is string => SENSITIVE.has(name) && typeof value === 'string'; // prettier-ignore

  test('of a call that is served, or refused for what it says', async () => {
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
    // The rate is of seconds, and what it refuses says nothing of the input.
    await Promise.all(requests.map(async ({ request }) => (request.headers ? service.send(request) : data(request))));
    const told = (await events()).map((event) => JSON.stringify({ ...event, eventID: '', requestID: '', previous: '' })); // prettier-ignore
    for (const { operation, sent } of requests)
      for (const value of sent) expect({ operation, value, told: told.filter((text) => text.includes(value)) }).toEqual({ operation, value, told: [] }); // prettier-ignore
  }, 300_000);
});

test('nothing is called while too many events wait to be written', async () => {
  const audit = service.app.get(AuditLog);
  const { KeyArn } = await createKey(service);
  await audit.flush();
  const before = (await events()).length;
  await database.query('CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse()');
  for (let i = 0; !audit.isFull; i++) audit.record(`{"eventTime":"2026-02-14T11:12:13Z","eventName":"${i}"}`);
  const stop = await control('StopKeyUsage', { KeyIdentifier: KeyArn });
  expect([stop.status, stop.json['__type']]).toEqual([
    503,
    'com.amazonaws.paymentcryptography#ServiceUnavailableException',
  ]);
  const used = await service.send(mac(KeyArn));
  expect([used.status, used.json['__type']]).toEqual([500, 'InternalServerException']);
  expect((await sendUnsigned(service.url, { method: 'POST' })).status).toBe(503);
  expect((await sendUnsigned(`${service.url}/healthz`, {})).status).toBe(200);
  await database.query('DROP TRIGGER refuse ON audit_log');
  await audit.flush();
  expect((await events()).length - before).toBe(100_000);
  expect((await data(mac(KeyArn))).status).toBe(200);
  const said = service.log.filter(({ msg }) => msg === 'calls are refused until the database takes audit events again');
  expect(said).toHaveLength(1);
});

test('and all that was told is as it was told', async () => {
  expect(await reports()).toMatchObject([{ chain: 1, fault: undefined }]);
});
