import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { type Credentials, credentialsOf, MAY_LIST, policy, statement, useAdmin } from '../../support/admin.js';
import { REGION, sendUnsigned, target } from '../../support/service.js';

const ROOT = 'arn:aws:iam::000000000000:root';
const ALIAS = `arn:aws:payment-cryptography:${REGION}:000000000000:alias/none`;
const user = (name: string) => `arn:aws:iam::000000000000:user/${name}`;

const { service, done, refused, caller } = useAdmin();

/** Lists keys. @returns 200, or the name of the exception */
async function listKeys(credentials: Credentials): Promise<number | string> {
  const { status, headers } = await service.send({ headers: target('ListKeys'), credentials });
  return status === 200 ? status : String(headers.get('x-amzn-errortype'));
}

test('a user is created, changed and deleted, and every change takes effect at once', async () => {
  const made = await done('POST', 'users', { Name: 'ann@example.com' });
  const principal = {
    Arn: user('ann@example.com'),
    Name: 'ann@example.com',
    UniqueId: expect.stringMatching(/^AIDA[A-Z2-7]{16}$/),
    CreateTimestamp: expect.any(Number),
    PolicyNames: [],
    AccessKeys: [],
  };
  expect(made).toEqual({ Principal: principal });
  const path = 'users/ann@example.com';
  const created = await done('POST', `${path}/access-keys`);
  expect(created).toEqual({
    AccessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
    SecretAccessKey: expect.stringMatching(/^\S{40}$/),
  });
  const first = credentialsOf(created);
  expect(await listKeys(first)).toBe('AccessDeniedException');

  expect(await done('PUT', `${path}/policies/list`, MAY_LIST)).toEqual({});
  expect(await listKeys(first)).toBe(200);
  expect(await done('GET', `${path}/policies/list`)).toEqual({
    Arn: user('ann@example.com'),
    PolicyName: 'list',
    PolicyDocument: MAY_LIST,
  });
  await done('PUT', `${path}/policies/list`, policy(statement('payment-cryptography:ListAliases')));
  expect(await listKeys(first)).toBe('AccessDeniedException');
  await done('PUT', `${path}/policies/list`, MAY_LIST);

  expect(await done('PUT', `${path}/access-keys/${first.accessKeyId}`, { Status: 'Inactive' })).toEqual({});
  expect(await listKeys(first)).toBe('UnrecognizedClientException');
  await done('PUT', `${path}/access-keys/${first.accessKeyId}`, { Status: 'Active' });
  const second = credentialsOf(await done('POST', `${path}/access-keys/${first.accessKeyId}/rotate`));
  expect(await listKeys(first)).toBe('UnrecognizedClientException');
  expect(await listKeys(second)).toBe(200);
  const key = { CreateTimestamp: expect.any(Number) };
  expect(await done('GET', path)).toEqual({
    Principal: {
      ...principal,
      PolicyNames: ['list'],
      AccessKeys: [
        { ...key, AccessKeyId: first.accessKeyId, Status: 'Inactive' },
        { ...key, AccessKeyId: second.accessKeyId, Status: 'Active' },
      ],
    },
  });
  expect(await done('DELETE', `${path}/access-keys/${first.accessKeyId}`)).toEqual({});
  expect(await done('DELETE', `${path}/policies/list`)).toEqual({});
  expect(await listKeys(second)).toBe('AccessDeniedException');
  expect(await done('DELETE', path)).toEqual({});
  expect(await listKeys(second)).toBe('UnrecognizedClientException');
  expect(await refused('GET', path)).toBe('404 ResourceNotFoundException: The resource was not found.');
});

test('a role is used in sessions, which can be started and deactivated', async () => {
  await done('POST', 'roles', { Name: 'line' });
  await done('PUT', 'roles/line/policies/list', MAY_LIST);
  const started = await done('POST', 'roles/line/sessions', { SessionName: 'monday', DurationSeconds: 900 });
  expect(started).toEqual({
    AccessKeyId: expect.stringMatching(/^ASIA/),
    SecretAccessKey: expect.any(String),
    SessionToken: expect.any(String),
    ExpirationTimestamp: expect.any(Number),
  });
  const monday = credentialsOf(started);
  expect(await listKeys(monday)).toBe(200);
  expect(await listKeys({ ...monday, sessionToken: undefined })).toBe('UnrecognizedClientException');
  const { AccessKeys } = (await done('GET', 'roles/line'))['Principal'] as { AccessKeys: object[] };
  expect(AccessKeys).toEqual([
    expect.objectContaining({ SessionName: 'monday', ExpirationTimestamp: started['ExpirationTimestamp'] }),
  ]);
  expect(await refused('POST', `roles/line/access-keys/${monday.accessKeyId}/rotate`)).toBe(
    '409 ConflictException: The access key belongs to a session. Start another session.',
  );
  await done('PUT', `roles/line/access-keys/${monday.accessKeyId}`, { Status: 'Inactive' });
  expect(await listKeys(monday)).toBe('UnrecognizedClientException');
  // A session lasts an hour by default.
  const { ExpirationTimestamp } = await done('POST', 'roles/line/sessions');
  expect(ExpirationTimestamp).toBeGreaterThan(service.clock.now().getTime() / 1000 + 3500);
  expect(await refused('POST', 'roles/line/sessions', { DurationSeconds: 899 })).toBe(
    '400 ValidationException: A session lasts 900 to 43200 seconds.',
  );
});

