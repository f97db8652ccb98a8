import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { DataSource } from 'typeorm';
import { keyblock } from '../../../src/cli/keyblock.js';
import type { Service } from '../../../src/service.js';
import { newStore, type TestStore } from '../../support/database.js';
import { until } from '../../support/process.js';
import { send, serviceEnv, startOn, target, TestClock } from '../../support/service.js';

let store: TestStore;
let folder: string;
const environment = { ...process.env };
beforeAll(async () => {
  store = await newStore();
  folder = mkdtempSync(join(tmpdir(), 'keyblock-access-'));
  Object.assign(process.env, serviceEnv(store));
});
afterAll(async () => {
  process.env = environment;
  rmSync(folder, { recursive: true });
  await store.remove();
});

/** Runs `keyblock access`. */
async function access(args: string[], input = '') {
  const written = { stdout: '', stderr: '' };
  const into = (name: keyof typeof written) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        written[name] += chunk.toString();
        done();
      },
    });
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout: into('stdout'), stderr: into('stderr') };
  const exitCode = await keyblock(['access', ...args], streams);
  return { exitCode, ...written };
}

/** Runs a command that must succeed, and returns its output. */
async function done(args: string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await access(args, input);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

const refused = (exitCode: number, message: string) => ({
  exitCode,
  stdout: '',
  stderr: expect.stringContaining(message),
});

/** Parses the credentials file that `key create`, `key rotate` and `session` print. */
function credentialsOf(printed: string) {
  const value = (name: string) => new RegExp(`^${name} = (\\S+)$`, 'm').exec(printed)?.[1];
  const [accessKeyId, secretAccessKey] = [value('aws_access_key_id'), value('aws_secret_access_key')];
  if (accessKeyId === undefined || secretAccessKey === undefined) throw new Error(`No credentials: ${printed}`);
  return { accessKeyId, secretAccessKey, sessionToken: value('aws_session_token') };
}

async function serving<T>(work: (service: Service) => Promise<T>): Promise<T> {
  const service = await startOn(store);
  try {
    return await work(service);
  } finally {
    await service.close();
  }
}

/** Calls ListKeys with these credentials. Returns 200, or the name of the exception. */
async function listKeys({ url }: Service, credentials: ReturnType<typeof credentialsOf>): Promise<number | string> {
  const { status, headers } = await send(url, new TestClock(), { headers: target('ListKeys'), credentials });
  return status === 200 ? status : String(headers.get('x-amzn-errortype'));
}

const USER = 'arn:aws:iam::000000000000:user/ann';
const ROLE = 'arn:aws:iam::000000000000:role/line';
const statement = (Action: string, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more });
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const LIST_KEYS = policy(statement('payment-cryptography:ListKeys', { Sid: 'List' }));

