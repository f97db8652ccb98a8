import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ListKeysCommand,
  PaymentCryptographyClient,
  type PaymentCryptographyClientConfig,
} from '@aws-sdk/client-payment-cryptography';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { fromIni, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { DataSource } from 'typeorm';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { type Credentials, MAY_LIST, policy, statement, useAdmin } from '../../support/admin.js';
import { CREDENTIALS, type RawRequest, REGION } from '../../support/service.js';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/lister`;
const SESSION = { RoleArn: ROLE, RoleSessionName: 'monday' };
const MAY_ASSUME = statement('sts:AssumeRole', { Resource: ROLE });

const { service, admin, done, caller } = useAdmin();

beforeAll(async () => {
  await done('POST', 'roles', { Name: 'lister' });
  await done('PUT', 'roles/lister/policies/list', MAY_LIST);
});

const client = (credentials: Credentials = CREDENTIALS, region = REGION) =>
  new STSClient({ endpoint: service.url, region, credentials, maxAttempts: 1 });
const assume = (credentials: Credentials, input: Partial<AssumeRoleCommandInput> = {}) =>
  client(credentials).send(new AssumeRoleCommand({ ...SESSION, ...input }));
/** Returns status, code and message of a refusal. */
async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata: { httpStatusCode: number } };
    return `${$metadata.httpStatusCode} ${name}: ${message}`;
  }
  return 'no refusal';
}
const listKeys = (credentials: PaymentCryptographyClientConfig['credentials']) =>
  new PaymentCryptographyClient({ endpoint: service.url, region: REGION, credentials, maxAttempts: 1 }).send(
    new ListKeysCommand({}),
  );
const form = (body: string, more: Partial<RawRequest> = {}) =>
  service.send({
    service: 'sts',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
    ...more,
  });

describe('GetCallerIdentity', () => {
  test('names the root, a user and a session, and needs no permission', async () => {
    const identity = async (credentials: Credentials) => {
      const { UserId, Account, Arn } = await client(credentials).send(new GetCallerIdentityCommand({}));
      return { UserId, Account, Arn };
    };
    expect(await identity(CREDENTIALS)).toEqual({
      UserId: ACCOUNT,
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:root`,
    });
    const ann = await caller('ann', statement('*', { Effect: 'Deny' }));
    expect(await identity(ann)).toEqual({
      UserId: expect.stringMatching(/^AIDA\w{16}$/) as string,
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:user/ann`,
    });
  });

  test.each(['us-east-1', 'eu-west-1', 'ap-southeast-2'])('accepts a signature for %s', async (region) => {
    const { Account } = await client(CREDENTIALS, region).send(new GetCallerIdentityCommand({}));
    expect(Account).toBe(ACCOUNT);
  });

  test('answers in XML with the id of the request', async () => {
    const { status, headers, text } = await form('Action=GetCallerIdentity&Version=2011-06-15');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/xml']);
    expect(text).toBe(
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
        `<UserId>${ACCOUNT}</UserId><Account>${ACCOUNT}</Account><Arn>arn:aws:iam::${ACCOUNT}:root</Arn>` +
        `</GetCallerIdentityResult><ResponseMetadata><RequestId>${headers.get('x-amzn-requestid')}</RequestId>` +
        '</ResponseMetadata></GetCallerIdentityResponse>\n',
    );
  });
});

describe('AssumeRole', () => {
  let bob: Credentials;
  beforeAll(async () => (bob = await caller('bob', MAY_ASSUME)));

  test('gives credentials with the rights of the role, and no others', async () => {
    const { Credentials: given, AssumedRoleUser } = await assume(bob, { DurationSeconds: 900 });
    const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/lister/monday`;
    expect(AssumedRoleUser).toEqual({
      Arn: arn,
      AssumedRoleId: expect.stringMatching(/^AROA\w{16}:monday$/) as string,
    });
    const lives = (given?.Expiration?.getTime() ?? 0) - service.clock.now().getTime();
    expect(Math.abs(lives - 900_000)).toBeLessThan(60_000);
    const session = {
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken,
    };
    expect((await listKeys(session)).$metadata.httpStatusCode).toBe(200);
    await expect(listKeys(bob)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(await client(session).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: arn,
      UserId: AssumedRoleUser?.AssumedRoleId,
    });
  });

  test('serves the credential providers of the SDK', async () => {
    const clientConfig = { endpoint: service.url, region: REGION };
    const temporary = fromTemporaryCredentials({ masterCredentials: bob, params: SESSION, clientConfig });
    expect((await listKeys(temporary)).$metadata.httpStatusCode).toBe(200);

    const folder = mkdtempSync(join(tmpdir(), 'keyblock-'));
    try {
      const configFilepath = join(folder, 'config');
      const filepath = join(folder, 'credentials');
      writeFileSync(
        filepath,
        `[bob]\naws_access_key_id=${bob.accessKeyId}\naws_secret_access_key=${bob.secretAccessKey}\n`,
      );
      writeFileSync(configFilepath, `[profile lister]\nrole_arn=${ROLE}\nsource_profile=bob\nregion=${REGION}\n`);
      const profile = fromIni({ profile: 'lister', configFilepath, filepath, ignoreCache: true, clientConfig });
      expect((await listKeys(profile)).$metadata.httpStatusCode).toBe(200);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is refused to the root, to users without permission, and for roles that do not exist', async () => {
    expect(await refusal(assume(CREDENTIALS))).toBe('403 AccessDenied: Roles may not be assumed by root accounts.');
    const carl = await caller('carl', MAY_ASSUME, statement('sts:AssumeRole', { Effect: 'Deny' }));
    expect(await refusal(assume(carl))).toMatch(
      /^403 AccessDenied: User: arn:aws:iam::000000000000:user\/carl is not authorized to perform: sts:AssumeRole/,
    );
    const dora = await caller('dora', statement('sts:AssumeRole'));
    for (const RoleArn of [`arn:aws:iam::${ACCOUNT}:role/none`, 'arn:aws:iam::999999999999:role/lister'])
      expect(await refusal(assume(dora, { RoleArn }))).toBe(
        `403 AccessDenied: User: arn:aws:iam::${ACCOUNT}:user/dora is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
      );
  });

  test('shows policies the external id and the name of the session', async () => {
    const Condition = { StringEquals: { 'sts:ExternalId': '42', 'sts:RoleSessionName': 'monday' } };
    const erin = await caller('erin', statement('sts:AssumeRole', { Condition }));
    expect(await refusal(assume(erin))).toMatch(/^403 AccessDenied/);
    expect(await refusal(assume(erin, { ExternalId: '42', RoleSessionName: 'other' }))).toMatch(/^403 AccessDenied/);
    expect((await assume(erin, { ExternalId: '42' })).Credentials?.AccessKeyId).toMatch(/^ASIA/);
  });

  test('limits a session that a session starts to one hour', async () => {
    await done('PUT', 'roles/lister/policies/assume', policy(MAY_ASSUME));
    const { Credentials: given } = await assume(bob);
    const session = {
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken,
    };
    expect(await refusal(assume(session, { DurationSeconds: 3601 }))).toMatch(/^400 ValidationError: .*role chaining/);
    expect((await assume(session, { DurationSeconds: 3600 })).Credentials).toBeDefined();
    await admin('DELETE', 'roles/lister/policies/assume');
  });

  test.each<[string, Partial<AssumeRoleCommandInput>]>([
    ['a user as the role', { RoleArn: `arn:aws:iam::${ACCOUNT}:user/ann` }],
    ['a name with a slash', { RoleSessionName: 'a/b' }],
    ['a name of one character', { RoleSessionName: 'a' }],
    ['14 minutes', { DurationSeconds: 899 }],
    ['more than 12 hours', { DurationSeconds: 43_201 }],
    ['a session policy', { Policy: '{}' }],
    ['managed session policies', { PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }] }],
    ['session tags', { Tags: [{ Key: 'a', Value: 'b' }] }],
    ['a source identity', { SourceIdentity: 'bob' }],
    ['MFA', { SerialNumber: `arn:aws:iam::${ACCOUNT}:mfa/bob`, TokenCode: '123456' }],
  ])('refuses %s', async (_, input) => {
    expect(await refusal(assume(bob, input))).toMatch(/^400 ValidationError: /);
  });

  test('is audited without the secret', async () => {
    const { Credentials: given } = await assume(bob, { RoleSessionName: 'audited' });
    await service.app.get(AuditLog).flush();
    const rows = await service.app
      .get(DataSource)
      .query<{ event: object }[]>("SELECT event FROM audit_events WHERE event::text LIKE '%audited%'");
    const [event] = rows.map((row) => JSON.stringify(row.event));
    expect(rows[0]?.event).toMatchObject({
      eventSource: 'sts.amazonaws.com',
      eventName: 'AssumeRole',
      requestParameters: { roleArn: ROLE, roleSessionName: 'audited' },
    });
    expect(event).not.toContain(given?.SecretAccessKey);
  });
});

describe('refuses in the form of the query protocol', () => {
  test.each([
    ['an action that does not exist', 'Action=GetSessionToken&Version=2011-06-15', '400 InvalidAction'],
    ['an action with a path', 'Action=../admin/users', '400 InvalidAction'],
    ['an operation of another API', 'Action=ListKeys', '400 InvalidAction'],
    ['no action', 'Version=2011-06-15', '400 InvalidAction'],
    ['a field given twice', 'Action=AssumeRole&RoleArn=a&RoleArn=b', '400 MalformedQueryString'],
    ['too many fields', `Action=AssumeRole${'&a=1'.repeat(101)}`, '400 MalformedQueryString'],
    ['missing fields', 'Action=AssumeRole', '400 ValidationError'],
  ])('%s', async (_, body, expected) => {
    const { status, text } = await form(body);
    expect(`${status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1]}`).toBe(expected);
  });

  test('signatures of another service, a wrong secret, an unknown access key and none', async () => {
    const code = async (more: Partial<RawRequest>) => {
      const { status, text } = await form('Action=GetCallerIdentity', more);
      return `${status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1]}`;
    };
    expect(await code({ service: 'kms' })).toBe('403 SignatureDoesNotMatch');
    expect(await code({ credentials: { ...CREDENTIALS, secretAccessKey: 'other' } })).toBe('403 SignatureDoesNotMatch');
    expect(await code({ credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } })).toBe(
      '403 InvalidClientTokenId',
    );
    expect(await code({ tamper: ({ headers }) => delete headers['authorization'] })).toBe(
      '403 MissingAuthenticationToken',
    );
    expect(await code({ tamper: (sent) => (sent.body = 'Action=AssumeRole') })).toBe('403 SignatureDoesNotMatch');
  });

  test('text of the caller is escaped', async () => {
    const { text } = await form('Action=AssumeRole&%3Cb%3E%26=%00');
    expect(text).not.toContain('<b>');
  });
});
