import { resourcesOf } from '../../../../src/http/operation.js';
import { AuditLog } from '../../../../src/audit/audit-log.js';
import { useAudit } from '../../../support/audit.js';
import { CMAC_ATTRIBUTES, createKey } from '../../../support/keys.js';
import { ecParty } from '../../../support/import.js';

const { service, stored, events, eventOf, reports, control, rejectEvents, acceptEvents } = useAudit();

const team = (name: string) => `arn:aws:mpa:us-east-1:000000000000:approval-team/${name}`;

/** Creates a team of two users. */
async function createTeam(Name: string): Promise<void> {
  const Approvers = [`${Name}-1`, `${Name}-2`];
  const bodies = [
    ...Approvers.map((user) => ['users', { Name: user }] as const),
    ['teams', { Name, Approvers, MinApprovals: 2 }] as const,
  ];
  for (const [path, body] of bodies)
    expect((await service.send({ path: `/admin/${path}`, body: JSON.stringify(body) })).status).toBe(200);
}

describe('A change and its event are one transaction', () => {
  const TABLES = [
    'keys',
    'aliases',
    'tags',
    'resource_policies',
    'approval_guards',
    'approval_sessions',
    'replications',
    'default_replication_regions',
    'exchange_tokens',
    'public_key_certificates',
  ];
  const state = async () => {
    const tables = TABLES.map((table) =>
      stored.database.query(`SELECT to_jsonb(${table}) AS row FROM ${table} ORDER BY 1`),
    );
    return JSON.stringify(await Promise.all(tables));
  };
  const root = ecParty('P-256').text;
  let KeyArn: string;
  let pairs: string[];
  const calls: [operation: string, input: () => object][] = [
    ['CreateKey', () => ({ KeyAttributes: CMAC_ATTRIBUTES, Exportable: true, Tags: [{ Key: 'a', Value: 'b' }] })],
    [
      'ImportKey',
      () => ({
        KeyMaterial: {
          RootCertificatePublicKey: {
            KeyAttributes: {
              KeyUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
              KeyClass: 'PUBLIC_KEY',
              KeyAlgorithm: 'ECC_NIST_P256',
              KeyModesOfUse: { Verify: true },
            },
            PublicKeyCertificate: root,
          },
        },
      }),
    ],
    ['CreateAlias', () => ({ AliasName: 'alias/one', KeyArn })],
    ['UpdateAlias', () => ({ AliasName: 'alias/one' })],
    ['DeleteAlias', () => ({ AliasName: 'alias/one' })],
    ['TagResource', () => ({ ResourceArn: KeyArn, Tags: [{ Key: 'c', Value: 'd' }] })],
    ['UntagResource', () => ({ ResourceArn: KeyArn, TagKeys: ['c'] })],
    [
      'PutResourcePolicy',
      () => ({
        ResourceArn: KeyArn,
        Policy:
          '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"payment-cryptography:GenerateMac","Resource":"*"}]}',
      }),
    ],
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
  ];
  beforeAll(async () => {
    ({ KeyArn } = await createKey(service));
    await createTeam('one');
    const pair = {
      KeyAttributes: {
        KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
        KeyClass: 'ASYMMETRIC_KEY_PAIR',
        KeyAlgorithm: 'ECC_NIST_P256',
        KeyModesOfUse: { DeriveKey: true },
      },
      Exportable: false,
      DeriveKeyUsage: 'TR31_P0_PIN_ENCRYPTION_KEY',
    } as const;
    pairs = [(await createKey(service, pair)).KeyArn, (await createKey(service, pair)).KeyArn];
    // The authorities are created beforehand, because they are committed before the call that first needs them.
    await control('GetPublicKeyCertificate', { KeyIdentifier: pairs[1] });
    await control('GetParametersForImport', { KeyMaterialType: 'TR34_KEY_BLOCK', WrappingKeyAlgorithm: 'RSA_2048' });
  });

  test.each(calls)('%s', async (operation, input) => {
    await service.app.get(AuditLog).flush();
    const before = await state();
    await rejectEvents();
    const refused = await control(operation, input());
    await acceptEvents();
    expect([refused.status, await state()]).toEqual([500, before]);

    const done = await control(operation, input());
    expect(done.status).toBe(200);
    expect(await state()).not.toBe(before);
    expect((await eventOf(done)).errorCode).toBeUndefined();
    expect(await eventOf(refused)).toMatchObject({ errorCode: 'InternalServerException' });
  });

  test('covers every operation that changes something', () => {
    const reads =
      /^(Get(?!Parameters|PublicKeyCertificate)|List|Decrypt|Encrypt|Generate|ReEncrypt|Translate|Verify|ExportKey)/;
    const changing = [...resourcesOf('payment-cryptography').keys()].filter((operation) => !reads.test(operation));
    expect(calls.map(([operation]) => operation).toSorted()).toEqual(changing.toSorted());
  });
});

