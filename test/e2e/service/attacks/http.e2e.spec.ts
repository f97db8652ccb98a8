import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  CreateAliasCommand,
  GetParametersForImportCommand,
  ListKeysCommand,
  PaymentCryptographyClient,
} from '@aws-sdk/client-payment-cryptography';
import { DataSource } from 'typeorm';
import { type NewAccessKey, PrincipalRepository } from '../../../src/access/principal.repository.js';
import { exchange } from '../../support/exchange.js';
import { type KeyImports, importKeys, keyBlock } from '../../support/import.js';
import { createKey, FAR_KEY, FOREIGN_KEY } from '../../support/keys.js';
import {
  CREDENTIALS,
  type RawRequest,
  REGION,
  type SentRequest,
  sendUnsigned,
  startTestService,
  target,
  type TestService,
} from '../../support/service.js';

const OTHER_REGION = 'us-west-2';
const ACCOUNT = '000000000000';
const BODY_LIMIT = 50_000;
const MESSAGE = '3B313038383439303031';

let service: TestService;
let database: DataSource;
let principals: PrincipalRepository;
/** A key that anybody who isn't its owner is after, with an alias. */
let victim: string;
let before: string;
const slow: Slow[] = [];

beforeAll(async () => {
  service = await startTestService({
    KEYBLOCK_REGIONS: `${REGION},${OTHER_REGION}`,
    KEYBLOCK_BODY_LIMIT_BYTES: String(BODY_LIMIT),
  });
  // They take their time, and so they begin first.
  slow.push(...(await Promise.all(SLOW.map(([, bytes]) => dribble(bytes)))));
  database = service.app.get(DataSource);
  principals = service.app.get(PrincipalRepository);
  victim = (await createKey(service)).KeyArn;
  await service.controlPlane.send(new CreateAliasCommand({ AliasName: 'alias/victim', KeyArn: victim }));
}, 60_000);
afterAll(async () => {
  for (const { socket } of slow) socket.destroy();
  await service.stop();
});

// Whatever is tried: nothing is changed by it, and the service serves.
beforeEach(async () => void (before = await everything()));
afterEach(async () => {
  expect(await everything()).toBe(before);
  expect((await service.send(mac(victim))).status).toBe(200);
});

/** All that a caller could have changed. */
async function everything(): Promise<string> {
  const tables = ['keys', 'aliases', 'tags', 'resource_policies', 'default_replication_regions', 'replications', 'mpa_team_associations', 'principals', 'principal_policies']; // prettier-ignore
  const rows = await Promise.all(
    tables.map((table) => database.query(`SELECT row_to_json(t)::text AS row FROM ${table} t ORDER BY 1`)),
  );
  return JSON.stringify(rows);
}

