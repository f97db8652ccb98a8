import { DataSource } from 'typeorm';
import { ApprovalSessions } from '../../../src/approvals/approval-sessions.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { MpaTeamAssociationRepository } from '../../../src/payment/keys/mpa-team-association.repository.js';
import { expectControlError } from '../../support/api.js';
import { EVERYTHING, teamArn, useApprovals } from '../../support/approvals.js';
import { ecParty } from '../../support/import.js';

const DAY_MS = 86_400_000;
const Action = 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE';
const [TEAM, OTHER] = [teamArn('custodians'), teamArn('others.2_b')];
const approvals = useApprovals();
const { service, done, admin, users, caller, vote, approval, approve, control, createTeam } = approvals;

type Association = { MpaTeamAssociation: Record<string, unknown> & { MpaStatus?: MpaStatus } };
type MpaStatus = { MpaSessionArn: string; Status: string; InitiationDate: number; StatusMessage?: string };
type Key = { KeyArn: string; KeyState: string; Enabled: boolean; UsageStartTimestamp?: number; MpaStatus?: MpaStatus };

const sql = <T = Record<string, unknown>>(text: string, parameters: unknown[] = []) =>
  service.app.get(DataSource).query<T[]>(text, parameters);
const associate = (MpaTeamArn: string, input: object = {}) =>
  control('AssociateMpaTeam', { Action, MpaTeamArn, ...input });
const get = async () => (await control('GetMpaTeamAssociation', { Action })).json as Association;
const disassociate = (input: object = {}) => control('DisassociateMpaTeam', { Action, ...input });
const idOf = (status: MpaStatus | undefined) =>
  /session\/(.+)$/.exec(status?.MpaSessionArn ?? '')?.[1]?.replace('/', ':') ?? '';
const rootOf = (text: string) => ({
  KeyMaterial: {
    RootCertificatePublicKey: {
      KeyAttributes: {
        KeyUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
        KeyClass: 'PUBLIC_KEY',
        KeyAlgorithm: 'ECC_NIST_P256',
        KeyModesOfUse: { Verify: true },
      },
      PublicKeyCertificate: text,
    },
  },
});
/** Requests the import of a root certificate. */
async function request(more: object = {}, credentials = users.op): Promise<Key> {
  const input = { ...rootOf(ecParty('P-256').text), RequesterComment: 'new acquirer', ...more };
  const { status, json } = await control('ImportKey', input, credentials);
  expect({ status, json }).toEqual({ status: 200, json });
  return json['Key'] as Key;
}
const keyOf = async (KeyIdentifier: string) => (await control('GetKey', { KeyIdentifier })).json['Key'] as Key;

beforeAll(async () => {
  await createTeam('custodians');
  await createTeam('others.2_b', 1, ['bob', 'cy']);
});