describe('A change through the admin API and its event are one transaction', () => {
  const state = async () =>
    JSON.stringify(
      await Promise.all(
        [
          'principals',
          'principal_policies',
          'access_keys',
          'passwords',
          'approval_teams',
          'approval_guards',
          'approval_sessions',
          'approval_votes',
        ].map((table) => stored.database.query(`SELECT to_jsonb(${table}) AS row FROM ${table} ORDER BY 1`)),
      ),
    );
  const allow = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'payment-cryptography:*', Resource: '*' }],
  };
  const user = { kind: 'users', name: 'line-3' };
  let id = '';
  const calls: [name: string, method: string, path: () => string, body: object | undefined, told: object][] = [
    ['CreatePrincipal', 'POST', () => '/admin/users', { Name: 'line-3' }, { kind: 'users', name: 'line-3' }],
    [
      'PutPrincipalPolicy',
      'PUT',
      () => '/admin/users/line-3/policies/own',
      allow,
      { ...user, policy: 'own', version: '2012-10-17', statement: allow.Statement },
    ],
    [
      'DeletePrincipalPolicy',
      'DELETE',
      () => '/admin/users/line-3/policies/own',
      undefined,
      { ...user, policy: 'own' },
    ],
    ['CreateAccessKey', 'POST', () => '/admin/users/line-3/access-keys', undefined, user],
    [
      'UpdateAccessKey',
      'PUT',
      () => `/admin/users/line-3/access-keys/${id}`,
      { Status: 'Inactive' },
      { ...user, status: 'Inactive' },
    ],
    ['DeleteAccessKey', 'DELETE', () => `/admin/users/line-3/access-keys/${id}`, undefined, user],
    ['CreateAccessKey', 'POST', () => '/admin/users/line-3/access-keys', undefined, user],
    ['RotateAccessKey', 'POST', () => `/admin/users/line-3/access-keys/${id}/rotate`, undefined, user],
    [
      'StartSession',
      'POST',
      () => '/admin/users/line-3/sessions',
      {},
      { ...user, sessionName: 'session', durationSeconds: 3600 },
    ],
    ['PutPassword', 'PUT', () => '/admin/users/line-3/password', { Password: 'a password of theirs' }, user],
    ['DeletePassword', 'DELETE', () => '/admin/users/line-3/password', undefined, user],
    ['DeletePrincipal', 'DELETE', () => '/admin/users/line-3', undefined, user],
    [
      'CreateTeam',
      'POST',
      () => '/admin/teams',
      { Name: 'two', Approvers: ['one-1', 'one-2'], MinApprovals: 2 },
      { name: 'two', approvers: ['one-1', 'one-2'], minApprovals: 2, sessionSeconds: 86_400 },
    ],
    [
      'PutGuard',
      'PUT',
      () => '/admin/guards/CreatePrincipal',
      { TeamArn: team('two') },
      { operation: 'CreatePrincipal', teamArn: team('two') },
    ],
  ];
  /** Decisions of a team, and changes that need one: approval-rules.e2e.spec.ts. */
  const DECIDED = ['UpdateTeam', 'DeleteTeam', 'DeleteGuard', 'Approve', 'Deny', 'CancelApproval'];

  test.each(calls)('%s', async (name, method, path, input, told) => {
    const request = { method, path: path(), body: input && JSON.stringify(input) };
    await service.app.get(AuditLog).flush();
    const before = await state();
    await rejectEvents();
    const refused = await service.send(request);
    await acceptEvents();
    expect([refused.status, await state()]).toEqual([500, before]);

    const done = await service.send(request);
    expect([done.status, '__type' in done.json]).toEqual([200, false]);
    expect(await state()).not.toBe(before);
    const event = await eventOf(done);
    expect(event).toMatchObject({
      eventName: name,
      eventSource: 'keyblock',
      eventCategory: 'Management',
      readOnly: false,
    });
    expect(event.requestParameters).toMatchObject(told);
    const { AccessKeyId, SecretAccessKey, SessionToken } = done.json as Record<string, string | undefined>;
    if (AccessKeyId !== undefined) {
      id = AccessKeyId;
      expect(event.responseElements).toEqual({ accessKey: { accessKeyId: AccessKeyId } });
    }
    for (const secret of [SecretAccessKey, SessionToken])
      if (secret !== undefined) expect(JSON.stringify(await events())).not.toContain(secret);
  });

  test('the event of a rejected policy names the user in the path, whatever the body says', async () => {
    const policy = { ...allow, kind: 'roles', name: 'other', Name: 'other', Policy: 'other' };
    const refused = await service.send({
      method: 'PUT',
      path: '/admin/users/none/policies/own',
      body: JSON.stringify(policy),
    });
    const { requestParameters } = await eventOf(refused);
    expect([refused.status, requestParameters]).toEqual([
      400,
      { kind: 'users', name: 'none', policy: 'own', version: '2012-10-17', statement: allow.Statement },
    ]);
  });

  test('covers every admin operation that changes something', () => {
    // VerifyAuditChains starts a job that only reads.
    const changing = [...resourcesOf('keyblock').keys()].filter((name) => !/^(Get|List|Explain|Verify)/.test(name));
    expect([...new Set(calls.map(([name]) => name)), ...DECIDED].toSorted()).toEqual(changing.toSorted());
  });
});

test('the chain of all these events is unbroken', async () => {
  expect(await reports()).toMatchObject([{ chain: 1, fault: undefined }]);
});