const mac = (KeyIdentifier: string): Partial<RawRequest> => ({
  path: '/mac/generate',
  body: JSON.stringify({ KeyIdentifier, MessageData: MESSAGE, GenerationAttributes: { Algorithm: 'CMAC' } }),
});
const control = (operation: string, input: object, more: Partial<RawRequest> = {}): Partial<RawRequest> => ({
  headers: target(operation),
  body: JSON.stringify(input),
  ...more,
});
const aKey = { KeyAttributes: { KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY', KeyClass: 'SYMMETRIC_KEY', KeyAlgorithm: 'AES_128', KeyModesOfUse: { Generate: true, Verify: true } }, Exportable: true }; // prettier-ignore
const createAKey = control('CreateKey', aKey);
const deleteVictim = () => control('DeleteKey', { KeyIdentifier: victim });

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
/** A user with a policy, and an access key to sign with. */
async function user(name: string, ...statements: object[]): Promise<NewAccessKey> {
  const { arn } = await principals.create('user', name);
  await principals.putPolicy(arn, 'own', policy(...statements));
  return principals.createAccessKey(arn);
}

/** The name of the exception that a request ends in. */
async function exception(request: Partial<RawRequest>): Promise<string> {
  const { status, headers } = await service.send(request);
  expect(status).not.toBe(200);
  return headers.get('x-amzn-errortype') ?? `${status}`;
}

const drop = (name: string) => (sent: SentRequest) => {
  sent.headers = Object.fromEntries(Object.entries(sent.headers).filter(([key]) => key !== name));
};
const header = (name: string, change: (value: string) => string) => (sent: SentRequest) => {
  sent.headers[name] = change(sent.headers[name] ?? '');
};
const authorization = (change: (value: string) => string) => header('authorization', change);

/** A signed request as it goes over the wire; `lines` are those of its head after the first. */
async function wire(request: Partial<RawRequest>, change: (lines: string[]) => string[] = (lines) => lines) {
  const { path, headers, body } = await service.sign(request);
  const lines = [
    `host: ${new URL(service.url).host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return { start: `POST ${path} HTTP/1.1`, lines: change(lines), body };
}
const text = ({ start, lines, body }: Awaited<ReturnType<typeof wire>>) =>
  `${[start, ...lines].join('\r\n')}\r\n\r\n${body}`;

/** Statuses of all answers that came on one connection. */
const statuses = (answers: string) => [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

test('what is attacked here works for its owner', async () => {
  expect(statuses(await exchange(service.url, text(await wire(mac(victim)))))).toEqual([200]);
  expect((await service.send(mac('alias/victim'))).status).toBe(200);
});

describe('unsigned', () => {
  test.each<[what: string, name: string, tamper: RawRequest['tamper']]>([
    ['no Authorization', 'MissingAuthenticationTokenException', drop('authorization')],
    ['an empty Authorization', 'IncompleteSignatureException', authorization(() => '')],
    ['Basic', 'IncompleteSignatureException', authorization(() => `Basic ${Buffer.from('root:root').toString('base64')}`)],
    ['Bearer', 'IncompleteSignatureException', authorization(() => 'Bearer eyJhbGciOiJub25lIn0.e30.')],
    ['no signature', 'IncompleteSignatureException', authorization((value) => value.replace(/Signature=.*/, ''))],
    ['an empty signature', 'IncompleteSignatureException', authorization((value) => value.replace(/Signature=.*/, 'Signature='))],
    ['a signature of zeros', 'InvalidSignatureException', authorization((value) => value.replace(/Signature=.*/, `Signature=${'0'.repeat(64)}`))],
    ['a signature cut short', 'IncompleteSignatureException', authorization((value) => value.slice(0, -2))],
    ['two signatures', 'InvalidSignatureException', authorization((value) => value.replace(/Signature=/, `Signature=${'0'.repeat(64)}, Signature=`))],
    ['the signature in upper case', 'IncompleteSignatureException', authorization((value) => value.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase().replace(/^\d+$/, 'A')))],
    ['another algorithm', 'IncompleteSignatureException', authorization((value) => value.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'))],
    ['an algorithm of public keys', 'IncompleteSignatureException', authorization((value) => value.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'))],
    ['nobody', 'UnrecognizedClientException', authorization((value) => value.replace(/Credential=[^/]+/, 'Credential=AKIAAAAAAAAAAAAAAAAA'))],
    ['a name that every object has', 'UnrecognizedClientException', authorization((value) => value.replace(/Credential=[^/]+/, 'Credential=__proto__'))],
    ['SQL for a name', 'UnrecognizedClientException', authorization((value) => value.replace(/Credential=[^/]+/, `Credential='OR'1'='1`))],
    ['no header that is signed', 'IncompleteSignatureException', authorization((value) => value.replace(/SignedHeaders=[^,]+/, 'SignedHeaders=host'))],
    ['an unsigned payload', 'InvalidSignatureException', header('x-amz-content-sha256', () => 'UNSIGNED-PAYLOAD')],
    ['a streaming payload', 'InvalidSignatureException', header('x-amz-content-sha256', () => 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD')],
    ['the signature in the query', 'MissingAuthenticationTokenException', (sent) => {
      // The root path has no query: it would be no operation.
      sent.path = sent.path.replace(/^\/$/, '/PaymentCryptographyControlPlane/CreateKey');
      const [, credential, signed, signature] = /Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)/.exec(sent.headers['authorization']!)!;
      sent.path += `?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(credential!)}&X-Amz-SignedHeaders=${signed}&X-Amz-Signature=${signature}`;
      drop('authorization')(sent);
    }],
  ])('%s: %s', async (_, name, tamper) => {
    const path = '/PaymentCryptographyControlPlane/CreateKey';
    for (const request of [createAKey, { ...createAKey, path, headers: {} }, mac(victim)])
      expect(await exception({ ...request, tamper })).toBe(name);
  }); // prettier-ignore

  test.each([
    ['an empty secret', { ...CREDENTIALS, secretAccessKey: '' }],
    ['the access key for a secret', { ...CREDENTIALS, secretAccessKey: CREDENTIALS.accessKeyId }],
    ['a secret of another case', { ...CREDENTIALS, secretAccessKey: CREDENTIALS.secretAccessKey.toUpperCase() }],
  ])('%s', async (_, credentials) => {
    expect(await exception({ ...createAKey, credentials })).toBe('InvalidSignatureException');
  });

  test('a user’s secret with the root’s access key', async () => {
    const { secretAccessKey } = await user('somebody', { Effect: 'Allow', Action: '*', Resource: '*' });
    const credentials = { ...CREDENTIALS, secretAccessKey };
    before = await everything();
    expect(await exception({ ...createAKey, credentials })).toBe('InvalidSignatureException');
  });
});

describe('replayed and altered', () => {
  test('a request whose time is over, or has not come', async () => {
    for (const minutes of [-6, 6]) {
      const signingDate = new Date(Date.now() + minutes * 60_000);
      expect(await exception({ ...createAKey, signingDate })).toBe('InvalidSignatureException');
    }
  });

  test('a request with a new date', async () => {
    const signingDate = new Date(Date.now() - 3_600_000);
    const now = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
    expect(await exception({ ...createAKey, signingDate, tamper: header('x-amz-date', () => now) })).toBe('InvalidSignatureException'); // prettier-ignore
  });

  test.each<[string, RawRequest['tamper']]>([
    ['body', (sent) => (sent.body = sent.body.replace('"Exportable":true', '"Exportable":false'))],
    [
      'body, and what it claims of it',
      (sent) => {
        sent.body += ' ';
        drop('x-amz-content-sha256')(sent);
      },
    ],
    ['target', header('x-amz-target', () => target('ImportKey')['x-amz-target'])],
    ['path', (sent) => (sent.path = '/PaymentCryptographyControlPlane/CreateKey')],
    ['Region of the scope', authorization((value) => value.replace(REGION, OTHER_REGION))],
    ['service of the scope', authorization((value) => value.replace('/payment-cryptography/', '/kms/'))],
    ['date of the scope', authorization((value) => value.replace(/\/\d{8}\//, '/20200101/'))],
    ['signed headers', authorization((value) => value.replace(';x-amz-target', ''))],
  ])('another %s under a good signature', async (_, tamper) => {
    expect(await exception({ ...createAKey, tamper })).toMatch(/^(Invalid|Incomplete)SignatureException$/);
  });

  test('a query that was not signed', async () => {
    const tamper = (sent: SentRequest) => void (sent.path += '?a=b');
    expect(await exception({ ...mac(victim), tamper })).toBe('InvalidSignatureException');
  });

  test('a call of the data plane turned into one of the control plane', async () => {
    const tamper = header('x-amz-target', () => target('DeleteKey')['x-amz-target']);
    const body = JSON.stringify({ KeyIdentifier: victim });
    expect(await exception({ path: '/', body, tamper })).toBe('IncompleteSignatureException');
    // A target counts at the root path only.
    expect(await exception({ ...mac(victim), path: '/mac/verify', headers: target('DeleteKey') })).toBe('ValidationException'); // prettier-ignore
  });

  test('a signature for another host', async () => {
    const { path, headers, body } = await service.sign(createAKey);
    const lines = Object.entries({ host: 'payment-cryptography.us-east-1.amazonaws.com', ...headers }).map((line) => line.join(': ')); // prettier-ignore
    const bytes = `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    expect(await exchange(service.url, bytes)).toMatch(/^HTTP\/1\.1 400[^]*InvalidSignatureException/);
  });
});