describe('the association of a team', () => {
  test('does not exist at first', async () => {
    for (const answer of [await control('GetMpaTeamAssociation', { Action }), await disassociate()])
      expectControlError(answer, 'ResourceNotFoundException', { ResourceId: Action });
  });

  test.each<[string, object, string]>([
    ['an unknown action', { Action: 'EXPORT_KEY' }, 'ValidationException'],
    ['no action', { Action: undefined }, 'ValidationException'],
    ['no team', { MpaTeamArn: undefined }, 'ValidationException'],
    [
      "a team in the form that AWS's prose gives",
      { MpaTeamArn: TEAM.replace('approval-team', 'team') },
      'ValidationException',
    ],
    ['a comment too long', { RequesterComment: 'x'.repeat(201) }, 'ValidationException'],
    ['a team that does not exist', { MpaTeamArn: teamArn('none') }, 'ResourceNotFoundException'],
    ['a team of another Region', { MpaTeamArn: TEAM.replace('us-east-1', 'eu-west-1') }, 'ResourceNotFoundException'],
    [
      'a team of another account',
      { MpaTeamArn: TEAM.replace('000000000000', '111122223333') },
      'ResourceNotFoundException',
    ],
  ])('is not made with %s', async (_, input, name) => {
    expectControlError(await associate(TEAM, input), name);
    expectControlError(await control('GetMpaTeamAssociation', { Action }), 'ResourceNotFoundException');
  });

  test('is active at once, and repeating it changes nothing', async () => {
    for (const RequesterComment of ['our first', '', undefined]) {
      const { status, json } = await associate(TEAM, { RequesterComment });
      expect([status, json]).toEqual([
        200,
        { MpaTeamAssociation: { Action, MpaTeamArn: TEAM, AssociationState: 'ACTIVE' } },
      ]);
    }
  });

  test('with another team waits for the approval of the current one', async () => {
    expect((await associate(OTHER, { RequesterComment: 'they moved' })).json).toMatchObject({
      MpaTeamAssociation: { MpaTeamArn: TEAM, AssociationState: 'UPDATE_PENDING', MpaStatus: { Status: 'PENDING' } },
    });
    for (const refused of [await associate(TEAM), await associate(OTHER), await disassociate()])
      expectControlError(refused, 'ConflictException', { Message: expect.stringContaining('UPDATE_PENDING') });
    const id = idOf((await get()).MpaTeamAssociation.MpaStatus);
    expect(await approval(id)).toMatchObject({
      Executes: true,
      Comment: 'they moved',
      Operation: 'payment-cryptography:AssociateMpaTeam',
    });
    const { RequestHash } = await approval(id);
    for (const credentials of [users.ann, users.bob]) await vote('deny', id, { RequestHash }, credentials);
    expect((await get()).MpaTeamAssociation).toMatchObject({
      MpaTeamArn: TEAM,
      AssociationState: 'ACTIVE',
      MpaStatus: { Status: 'FAILED', StatusMessage: 'Approval session expired or was denied' },
    });
    await associate(OTHER);
    await approve(idOf((await get()).MpaTeamAssociation.MpaStatus), users.ann, users.cy);
    expect((await get()).MpaTeamAssociation).toMatchObject({
      MpaTeamArn: OTHER,
      AssociationState: 'ACTIVE',
      MpaStatus: { Status: 'APPROVED' },
    });
    await associate(TEAM);
    await approve(idOf((await get()).MpaTeamAssociation.MpaStatus), users.cy);
    expect((await get()).MpaTeamAssociation).toMatchObject({ MpaTeamArn: TEAM, AssociationState: 'ACTIVE' });
  });

  test('is not changed by a guard of the admin API', async () => {
    for (const method of ['PUT', 'DELETE'])
      expect(
        await approvals.refused(method, `guards/${Action}`, method === 'PUT' ? { TeamArn: OTHER } : undefined),
      ).toContain('AssociateMpaTeam');
  });
});