test('creates, changes and removes users, roles, policies and access keys', async () => {
  expect(await done(['create', 'user', 'ann'])).toBe(`${USER}\n`);
  expect(await done(['create', 'role', 'line'])).toBe(`${ROLE}\n`);
  expect(await access(['create', 'user', 'ann'])).toEqual(refused(4, 'The user ann already exists.'));
  expect(await access(['create', 'user', 'a/b'])).toEqual(refused(2, 'A name has 1 to 64'));

  const file = join(folder, 'policy.json');
  writeFileSync(file, LIST_KEYS);
  expect(await done(['policy', 'put', 'user', 'ann', 'list', '--file', file])).toBe('');
  expect(await done(['policy', 'put', 'role', 'line', 'list', '-'], LIST_KEYS)).toBe('');
  expect(await access(['policy', 'put', 'user', 'ann', 'list', '{}'])).toEqual(refused(2, 'Statement is required'));
  expect(await access(['policy', 'put', 'user', 'bob', 'list', LIST_KEYS])).toEqual(
    refused(4, `There is no ${USER.replace('ann', 'bob')}.`),
  );

  const first = credentialsOf(await done(['key', 'create', 'user', 'ann']));
  const session = await done(['session', 'role', 'line', '--name', 'monday', '--seconds', '900']);
  expect(session).toMatch(/^# until \d{4}-\d\d-\d\dT/m);
  const monday = credentialsOf(session);
  expect(await access(['session', 'role', 'line', '--seconds', '899'])).toEqual(refused(2, '900 to 43200'));
  await serving(async (service) => {
    expect(await listKeys(service, first)).toBe(200);
    expect(await listKeys(service, monday)).toBe(200);
    expect(await listKeys(service, { ...monday, sessionToken: undefined })).toBe('UnrecognizedClientException');
  });

  expect(await done(['key', 'disable', first.accessKeyId])).toBe('');
  expect(await access(['key', 'rotate', first.accessKeyId])).toEqual(refused(4, 'The access key is inactive.'));
  await serving(async (service) => expect(await listKeys(service, first)).toBe('UnrecognizedClientException'));
  expect(await done(['key', 'enable', first.accessKeyId])).toBe('');
  const second = credentialsOf(await done(['key', 'rotate', first.accessKeyId]));
  expect(await access(['key', 'rotate', monday.accessKeyId])).toEqual(
    refused(4, 'The access key belongs to a session.'),
  );
  await serving(async (service) => {
    expect(await listKeys(service, first)).toBe('UnrecognizedClientException');
    expect(await listKeys(service, second)).toBe(200);
  });

  // The service records the last use when it stops.
  const listed = await done(['list']);
  expect(listed.split('\n')).toEqual([
    ROLE,
    '  policy list',
    expect.stringMatching(`^  access key ${monday.accessKeyId} active, last used \\S+Z, until \\S+Z$`),
    USER,
    '  policy list',
    expect.stringMatching(`^  access key ${first.accessKeyId} inactive, last used \\S+Z$`),
    expect.stringMatching(`^  access key ${second.accessKeyId} active, last used \\S+Z$`),
    '',
  ]);
  for (const { secretAccessKey } of [first, second, monday]) expect(listed).not.toContain(secretAccessKey);

  expect(await done(['policy', 'remove', 'user', 'ann', 'list', '--yes'])).toBe('');
  expect(await access(['policy', 'remove', 'user', 'ann', 'list', '--yes'])).toEqual(refused(4, 'There is no list.'));
  expect(await done(['key', 'remove', first.accessKeyId, '--yes'])).toBe('');
  expect(await access(['key', 'remove', first.accessKeyId, '--yes'])).toEqual(
    refused(4, `There is no ${first.accessKeyId}.`),
  );
  expect(await done(['remove', 'role', 'line', '--yes'])).toBe('');
  await serving(async (service) => {
    expect(await listKeys(service, second)).toBe('AccessDeniedException');
    expect(await listKeys(service, monday)).toBe('UnrecognizedClientException');
  });
  expect(await done(['list'])).toMatch(
    new RegExp(`^${USER}\n  access key ${second.accessKeyId} active, last used .*\n$`),
  );
  expect(await done(['remove', 'user', 'ann', '--yes'])).toBe('');
  expect(await done(['list'])).toBe('');

  const told = await serving((service) =>
    service.app
      .get(DataSource)
      .query<{ event: string }[]>(
        `SELECT event::text FROM audit_events WHERE event ->> 'userAgent' = 'keyblock access' ORDER BY chain, sequence`,
      ),
  );
  const events = told.map(({ event }) => JSON.parse(event) as Record<string, unknown>);
  expect(
    events.map(({ eventName, requestParameters, responseElements }) => [
      eventName,
      requestParameters,
      responseElements,
    ]),
  ).toEqual([
    ['CreatePrincipal', { kind: 'users', name: 'ann' }, { principal: { arn: USER } }],
    ['CreatePrincipal', { kind: 'roles', name: 'line' }, { principal: { arn: ROLE } }],
    ...[
      ['users', 'ann'],
      ['roles', 'line'],
    ].map(([kind, name]) => [
      'PutPrincipalPolicy',
      {
        kind,
        name,
        policy: 'list',
        version: '2012-10-17',
        statement: [{ Sid: 'List', Effect: 'Allow', Action: ['payment-cryptography:ListKeys'], Resource: ['*'] }],
      },
      null,
    ]),
    ['CreateAccessKey', { kind: 'users', name: 'ann' }, { accessKey: { accessKeyId: first.accessKeyId } }],
    [
      'StartSession',
      { kind: 'roles', name: 'line', sessionName: 'monday', durationSeconds: 900 },
      { accessKey: { accessKeyId: monday.accessKeyId } },
    ],
    ['UpdateAccessKey', { kind: 'users', name: 'ann', id: first.accessKeyId, status: 'Inactive' }, null],
    ['UpdateAccessKey', { kind: 'users', name: 'ann', id: first.accessKeyId, status: 'Active' }, null],
    [
      'RotateAccessKey',
      { kind: 'users', name: 'ann', id: first.accessKeyId },
      { accessKey: { accessKeyId: second.accessKeyId } },
    ],
    ['DeletePrincipalPolicy', { kind: 'users', name: 'ann', policy: 'list' }, null],
    ['DeleteAccessKey', { kind: 'users', name: 'ann', id: first.accessKeyId }, null],
    ['DeletePrincipal', { kind: 'roles', name: 'line' }, null],
    ['DeletePrincipal', { kind: 'users', name: 'ann' }, null],
  ]);
  for (const { eventSource, userIdentity } of events) {
    expect([eventSource, userIdentity]).toEqual(['keyblock', expect.objectContaining({ type: 'Root' })]);
    expect(userIdentity).not.toHaveProperty('accessKeyId');
  }
  for (const { secretAccessKey } of [first, second, monday])
    expect(JSON.stringify(told)).not.toContain(secretAccessKey);
});

test('explain prints the decision and the statement that made it', async () => {
  await done(['create', 'user', 'bob']);
  await done([
    'policy',
    'put',
    'user',
    'bob',
    'own',
    policy(
      statement('payment-cryptography:Get*', { Sid: 'Look' }),
      statement('payment-cryptography:GetAlias', {
        Effect: 'Deny',
        Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
      }),
    ),
  ]);
  const bob = 'arn:aws:iam::000000000000:user/bob';
  const alias = 'arn:aws:payment-cryptography:us-east-1:000000000000:alias/pek';
  const explain = (principal: string, action: string, resource: string, ...more: string[]) =>
    access(['explain', '--principal', principal, '--action', action, '--resource', resource, ...more]);
  const said = (...lines: string[]) => ({ exitCode: 0, stdout: `${lines.join('\n')}\n`, stderr: '' });

  expect(await explain(bob, 'GetAlias', alias)).toEqual(said('allowed', 'By Allow in policy own, statement 1 (Look).'));
  expect(await explain(bob, 'payment-cryptography:getalias', alias, '--context', 'AWS:SourceIp=10.1.2.3')).toEqual(
    said('denied', 'By Deny in policy own, statement 2.'),
  );
  expect(await explain(bob, 'payment-cryptography:ListKeys', '*')).toEqual(
    said('denied', `No policy of ${bob} or of * allows payment-cryptography:ListKeys.`),
  );
  expect(await explain('arn:aws:iam::000000000000:root', 'payment-cryptography:ListKeys', '*')).toEqual(
    said('allowed', 'The root of the account needs no policy, and no policy of the key denies it.'),
  );
  expect(await explain(USER, 'payment-cryptography:ListKeys', '*')).toEqual(refused(4, `There is no ${USER}.`));
  expect(await explain(bob, 'ListKeys', '*')).toEqual(
    refused(2, 'Several services have an action ListKeys: name one of payment-cryptography:ListKeys, kms:ListKeys.'),
  );
  expect(await explain(bob, 'ListAll', '*')).toEqual(refused(2, 'There is no action ListAll.'));
  expect(await explain(bob, 'payment-cryptography:ListKeys', alias)).toEqual(
    refused(2, 'The resource of ListKeys is "*"'),
  );
  expect(await explain(bob, 'GetKey', '*')).toEqual(refused(2, 'The resource of GetKey is the ARN of a key'));
});

test.each<[args: string[], message: string]>([
  [[], 'Usage: keyblock access'],
  [['grant'], "Unknown command 'grant'"],
  [['key', 'rotat', 'AKIA1'], '(Did you mean rotate?)'],
  [['create'], "Missing required argument 'kind'"],
  [['create', 'group', 'ann'], "value 'group' is invalid for argument 'kind'. Allowed choices are user, role."],
  [['create', 'user'], "Missing required argument 'name'"],
  [['create', 'user', 'ann', 'bob'], "Too many arguments for 'create'"],
  [['list', 'user'], "Too many arguments for 'list'"],
  [['list', '--all'], "Unknown option '--all'"],
  [['policy', 'put', 'user', 'ann'], "Missing required argument 'policy'"],
  [['policy', 'put', 'user', 'ann', 'own'], 'Give one input'],
  [['policy', 'put', 'user', 'ann', 'own', '{}', '--file', 'a'], 'Give one input'],
  [['key', 'disable'], "Missing required argument 'access-key-id'"],
  [['session', 'role', 'line', '--seconds', '1h'], "argument '1h' is invalid. Give a whole number."],
  [['explain', '--principal', USER], "Required option '--action <name>' not specified"],
  [
    ['explain', '--principal', USER, '--action', 'GetKey', '--resource', '*', '--context', 'x'],
    "argument 'x' is invalid. Give a condition key",
  ],
])('access %j is a usage error', async (args, message) => {
  expect(await access(args)).toEqual(refused(2, message));
});

test('a change by the command takes effect in a running service', async () => {
  await serving(async (service) => {
    await done(['create', 'user', 'eve']);
    const credentials = credentialsOf(await done(['key', 'create', 'user', 'eve']));
    expect(await listKeys(service, credentials)).toBe('AccessDeniedException');
    const isAnswered = (answer: number | string) =>
      until(async () => (await listKeys(service, credentials)) === answer);
    await done(['policy', 'put', 'user', 'eve', 'own', LIST_KEYS]);
    await isAnswered(200);
    await done(['key', 'disable', credentials.accessKeyId]);
    await isAnswered('UnrecognizedClientException');
    await done(['key', 'enable', credentials.accessKeyId]);
    await isAnswered(200);
    await done(['remove', 'user', 'eve', '--yes']);
    await isAnswered('UnrecognizedClientException');
  });
});

test('sets and removes the password of a user, which is read from a file or standard input and never recorded', async () => {
  await done(['create', 'user', 'pat']);
  const file = join(folder, 'password');
  writeFileSync(file, 'a password from a file\n');
  const signIn = ({ url }: Service, password: string) =>
    fetch(`${url}/api/v1/auth/tokens`, { method: 'POST', body: JSON.stringify({ username: 'pat', password }) });
  expect(await done(['password', 'set', 'pat', '--file', file])).toBe('');
  expect(await done(['list'])).toMatch(/^arn:aws:iam::000000000000:user\/pat\n {2}password set \S+Z\n/m);
  await serving(async (service) => expect((await signIn(service, 'a password from a file')).status).toBe(201));
  expect(await done(['password', 'set', 'pat', '--file', '-'], 'another password\r\n')).toBe('');
  await serving(async (service) => {
    expect((await signIn(service, 'a password from a file')).status).toBe(401);
    expect((await signIn(service, 'another password')).status).toBe(201);
  });
  expect(await done(['password', 'remove', 'pat', '--yes'])).toBe('');
  await serving(async (service) => expect((await signIn(service, 'another password')).status).toBe(401));

  expect(await access(['password', 'remove', 'pat', '--yes'])).toEqual(refused(4, 'There is no password.'));
  expect(await access(['password', 'set', 'nobody', '--file', file])).toEqual(refused(4, 'There is no arn:aws:iam'));
  expect(await access(['password', 'set', 'pat', '--file', '-'], 'too short')).toEqual(
    refused(2, '12 to 256 characters'),
  );
  expect(await access(['password', 'set', 'pat', '--file', join(folder, 'none')])).toEqual(
    refused(2, "The file can't be read"),
  );
  expect((await access(['password', 'set', 'pat'])).exitCode).toBe(2);

  const events = await serving((service) =>
    service.app
      .get(DataSource)
      .query<{ event: string }[]>(`SELECT event::text FROM audit_events WHERE event ->> 'eventName' LIKE '%Password'`),
  );
  const names = events.map(({ event }) => (JSON.parse(event) as { eventName: string }).eventName);
  expect(names.toSorted()).toEqual(['DeletePassword', 'PutPassword', 'PutPassword']);
  expect(JSON.stringify(events)).not.toMatch(/a password from a file|another password/);
});