describe('cross-Region', () => {
  const elsewhere = { region: OTHER_REGION };

  test('a Region that is not served', async () => {
    expect(await exception({ ...createAKey, region: 'eu-central-1' })).toBe('InvalidSignatureException');
  });

  test('a key of another Region by its ARN, its alias, and its alias’ ARN', async () => {
    const alias = `arn:aws:payment-cryptography:${REGION}:${ACCOUNT}:alias/victim`;
    for (const identifier of [victim, 'alias/victim', alias]) {
      expect(await exception({ ...mac(identifier), ...elsewhere })).toBe('ResourceNotFoundException');
      expect(await exception(control('DeleteKey', { KeyIdentifier: identifier }, elsewhere))).toBe('ResourceNotFoundException'); // prettier-ignore
    }
    expect(await exception(control('CreateAlias', { AliasName: 'alias/mine', KeyArn: victim }, elsewhere))).toBe('ResourceNotFoundException'); // prettier-ignore
    expect(await exception(mac(FAR_KEY))).toBe('ResourceNotFoundException');
    expect(await exception(mac(victim.replace(REGION, OTHER_REGION)))).toBe('ResourceNotFoundException');
  });
});

describe('cross-account', () => {
  test('keys and aliases of another account, that may be there or not', async () => {
    const theirs = [FOREIGN_KEY, victim.replace(ACCOUNT, '111111111111'), `arn:aws:payment-cryptography:${REGION}:111111111111:alias/victim`]; // prettier-ignore
    for (const identifier of theirs) {
      expect(await exception(mac(identifier))).toBe('AccessDeniedException');
      for (const operation of ['GetKey', 'DeleteKey', 'StopKeyUsage'])
        expect(await exception(control(operation, { KeyIdentifier: identifier }))).toBe('AccessDeniedException');
    }
    for (const [operation, input] of [
      ['PutResourcePolicy', { ResourceArn: FOREIGN_KEY, Policy: '{}' }],
      ['TagResource', { ResourceArn: FOREIGN_KEY, Tags: [{ Key: 'a', Value: 'b' }] }],
    ] as const)
      expect([operation, await exception(control(operation, input))]).toEqual([operation, 'AccessDeniedException']);
    const alias = { AliasName: 'alias/theirs', KeyArn: FOREIGN_KEY };
    expect(await exception(control('CreateAlias', alias))).toBe('ResourceNotFoundException');
  });

  test('another partition, and ARNs that only look like one', async () => {
    for (const identifier of [
      victim.replace('arn:aws:', 'arn:aws-cn:'),
      victim.replace('payment-cryptography', 'kms'),
      victim.toUpperCase(),
      ` ${victim}`,
      `${victim}/../${victim.slice(-16)}`,
      `${victim}\u0000`,
      victim.replace('key/', 'key%2F'),
    ])
      expect(await exception(mac(identifier))).toMatch(/^(Validation|ResourceNotFound)Exception$/);
  });
});