describe('the import of a root certificate', () => {
  test('needs a comment', async () => {
    expectControlError(await control('ImportKey', rootOf(ecParty('P-256').text)), 'ValidationException', {
      Message: expect.stringContaining('RequesterComment is required'),
    });
  });

  test('makes a key that nothing can use, until the last vote', async () => {
    const key = await request();
    expect(key).toMatchObject({ KeyState: 'CREATE_IN_PROGRESS', Enabled: true, MpaStatus: { Status: 'PENDING' } });
    expect(key.UsageStartTimestamp).toBeUndefined();
    const { KeyArn } = key;
    const trusted = {
      ...rootOf(ecParty('P-256').text).KeyMaterial.RootCertificatePublicKey,
      CertificateAuthorityPublicKeyIdentifier: KeyArn,
    };
    for (const [operation, input] of [
      ['StartKeyUsage', { KeyIdentifier: KeyArn }],
      ['StopKeyUsage', { KeyIdentifier: KeyArn }],
      ['RestoreKey', { KeyIdentifier: KeyArn }],
      ['AddKeyReplicationRegions', { KeyIdentifier: KeyArn, ReplicationRegions: ['eu-west-1'] }],
      ['ImportKey', { KeyMaterial: { TrustedCertificatePublicKey: trusted } }],
    ] as const)
      expectControlError(await control(operation, input), 'ValidationException');
    const id = idOf(key.MpaStatus);
    expect(await approval(id)).toMatchObject({ Executes: true, Comment: 'new acquirer', Resources: [KeyArn] });
    await approve(id, users.ann);
    expect((await keyOf(KeyArn)).KeyState).toBe('CREATE_IN_PROGRESS');
    await approve(id, users.bob);
    expect(await keyOf(KeyArn)).toMatchObject({
      KeyState: 'CREATE_COMPLETE',
      Enabled: true,
      UsageStartTimestamp: expect.any(Number) as unknown,
      MpaStatus: { Status: 'APPROVED' },
    });
    await service.app.get(AuditLog).flush();
    const [event] = await sql<{ event: object }>(
      `SELECT event::jsonb AS event FROM audit_events WHERE event::jsonb->>'eventType' = 'AwsServiceEvent' AND event::jsonb->>'eventName' = 'ImportKey' ORDER BY time DESC LIMIT 1`,
    );
    expect(event?.event).toMatchObject({
      eventSource: 'payment-cryptography.amazonaws.com',
      serviceEventDetails: {
        keyArn: KeyArn,
        operation: 'ImportKey',
        mpaSessionArn: key.MpaStatus?.MpaSessionArn,
        sessionStatus: 'APPROVED',
      },
    });
  });

  test('that is denied or cancelled leaves a key that can only be deleted', async () => {
    const [denied, cancelled] = [await request(), await request()];
    const { RequestHash } = await approval(idOf(denied.MpaStatus));
    for (const credentials of [users.ann, users.bob])
      await vote('deny', idOf(denied.MpaStatus), { RequestHash }, credentials);
    await done('POST', `approvals/${idOf(cancelled.MpaStatus)}/cancel`, undefined, users.op);
    const StatusMessage = 'Approval session expired or was denied';
    expect(await keyOf(denied.KeyArn)).toMatchObject({
      KeyState: 'CREATE_IN_PROGRESS',
      MpaStatus: { Status: 'FAILED', StatusMessage },
    });
    expect(await keyOf(cancelled.KeyArn)).toMatchObject({
      KeyState: 'CREATE_IN_PROGRESS',
      MpaStatus: { Status: 'CANCELLED' },
    });
    const KeyIdentifier = denied.KeyArn;
    expect((await control('DeleteKey', { KeyIdentifier })).json).toMatchObject({
      Key: { KeyState: 'DELETE_PENDING', Enabled: false },
    });
    // Restoring it doesn't complete an import that nobody has approved.
    expect((await control('RestoreKey', { KeyIdentifier })).json).toMatchObject({
      Key: { KeyState: 'CREATE_IN_PROGRESS', Enabled: false },
    });
    expectControlError(await control('StartKeyUsage', { KeyIdentifier }), 'ValidationException');
  });

  test('is never executed for a key that is deleted in the meantime', async () => {
    const { KeyArn: KeyIdentifier, MpaStatus } = await request();
    await control('DeleteKey', { KeyIdentifier });
    await approve(idOf(MpaStatus), users.ann, users.bob);
    expect(await approval(idOf(MpaStatus))).toMatchObject({
      State: 'FAILED',
      StatusMessage: expect.stringContaining('DELETE_PENDING') as unknown,
    });
    expect((await control('RestoreKey', { KeyIdentifier })).json).toMatchObject({
      Key: { KeyState: 'CREATE_IN_PROGRESS' },
    });
  });

  test('is not executed for a requester who has lost the permission or was removed', async () => {
    const [demoted, gone] = [await caller('demoted', EVERYTHING), await caller('gone', EVERYTHING)];
    const keys = [await request({}, demoted), await request({}, gone)];
    await done('DELETE', 'users/demoted/policies/own');
    await done('DELETE', 'users/gone');
    await caller('gone', EVERYTHING);
    for (const { KeyArn, MpaStatus } of keys) {
      await approve(idOf(MpaStatus), users.ann, users.bob);
      expect(await keyOf(KeyArn)).toMatchObject({ KeyState: 'CREATE_IN_PROGRESS', MpaStatus: { Status: 'FAILED' } });
    }
    const messages = await Promise.all(
      keys.map(async ({ MpaStatus }) => (await approval(idOf(MpaStatus))).StatusMessage),
    );
    expect(messages).toEqual([
      expect.stringContaining('is not authorized to perform'),
      expect.stringContaining("doesn't exist any more"),
    ]);
  });

  test('fails if the association changes', async () => {
    const { KeyArn, MpaStatus } = await request();
    await associate(OTHER);
    await approve(idOf((await get()).MpaTeamAssociation.MpaStatus), users.ann, users.bob);
    expect(await keyOf(KeyArn)).toMatchObject({ KeyState: 'CREATE_IN_PROGRESS', MpaStatus: { Status: 'FAILED' } });
    const { RequestHash } = await approval(idOf(MpaStatus));
    expect((await vote('approve', idOf(MpaStatus), { RequestHash }, users.ann)).status).toBe(409);
    const next = await request();
    await approve(idOf(next.MpaStatus), users.cy);
    expect((await keyOf(next.KeyArn)).KeyState).toBe('CREATE_COMPLETE');
  });

  test('whose key has been edited in the database is not completed', async () => {
    const { KeyArn } = await request();
    await sql(`UPDATE keys SET state = 'CREATE_COMPLETE' WHERE arn = $1`, [KeyArn]);
    const trusted = {
      ...rootOf(ecParty('P-256').text).KeyMaterial.RootCertificatePublicKey,
      CertificateAuthorityPublicKeyIdentifier: KeyArn,
    };
    expect((await control('ImportKey', { KeyMaterial: { TrustedCertificatePublicKey: trusted } })).status).toBe(500);
    await sql(`UPDATE keys SET state = 'CREATE_IN_PROGRESS' WHERE arn = $1`, [KeyArn]);
  });

  test('comments are not logged', async () => {
    const RequesterComment = 'between you and me';
    await request({ RequesterComment });
    await service.app.get(AuditLog).flush();
    expect(JSON.stringify(service.log)).not.toContain(RequesterComment);
    const [{ n } = {}] = await sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM audit_events WHERE event::text LIKE '%' || $1 || '%'`,
      [RequesterComment],
    );
    expect(n).toBe(0);
  });

  test('expires when nobody votes, and the association ends when its team approves', async () => {
    const { KeyArn } = await request();
    service.clock.advance(DAY_MS);
    await service.app.get(ApprovalSessions).settle();
    expect(await keyOf(KeyArn)).toMatchObject({ KeyState: 'CREATE_IN_PROGRESS', MpaStatus: { Status: 'FAILED' } });
    expect((await disassociate()).json).toMatchObject({ MpaTeamAssociation: { AssociationState: 'DELETE_PENDING' } });
    await approve(idOf((await get()).MpaTeamAssociation.MpaStatus), users.bob);
    expectControlError(await control('GetMpaTeamAssociation', { Action }), 'ResourceNotFoundException');
    const { json } = await control('ImportKey', rootOf(ecParty('P-256').text));
    expect(json).toMatchObject({ Key: { KeyState: 'CREATE_COMPLETE' } });
    expect((json['Key'] as Key).MpaStatus).toBeUndefined();
  });
});

test('an association from a version without approvals remains in force', async () => {
  await sql(`INSERT INTO mpa_team_associations VALUES ('000000000000', 'us-east-1', $1, $2, 'ACTIVE', NULL)`, [
    Action,
    TEAM,
  ]);
  await service.app.get(MpaTeamAssociationRepository).onApplicationBootstrap();
  expect((await get()).MpaTeamAssociation).toMatchObject({ MpaTeamArn: TEAM, AssociationState: 'ACTIVE' });
  expect(await sql('SELECT FROM mpa_team_associations')).toEqual([]);
  expect((await admin('GET', 'guards')).json['Guards']).toEqual([{ Operation: Action, TeamArn: TEAM }]);
});

test('of several concurrently associated teams, one waits', async () => {
  const answers = await Promise.all([associate(OTHER), associate(TEAM), associate(OTHER), disassociate()]);
  for (const answer of answers.filter(({ status }) => status !== 200)) expectControlError(answer, 'ConflictException');
  expect(
    await sql("SELECT FROM approval_sessions WHERE state = 'PENDING' AND subject LIKE '%association%'"),
  ).toHaveLength(1);
});