test('lists are paginated, and each page token is valid for its own list', async () => {
  for (const name of ['p-1', 'p-2', 'p-3']) await done('POST', 'roles', { Name: name });
  const names: string[] = [];
  let token: string | undefined;
  do {
    const query = token === undefined ? '' : `&NextToken=${token}`;
    const page = await done('GET', `roles?MaxResults=1${query}`);
    const found = page['Principals'] as { Name: string }[];
    expect(found).toHaveLength(1);
    names.push(...found.map(({ Name }) => Name));
    token = page['NextToken'] as string | undefined;
    if (names.length === 1)
      expect(await refused('GET', `users?NextToken=${token}`)).toContain(
        '400 ValidationException: NextToken is invalid',
      );
  } while (token !== undefined);
  expect(names).toEqual(['line', 'p-1', 'p-2', 'p-3']);
  const all = (await done('GET', 'roles'))['Principals'] as { Name: string }[];
  expect(all.map(({ Name }) => Name)).toEqual(names);
  expect(await refused('GET', 'roles?MaxResults=0')).toContain('/MaxResults must be at least 1');
  expect(await refused('GET', 'roles?MaxResults=some')).toContain('/MaxResults must be of type number');
});

test('a policy is validated and kept as it was written', async () => {
  await done('POST', 'users', { Name: 'written' });
  const put = (body: string) => service.send({ method: 'PUT', path: '/admin/users/written/policies/own', body });
  const { status, json } = await put('{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}');
  expect([status, json['message']]).toEqual([400, 'The policy is invalid: Effect appears twice in one object.']);
  expect((await put('')).json['message']).toBe('The policy is invalid: it is not JSON.');
  expect((await put('{')).json['__type']).toBe('SerializationException');
  const written = '{ "Statement": { "Effect": "Allow",\n "Action": "*", "Resource": "*" } }';
  expect((await put(written)).status).toBe(200);
  const principals = service.app.get(PrincipalRepository);
  expect((await principals.policy(user('written'), 'own')).document).toBe(written);
});