describe('header-smuggled', () => {
  const hidden = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n';
  type Change = (lines: string[], body: string) => { lines: string[]; body: string };
  const without = (lines: string[], name: string) => lines.filter((line) => !line.startsWith(`${name}:`));

  test.each<[string, Change]>([
    ['length and chunks', (lines, body) => ({ lines: [...lines, 'transfer-encoding: chunked'], body: `0\r\n\r\n${body}` })],
    ['chunks spelled otherwise', (lines, body) => ({ lines: [...lines, 'transfer-encoding: xchunked'], body })],
    ['chunks twice', (lines, body) => ({ lines: [...without(lines, 'content-length'), 'transfer-encoding: chunked', 'transfer-encoding: identity'], body })],
    ['two lengths', (lines, body) => ({ lines: [...lines, 'content-length: 0'], body })],
    ['a list of lengths', (lines, body) => ({ lines: [...without(lines, 'content-length'), `content-length: ${body.length}, 0`], body })],
    ['a length with a sign', (lines, body) => ({ lines: [...without(lines, 'content-length'), `content-length: +${body.length}`], body })],
    ['a length in hexadecimal', (lines, body) => ({ lines: [...without(lines, 'content-length'), `content-length: 0x${body.length.toString(16)}`], body })],
    ['a space before a colon', (lines, body) => ({ lines: lines.map((line) => line.replace(/^content-length:/, 'content-length :')), body })],
    ['a folded line', (lines, body) => ({ lines: [...lines, 'x-folded: a', ' x-amz-target: b'], body })],
    ['a bare line feed', (lines, body) => ({ lines: [...lines, 'x-a: b\nx-amz-target: c'], body })],
    ['a NUL in a value', (lines, body) => ({ lines: [...lines, 'x-a: b\u0000c'], body })],
    ['two hosts', (lines, body) => ({ lines: [...lines, 'host: other'], body })],
    ['no host', (lines, body) => ({ lines: without(lines, 'host'), body })],
  ])('%s', async (_, change) => {
    const request = await wire(deleteVictim());
    const { lines, body } = change(request.lines, request.body);
    const answers = await exchange(service.url, text({ ...request, lines, body }) + hidden);
    expect(answers).toMatch(/^HTTP\/1\.1 400/);
  }); // prettier-ignore

  test.each(['authorization', 'x-amz-date', 'x-amz-target', 'host'])('two of %s, whichever comes first', async (name) => {
    for (const first of [true, false]) {
      const double = name === 'x-amz-target' ? `${name}: ${target('ListKeys')['x-amz-target']}` : `${name}: x`;
      const request = await wire(deleteVictim(), (lines) => (first ? [double, ...lines] : [...lines, double]));
      expect(statuses(await exchange(service.url, text(request)))).not.toContain(200);
    }
  }); // prettier-ignore

  test('a request within the body of another', async () => {
    const inner = text(await wire(deleteVictim())).replace(/authorization: .*\r\n/, '');
    const body = JSON.stringify({ KeyIdentifier: victim, MessageData: MESSAGE, GenerationAttributes: { Algorithm: 'CMAC' }, inner }); // prettier-ignore
    const answers = await exchange(service.url, text(await wire({ path: '/mac/generate', body })));
    expect(statuses(answers)).toEqual([200]);
  });

  test('a second request behind the first is asked for its own signature', async () => {
    const first = text(await wire(mac(victim)));
    const second = text(await wire(deleteVictim(), (lines) => [...lines.filter((line) => !line.startsWith('authorization')), 'connection: close'])); // prettier-ignore
    expect(statuses(await exchange(service.url, first + second, 'end'))).toEqual([200, 400]);
  });

  test('headers that tell who calls to others', async () => {
    const lines = ['x-forwarded-for: 127.0.0.1', 'x-forwarded-user: root', 'x-amz-security-token-x: a', 'x-http-method-override: DELETE']; // prettier-ignore
    const request = await wire(deleteVictim(), (signed) => [...signed.filter((line) => !line.startsWith('authorization')), ...lines]); // prettier-ignore
    expect(await exchange(service.url, text(request))).toContain('MissingAuthenticationTokenException');
  });
});

