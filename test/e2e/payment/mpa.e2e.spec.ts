import { DataSource } from 'typeorm';
import { serviceEnv } from '../../support/service.js';
import { runKeyblock } from '../../support/cli.js';
import { apiOf, expectControlError, useService } from '../../support/api.js';

const service = useService();
const { control } = apiOf(service);
beforeEach(() => service.app.get(DataSource).query('DELETE FROM mpa_team_associations'));

const Action = 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE';
const TEAM = 'arn:aws:mpa:us-east-1:000000000000:approval-team/custodians';
const OTHER = 'arn:aws:mpa:us-east-1:111122223333:approval-team/others.2_b';

const associate = (MpaTeamArn: string, input: object = {}) =>
  control('AssociateMpaTeam', { Action, MpaTeamArn, ...input });
const get = () => control('GetMpaTeamAssociation', { Action });
const disassociate = (input: object = {}) => control('DisassociateMpaTeam', { Action, ...input });

const association = (AssociationState: string, MpaTeamArn = TEAM) => ({
  MpaTeamAssociation: { Action, MpaTeamArn, AssociationState },
});

test('getting or disassociating a team fails when there is none', async () => {
  for (const answer of [await get(), await disassociate()])
    expectControlError(answer, 'ResourceNotFoundException', { ResourceId: Action });
});

test('the first team is active at once, and associating it again changes nothing', async () => {
  for (const RequesterComment of ['our first', '', undefined]) {
    const { status, json } = await associate(TEAM, { RequesterComment });
    expect([status, json]).toEqual([200, association('ACTIVE')]);
    expect((await get()).json).toEqual(association('ACTIVE'));
  }
});

test('another team waits for approval while the first stays active', async () => {
  await associate(TEAM);
  const { status, json } = await associate(OTHER);
  expect([status, json]).toEqual([200, association('UPDATE_PENDING')]);
  expect((await get()).json).toEqual(association('UPDATE_PENDING'));
  for (const refused of [await associate(TEAM), await associate(OTHER), await disassociate()])
    expectControlError(refused, 'ConflictException', { Message: expect.stringContaining('UPDATE_PENDING') });
  expect((await get()).json).toEqual(association('UPDATE_PENDING'));
});

test('a disassociation waits for approval while the team stays active', async () => {
  await associate(TEAM);
  const { status, json } = await disassociate({ RequesterComment: 'no longer' });
  expect([status, json]).toEqual([200, association('DELETE_PENDING')]);
  expect((await get()).json).toEqual(association('DELETE_PENDING'));
  for (const refused of [await associate(TEAM), await associate(OTHER), await disassociate()])
    expectControlError(refused, 'ConflictException', { Message: expect.stringContaining('DELETE_PENDING') });
  expect((await get()).json).toEqual(association('DELETE_PENDING'));
});

describe('keyblock mpa settle', () => {
  const environment = { ...process.env };
  beforeAll(() => void Object.assign(process.env, serviceEnv(service.store)));
  afterAll(() => void (process.env = environment));
  const settle = (...args: string[]) => runKeyblock(['mpa', 'settle', ...args]);
  const needs = (team: string) => ({ exitCode: 0, stdout: `${Action} needs the approval of ${team}\n`, stderr: '' });

  test('approves another team and the removal of a team', async () => {
    await associate(TEAM);
    await associate(OTHER);
    expect(await settle('--action', Action, 'approve')).toEqual(needs(OTHER));
    expect((await get()).json).toEqual(association('ACTIVE', OTHER));
    await disassociate();
    const stdout = `${Action} needs no approval\n`;
    expect(await settle('--action', Action, 'approve')).toEqual({ exitCode: 0, stdout, stderr: '' });
    expectControlError(await get(), 'ResourceNotFoundException');
    expect((await associate(OTHER)).json).toEqual(association('ACTIVE', OTHER));
  });

  test('rejects another team and the removal of a team', async () => {
    await associate(TEAM);
    for (const request of [() => associate(OTHER), disassociate]) {
      await request();
      expect(await settle('--action', Action, 'reject')).toEqual(needs(TEAM));
      expect((await get()).json).toEqual(association('ACTIVE'));
    }
  });

  test('has nothing to settle without a team or a pending change', async () => {
    expect(await settle('--action', Action, 'approve')).toMatchObject({ exitCode: 4, stdout: '' });
    await associate(TEAM);
    for (const decision of ['approve', 'reject']) {
      const { exitCode, stdout, stderr } = await settle('--action', Action, decision);
      expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
      expect(stderr).toContain('waiting for approval');
    }
    expect((await get()).json).toEqual(association('ACTIVE'));
  });

  test.each([
    ['no action', ['approve']],
    ['an unknown action', ['--action', 'EXPORT_KEY', 'approve']],
    ['no decision', ['--action', Action]],
    ['an unknown decision', ['--action', Action, 'maybe']],
  ])('refuses %s', async (_, args) => {
    await associate(TEAM);
    await disassociate();
    expect(await settle(...args)).toMatchObject({ exitCode: 2, stdout: '' });
    expect((await get()).json).toEqual(association('DELETE_PENDING'));
  });

  test('is audited as a call by the root', async () => {
    await associate(TEAM);
    await disassociate();
    await settle('--action', Action, 'approve');
    const [found] = await service.app
      .get(DataSource)
      .query<{ event: Record<string, unknown> }[]>(
        `SELECT event::jsonb AS event FROM audit_events WHERE event::jsonb->>'eventName' = 'SettleMpaTeam' ORDER BY time DESC LIMIT 1`,
      );
    expect(found?.event).toMatchObject({
      eventSource: 'keyblock',
      userAgent: 'keyblock mpa',
      requestParameters: { action: Action, decision: 'approve' },
    });
  });
});

test('of several teams that are associated at once, one is active and at most one is pending', async () => {
  const answers = await Promise.all([associate(TEAM), associate(OTHER), associate(TEAM), associate(OTHER)]);
  const [done, refused] = [answers.filter(({ status }) => status === 200), answers.filter((a) => a.status !== 200)];
  expect(done.length).toBeGreaterThanOrEqual(2);
  for (const answer of refused) expectControlError(answer, 'ConflictException');
  const { MpaTeamAssociation } = (await get()).json as ReturnType<typeof association>;
  expect(MpaTeamAssociation.AssociationState).toBe('UPDATE_PENDING');
});

test.each<[string, object]>([
  ['an unknown action', { Action: 'EXPORT_KEY' }],
  ['no action', { Action: undefined }],
  ['no team', { MpaTeamArn: undefined }],
  ["a team in the form that AWS's prose gives", { MpaTeamArn: 'arn:aws:mpa:us-east-1:000000000000:team/custodians' }],
  ['a comment too long', { RequesterComment: 'x'.repeat(201) }],
])('rejects %s and associates no team', async (_, input) => {
  expectControlError(await associate(TEAM, input), 'ValidationException');
  expectControlError(await get(), 'ResourceNotFoundException');
});

test('comments are not logged', async () => {
  const RequesterComment = 'between you and me';
  await associate(TEAM, { RequesterComment });
  await disassociate({ RequesterComment });
  expect(JSON.stringify(service.log)).not.toContain(RequesterComment);
});