test.each<[what: string, method: string, path: string, body: object | undefined, answer: string]>([
  ['a name that is taken', 'POST', 'users', { Name: 'taken' }, '409 ConflictException: The user taken already exists.'],
  ['an invalid name', 'POST', 'users', { Name: 'a/b' }, '400 ValidationException: A name has 1 to 64 letters'],
  [
    'a name that a path resolves',
    'POST',
    'users',
    { Name: '..' },
    '400 ValidationException: A name has 1 to 64 letters',
  ],
  ['no name', 'POST', 'users', {}, '400 ValidationException: 1 validation error detected: /Name is required.'],
  [
    'a name that is not a string',
    'POST',
    'users',
    { Name: 7 },
    '400 SerializationException: /Name must be of type string.',
  ],
  [
    'an unknown kind',
    'POST',
    'groups',
    { Name: 'x' },
    '400 ValidationException: 1 validation error detected: /kind must be one of users, roles.',
  ],
  [
    'no policy',
    'PUT',
    'users/taken/policies/own',
    {},
    '400 ValidationException: The policy is invalid: Statement is required.',
  ],
  [
    'an invalid policy',
    'PUT',
    'users/taken/policies/own',
    policy({ ...statement('*'), Principal: '*' }),
    "400 ValidationException: The policy is invalid: Statement[0] can't have Principal.",
  ],
  [
    'a policy too long',
    'PUT',
    'users/taken/policies/own',
    policy(statement('*', { Sid: 'x'.repeat(20_480) })),
    '400 ValidationException: The policy is invalid: it has more than 20480 characters.',
  ],
  [
    'an invalid policy name',
    'PUT',
    'users/taken/policies/a%20b',
    MAY_LIST,
    '400 ValidationException: The name of a policy has',
  ],
  [
    'an unknown status',
    'PUT',
    'users/taken/access-keys/AKIAAAAAAAAAAAAAAAAA',
    { Status: 'Off' },
    '400 ValidationException: 1 validation error detected: /Status must be one of Active, Inactive.',
  ],
  [
    'an unknown action',
    'POST',
    'explain',
    { Principal: ROOT, Action: 'Fly', Resource: '*' },
    '400 ValidationException: There is no action Fly.',
  ],
  [
    'an unknown user',
    'POST',
    'explain',
    { Principal: user('none'), Action: 'payment-cryptography:ListKeys', Resource: '*' },
    '404 ResourceNotFoundException',
  ],
  ...(
    [
      ['/name', 'GET', 'users/%00'],
      ['/policy', 'GET', 'users/taken/policies/%00'],
      ['/id', 'DELETE', 'users/taken/access-keys/%00'],
      ['/Principal', 'POST', 'explain', { Principal: '\0', Action: 'payment-cryptography:ListKeys', Resource: '*' }],
      [
        '/Resource',
        'POST',
        'explain',
        { Principal: ROOT, Action: 'payment-cryptography:GenerateMac', Resource: `${ALIAS}\0` },
      ],
    ] as [string, string, string, object?][]
  ).map(([member, method, path, body]): [string, string, string, object | undefined, string] => [
    `text that no database can store, ${member}`,
    method,
    path,
    body,
    `400 ValidationException: 1 validation error detected: ${member} must be well-formed Unicode without NUL.`,
  ]),
  ...(
    [
      ['GET', 'users/none'],
      ['DELETE', 'users/none'],
      ['DELETE', 'roles/taken'],
      ['PUT', 'users/none/policies/own', MAY_LIST],
      ['GET', 'users/taken/policies/none'],
      ['DELETE', 'users/taken/policies/none'],
      ['POST', 'users/none/access-keys'],
      ['PUT', 'users/taken/access-keys/none', { Status: 'Active' }],
      ['POST', 'users/taken/access-keys/none/rotate'],
      ['DELETE', 'users/taken/access-keys/none'],
      ['POST', 'users/none/sessions', {}],
    ] as [string, string, object?][]
  ).map(([method, path, body]): [string, string, string, object | undefined, string] => [
    `a missing resource, ${method} ${path}`,
    method,
    path,
    body,
    '404 ResourceNotFoundException: The resource was not found.',
  ]),
])('rejects %s', async (_, method, path, body, answer) => {
  await service.app
    .get(PrincipalRepository)
    .create('user', 'taken')
    .catch(() => undefined);
  expect(await refused(method, path, body)).toContain(answer);
});

test('explain returns the decision, for the admin API too', async () => {
  await caller(
    'asked',
    statement('keyblock:Get*', { Sid: 'Look' }),
    statement('payment-cryptography:DeleteAlias', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
  );
  const explain = (Action: string, Resource: string, Context?: object) =>
    done('POST', 'explain', { Principal: user('asked'), Action, Resource, ...(Context && { Context }) });
  expect(await explain('keyblock:GetPrincipal', ROOT)).toEqual({
    Decision: 'allowed',
    Reason: 'By Allow in policy own, statement 1 (Look).',
    Statement: { Policy: 'own', Number: 1, Sid: 'Look' },
    Considered: [
      { Policy: 'own', Number: 1, Sid: 'Look', Effect: 'Allow' },
      { Policy: 'own', Number: 2, Effect: 'Allow', FailedOn: 'Action' },
    ],
  });
  const look = { Policy: 'own', Number: 1, Sid: 'Look', Effect: 'Allow', FailedOn: 'Action' };
  const remove = { Policy: 'own', Number: 2, Effect: 'Allow' };
  expect(await explain('payment-cryptography:DeleteAlias', ALIAS)).toEqual({
    Decision: 'denied',
    Reason: `No policy of ${user('asked')} or of ${ALIAS} allows payment-cryptography:DeleteAlias.`,
    Considered: [look, { ...remove, FailedOn: 'aws:SourceIp' }],
  });
  expect(await explain('PAYMENT-cryptography:deletealias', ALIAS, { 'AWS:sourceip': ['10.9.8.7'] })).toEqual({
    Decision: 'allowed',
    Reason: 'By Allow in policy own, statement 2.',
    Statement: { Policy: 'own', Number: 2 },
    Considered: [look, remove],
  });
});

test('every request is logged by its operation, and no secret is logged', async () => {
  const created = await done('POST', 'users/asked/access-keys');
  const started = await done('POST', 'users/asked/sessions', {});
  const log = JSON.stringify(service.log);
  for (const secret of [created['SecretAccessKey'], started['SecretAccessKey'], started['SessionToken']])
    expect(log).not.toContain(secret);
  expect(service.log).toContainEqual(
    expect.objectContaining({ operation: 'StartSession', principal: ROOT, outcome: 'ok', status: 200 }),
  );
  const metrics = await sendUnsigned(`${service.url}/metrics`, {});
  expect(metrics.text).toMatch(
    /keyblock_requests_total\{service="keyblock",operation="CreateAccessKey",outcome="ok"\} \d+/,
  );
});