describe('path-encoded', () => {
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
  ])('%s without a signature reaches nothing', async (path) => {
    const { host } = new URL(service.url);
    const { body = '' } = mac(victim);
    const answers = await exchange(service.url, `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`); // prettier-ignore
    expect(answers).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(answers).not.toContain('"Mac"');
  });

  test('files of the service', async () => {
    for (const path of ['/docs/../package.json', '/docs/..%2f..%2fpackage.json', '/docs/%2e%2e/%2e%2e/package.json', '/openapi/../package.json', '/docs/....//package.json', '/docs//etc/passwd']) {
      const answer = await exchange(service.url, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, 'end');
      expect([path, statuses(answer)[0]]).toEqual([path, 404]);
      expect(answer).not.toMatch(/"dependencies"|root:/);
    }
  }); // prettier-ignore

  test('a whole URL for a path', async () => {
    const { start, lines, body } = await wire(deleteVictim());
    const answer = await exchange(service.url, text({ start: start.replace(' / ', ' http://127.0.0.1:1/ '), lines, body })); // prettier-ignore
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT'])('the method %s', async (method) => {
    const { start, lines, body } = await wire(deleteVictim());
    const answer = await exchange(service.url, text({ start: start.replace('POST', method), lines: [...lines, 'connection: close'], body }), 'end'); // prettier-ignore
    expect(statuses(answer)).not.toContain(200);
  }); // prettier-ignore
});

describe('oversized', () => {
  const head = (lines: string[]) => `POST /mac/generate HTTP/1.1\r\nhost: x\r\n${lines.join('\r\n')}\r\n\r\n`;

  test.each([
    ['a length beyond all bounds', head(['content-length: 1000000000000']), 413],
    ['a length that no number holds', head([`content-length: ${'9'.repeat(40)}`]), 400],
    ['a body beyond its limit', head([`content-length: ${BODY_LIMIT + 1}`]) + 'a'.repeat(BODY_LIMIT + 1), 413],
    ['chunks without end', head(['transfer-encoding: chunked']) + `4000\r\n${'a'.repeat(0x4000)}\r\n`.repeat(20), 413],
    ['a chunk beyond all bounds', head(['transfer-encoding: chunked']) + 'fffffffffffffffff\r\na', 400],
    ['a long header', head([`x-a: ${'a'.repeat(100_000)}`]), 431],
    ['a long Authorization', head([`authorization: AWS4-HMAC-SHA256 ${', '.repeat(100_000)}`]), 431],
    ['many headers', head(Array.from({ length: 20_000 }, (_, i) => `x-${i}: a`)), 431],
    ['a long path', `POST /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
  ])('%s', async (_, bytes, status) => {
    expect(statuses(await exchange(service.url, bytes))).toEqual([status]);
  });

  test.each([
    ['arrays within arrays', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, /^(Serialization|Validation)Exception$/],
    ['objects within objects', `${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`, /^(Serialization|Validation)Exception$/],
    ['a string of the whole body', JSON.stringify({ KeyIdentifier: 'a'.repeat(49_000) }), /^ValidationException$/],
    ['a number beyond all bounds', `{"MacLength":1e999}`, /^(Serialization|Validation)Exception$/],
    ['members that every object has', `{"__proto__":{"KeyIdentifier":"alias/victim","polluted":true},"constructor":{"prototype":{"polluted":true}}}`, /^ValidationException$/],
  ])('%s', async (_, body, name) => {
    expect(await exception({ path: '/mac/generate', body })).toMatch(name);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  }); // prettier-ignore

  test('headers that take long to read', async () => {
    for (const value of [`a${' '.repeat(12_000)}b`, 'a '.repeat(6_000), '\t'.repeat(12_000)])
      expect((await service.send({ ...mac(victim), headers: { 'x-long': `x${value}x` } })).status).toBe(200);
    const path = `/mac/generate?${Array.from({ length: 1_000 }, (_, i) => `a${i}=%2525`).join('&')}`;
    expect((await service.send({ ...mac(victim), path })).status).toBe(200);
    const { start, ...rest } = await wire(mac(victim));
    const answer = await exchange(service.url, text({ start: start.replace('/mac', `/${'../../'.repeat(3_000)}mac`), ...rest })); // prettier-ignore
    expect(statuses(answer)).not.toContain(200);
  });
});

describe('token-forged', () => {
  const flipped = (token: string) =>
    Array.from({ length: 24 }, (_, i) => {
      const bytes = Buffer.from(token, 'base64url');
      const at = Math.floor((i * bytes.length) / 24);
      bytes[at]! ^= 1;
      return bytes.toString('base64url');
    });

  test('a page token that is edited, made up, or of another list or Region', async () => {
    await createKey(service);
    before = await everything();
    const { NextToken } = await service.controlPlane.send(new ListKeysCommand({ MaxResults: 1 }));
    expect((await service.send(control('ListKeys', { NextToken }))).status).toBe(200);
    for (const forged of [
      ...flipped(NextToken!),
      NextToken!.slice(0, -2),
      `${NextToken!}AA`,
      'AAAA',
      Buffer.from('0').toString('base64url'),
    ])
      // prettier-ignore
      expect(await exception(control('ListKeys', { NextToken: forged }))).toBe('ValidationException');
    expect(await exception(control('ListAliases', { NextToken }))).toBe('ValidationException');
    expect(await exception(control('ListKeys', { NextToken, KeyState: 'DELETE_PENDING' }))).toBe('ValidationException');
    expect(await exception(control('ListKeys', { NextToken }, { region: OTHER_REGION }))).toBe('ValidationException');
  });

  test('a session token that is edited, another’s, missing, or brought by who has none', async () => {
    const { arn } = await principals.create('role', 'session');
    await principals.putPolicy(arn, 'all', policy({ Effect: 'Allow', Action: '*', Resource: '*' }));
    const sessions = await Promise.all(['one', 'two'].map((name) => principals.startSession(arn, name, 900)));
    before = await everything();
    const [one, two] = sessions.map(({ session, ...key }) => ({ ...key, sessionToken: session!.token }));
    expect((await service.send({ ...mac(victim), credentials: one! })).status).toBe(200);
    for (const credentials of [
      ...flipped(Buffer.from(one!.sessionToken, 'base64').toString('base64url')).map((token) => ({ ...one!, sessionToken: Buffer.from(token, 'base64url').toString('base64') })),
      { ...one!, sessionToken: two!.sessionToken },
      { accessKeyId: one!.accessKeyId, secretAccessKey: one!.secretAccessKey },
      { ...CREDENTIALS, sessionToken: one!.sessionToken },
    ]) expect(await exception({ ...mac(victim), credentials })).toBe('UnrecognizedClientException'); // prettier-ignore
    expect(await exception({ ...mac(victim), credentials: { ...one!, secretAccessKey: two!.secretAccessKey } })).toBe('InvalidSignatureException'); // prettier-ignore
    const parts = {
      ...mac(victim),
      credentials: one!,
      tamper: header('x-amz-security-token', () => two!.sessionToken),
    };
    expect(await exception(parts)).toBe('UnrecognizedClientException');
  });

  test('an import token that is made up, of another Region, or for something else', async () => {
    const { ImportToken } = await service.controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' }),
    );
    const cryptogram = (token: string) => ({
      KeyMaterial: {
        KeyCryptogram: { ...aKey, ImportToken: token, WrappedKeyCryptogram: 'AB'.repeat(256), WrappingSpec: 'RSA_OAEP_SHA_256' },
      },
    }); // prettier-ignore
    for (const token of ['import-token-0000000000000000', `${ImportToken!.slice(0, -1)}_`, ImportToken!.toUpperCase()])
      expect(await exception(control('ImportKey', cryptogram(token)))).toMatch(
        /^(Validation|ResourceNotFound)Exception$/,
      );
    expect(await exception(control('ImportKey', cryptogram(ImportToken!), { region: OTHER_REGION }))).toMatch(/^(Validation|ResourceNotFound)Exception$/); // prettier-ignore
    const tr34 = { KeyMaterial: { Tr34KeyBlock: { ImportToken, CertificateAuthorityPublicKeyIdentifier: victim, SigningKeyCertificate: 'AAAA', WrappedKeyBlock: '3080', KeyBlockFormat: 'X9_TR34_2012' } } }; // prettier-ignore
    expect(await exception(control('ImportKey', tr34))).toMatch(/^(Validation|ResourceNotFound)Exception$/);
  });
});

/** A user who may do everything with keys of his own, and nothing with others'. */
describe('confused deputy', () => {
  let imports: KeyImports;
  let credentials: NewAccessKey;
  let own: Record<'mac' | 'kek' | 'pek' | 'data', string>;
  let others: Record<'kek' | 'pek' | 'data', string>;
  const pek = { usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm: 'TDES_2KEY', modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] } as const; // prettier-ignore
  const data = { usage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', algorithm: 'AES_128', modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] } as const; // prettier-ignore
  const kek = { usage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY', algorithm: 'AES_128', modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] } as const; // prettier-ignore
  const PEK = '0123456789ABCDEFFEDCBA9876543210';
  /** The PIN 1234 for the PAN 4123451234567890 in format 0. */
  const PIN_BLOCK = createCipheriv('des-ede', Buffer.from(PEK, 'hex'), null).setAutoPadding(false).update('041200AEDCBA9876', 'hex', 'hex').toUpperCase(); // prettier-ignore
  const CLEAR = {
    kek: Buffer.from('00112233445566778899AABBCCDDEEFF', 'hex'),
    data: 'FEDCBA98765432100123456789ABCDEF',
  };

  beforeAll(async () => {
    imports = await importKeys(service);
    const make = async () => ({
      pek: (await imports.importKey({ ...pek, clear: PEK })).KeyArn,
      data: (await imports.importKey({ ...data, clear: CLEAR.data })).KeyArn,
      kek: (await imports.importKey({ ...kek, clear: CLEAR.kek })).KeyArn,
    });
    own = { ...(await make()), mac: (await createKey(service)).KeyArn };
    others = await make();
    const keks = { 'payment-cryptography:WrappingKeyIdentifier': [own.kek] };
    credentials = await user(
      'deputy',
      { Effect: 'Allow', Action: '*', Resource: [...Object.values(own), 'arn:aws:payment-cryptography:*:*:alias/deputy/*'] },
      { Effect: 'Allow', Action: 'payment-cryptography:ImportKey', Resource: '*', Condition: { StringEquals: keks } },
    ); // prettier-ignore
  });

  const denied = async (request: Partial<RawRequest>) =>
    expect(await exception({ ...request, credentials })).toBe('AccessDeniedException');
  const allowed = async (request: Partial<RawRequest>) =>
    expect((await service.send({ ...request, credentials })).status).toBe(200);

  test('may use what is his', async () => {
    await allowed(mac(own.mac));
    await allowed(translate(own.pek, own.pek));
    await allowed(control('ExportKey', { ExportKeyIdentifier: own.data, KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: own.kek } } })); // prettier-ignore
    await allowed(encrypt('WrappedKey', own.kek));
  });

  test('another’s key by ARN, alias and alias ARN', async () => {
    for (const identifier of [
      victim,
      'alias/victim',
      `arn:aws:payment-cryptography:${REGION}:${ACCOUNT}:alias/victim`,
    ]) {
      await denied(mac(identifier));
      for (const operation of ['GetKey', 'DeleteKey', 'StopKeyUsage', 'StartKeyUsage', 'RestoreKey'])
        await denied(control(operation, { KeyIdentifier: identifier }));
    }
    for (const operation of ['ListKeys', 'ListAliases', 'GetDefaultKeyReplicationRegions']) await denied(control(operation, {})); // prettier-ignore
  });

  test('another’s key by an alias of one’s own', async () => {
    await denied(control('CreateAlias', { AliasName: 'alias/deputy/a', KeyArn: victim }));
    await denied(control('UpdateAlias', { AliasName: 'alias/victim', KeyArn: own.mac }));
    await denied(control('UpdateAlias', { AliasName: 'alias/deputy/a', KeyArn: victim }));
    await denied(control('DeleteAlias', { AliasName: 'alias/victim' }));
  });

  test('another’s key by a tag or a policy that one gives it', async () => {
    await denied(control('TagResource', { ResourceArn: victim, Tags: [{ Key: 'owner', Value: 'deputy' }] }));
    await denied(control('UntagResource', { ResourceArn: victim, TagKeys: ['owner'] }));
    const Policy = policy({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: '*', Resource: '*' });
    await denied(control('PutResourcePolicy', { ResourceArn: victim, Policy }));
    await denied(control('DeleteResourcePolicy', { ResourceArn: victim }));
  });

  test('the second key of a call that names two', async () => {
    await denied(translate(own.pek, others.pek));
    await denied(translate(others.pek, own.pek));
    await denied(reEncrypt(own.data, others.data));
    await denied(reEncrypt(others.data, own.data));
  });

  test('a key that comes wrapped under another’s', async () => {
    await denied(encrypt('WrappedKey', others.kek));
    await denied(encrypt('identifier', others.data));
  });

  test('one’s own key under another’s, and another’s under one’s own', async () => {
    const exported = (ExportKeyIdentifier: string, WrappingKeyIdentifier: string) =>
      control('ExportKey', { ExportKeyIdentifier, KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier } } });
    await denied(exported(own.data, others.kek));
    await denied(exported(others.data, own.kek));
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: CLEAR.kek }, { ...data, clear: CLEAR.data });
    await denied(control('ImportKey', { KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: others.kek, WrappedKeyBlock } } })); // prettier-ignore
  });

  test('a copy of another’s key in another Region', async () => {
    await denied(control('AddKeyReplicationRegions', { KeyIdentifier: victim, ReplicationRegions: [OTHER_REGION] }));
    await denied(control('EnableDefaultKeyReplicationRegions', { ReplicationRegions: [OTHER_REGION] }));
  });

  test('a key that looks like one’s own', async () => {
    for (const identifier of [own.mac.toUpperCase(), `${own.mac}/../${victim.slice(-16)}`, `${own.mac}*`, own.mac.replace(/.$/, '?')])
      expect(await exception({ ...mac(identifier), credentials })).toMatch(/^(AccessDenied|Validation)Exception$/);
  }); // prettier-ignore

  function translate(from: string, to: string): Partial<RawRequest> {
    const IsoFormat0 = { PrimaryAccountNumber: '4123451234567890' };
    return {
      path: '/pindata/translate',
      body: JSON.stringify({
        IncomingKeyIdentifier: from,
        OutgoingKeyIdentifier: to,
        IncomingTranslationAttributes: { IsoFormat0 },
        OutgoingTranslationAttributes: { IsoFormat0 },
        EncryptedPinBlock: PIN_BLOCK,
      }),
    };
  }

  function reEncrypt(from: string, to: string): Partial<RawRequest> {
    const attributes = { Symmetric: { Mode: 'ECB' } };
    return {
      path: `/keys/${encodeURIComponent(from)}/reencrypt`,
      body: JSON.stringify({
        OutgoingKeyIdentifier: to,
        CipherText: '00112233445566778899AABBCCDDEEFF',
        IncomingEncryptionAttributes: attributes,
        OutgoingEncryptionAttributes: attributes,
      }),
    };
  }

  function encrypt(how: 'WrappedKey' | 'identifier', key: string): Partial<RawRequest> {
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: CLEAR.kek }, { ...data, clear: CLEAR.data });
    const WrappedKey = how === 'WrappedKey' ? { WrappedKeyMaterial: { Tr31KeyBlock: WrappedKeyBlock } } : undefined;
    return {
      path: `/keys/${encodeURIComponent(key)}/encrypt`,
      body: JSON.stringify({ PlainText: '00112233445566778899AABBCCDDEEFF', EncryptionAttributes: { Symmetric: { Mode: 'ECB' } }, WrappedKey }), // prettier-ignore
    };
  }
});

/** A connection that says little, and what came of it. */
interface Slow {
  socket: Socket;
  received: () => string;
  closed: Promise<unknown>;
}

const SLOW: [what: string, bytes: string][] = [
  ['a head that never ends', 'POST /mac/generate HTTP/1.1\r\nhost: x\r\nx-a: '],
  ['a body that never ends', 'POST /mac/generate HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{'],
  [
    'chunks that never end',
    'POST /mac/generate HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{    \r\n',
  ],
];

/** One byte a second, for as long as there is somebody. */
async function dribble(bytes: string): Promise<Slow> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  const timer = setInterval(() => socket.write(bytes.includes('chunked') ? '1\r\na\r\n' : 'a'), 1000);
  const closed = once(socket, 'close').then(() => clearInterval(timer));
  return { socket, received: () => received, closed };
}

describe('cross-site', () => {
  test('a page of another origin is never answered so that its browser lets it read', async () => {
    const from = { origin: 'https://evil.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }; // prettier-ignore
    for (const path of ['/', '/mac/generate', '/admin/users', '/docs', '/openapi/dataplane.json', '/metrics', '/healthz'])
      for (const method of ['OPTIONS', 'GET', 'POST']) {
        const { headers } = await sendUnsigned(`${service.url}${path}`, { method, headers: from });
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
  }); // prettier-ignore

  test('the page of the documentation loads and sends nothing elsewhere, and is in no frame', async () => {
    const { headers } = await sendUnsigned(`${service.url}/docs`, {});
    const policy = headers.get('content-security-policy');
    for (const rule of [/default-src 'none'|default-src 'self'/, /frame-ancestors 'none'/]) expect(policy).toMatch(rule);
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
  }); // prettier-ignore
});

describe('slow', () => {
  test('five hundred connections that say nothing, and others are served', async () => {
    const { hostname, port } = new URL(service.url);
    const idle = Array.from({ length: 500 }, () => connect(Number(port), hostname));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    for (const socket of idle) socket.write('POST / HTTP/1.1\r\n');
    const client = new PaymentCryptographyClient({ region: REGION, endpoint: service.url, credentials: CREDENTIALS, maxAttempts: 1 }); // prettier-ignore
    expect((await client.send(new ListKeysCommand({ MaxResults: 1 }))).Keys).toHaveLength(1);
    client.destroy();
    for (const socket of idle) socket.destroy();
  });

  test.each(SLOW.map(([what], i) => [what, i] as const))('%s is cut off', async (_, i) => {
    await slow[i]!.closed;
    expect(slow[i]!.received()).toMatch(/^HTTP\/1\.1 408/);
  });
});

test('nobody was let in: the health of the service, and every failure told its request’s id', async () => {
  expect((await sendUnsigned(`${service.url}/readyz`, {})).status).toBe(200);
  expect(service.log.filter((line) => line['outcome'] === 'InternalServerException')).toEqual([]);
  expect(service.log.filter((line) => line['msg'] === 'internal error')).toEqual([]);
});
