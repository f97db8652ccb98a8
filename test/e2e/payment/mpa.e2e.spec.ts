import { DataSource } from 'typeorm';
import { type RawResponse, startTestService, target, type TestService } from '../../support/service.js';

/** The AWS SDK for JavaScript that is installed has none of these operations, so they are signed by hand. */

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
}, 60_000);
afterAll(() => service.stop());
beforeEach(() => service.app.get(DataSource).query('DELETE FROM mpa_team_associations'));

const Action = 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE';
const TEAM = 'arn:aws:mpa:us-east-1:000000000000:approval-team/custodians';
const OTHER = 'arn:aws:mpa:us-east-1:111122223333:approval-team/others.2_b';

const call = (operation: string, input: object) =>
  service.send({ headers: target(operation), body: JSON.stringify(input) });
const associate = (MpaTeamArn: string, input: object = {}) =>
  call('AssociateMpaTeam', { Action, MpaTeamArn, ...input });
const get = () => call('GetMpaTeamAssociation', { Action });
const disassociate = (input: object = {}) => call('DisassociateMpaTeam', { Action, ...input });

const association = (AssociationState: string, MpaTeamArn = TEAM) => ({
  MpaTeamAssociation: { Action, MpaTeamArn, AssociationState },
});

function expectFailure({ status, json }: RawResponse, name: string, members: object = {}): void {
  expect({ status, ...json }).toMatchObject({
    status: 400,
    __type: `com.amazonaws.paymentcryptography#${name}`,
    Message: expect.any(String),
    ...members,
  });
}

test('without a team there is none to show or to let go', async () => {
  for (const answer of [await get(), await disassociate()])
    expectFailure(answer, 'ResourceNotFoundException', { ResourceId: Action });
});

test('the first team is in force at once, and again is no change', async () => {
  for (const RequesterComment of ['our first', '', undefined]) {
    const { status, json } = await associate(TEAM, { RequesterComment });
    expect([status, json]).toEqual([200, association('ACTIVE')]);
    expect((await get()).json).toEqual(association('ACTIVE'));
  }
});

test('another team waits for approval, and the first stays in force', async () => {
  await associate(TEAM);
  const { status, json } = await associate(OTHER);
  expect([status, json]).toEqual([200, association('UPDATE_PENDING')]);
  expect((await get()).json).toEqual(association('UPDATE_PENDING'));
  for (const refused of [await associate(TEAM), await associate(OTHER), await disassociate()])
    expectFailure(refused, 'ConflictException', { Message: expect.stringContaining('UPDATE_PENDING') });
  expect((await get()).json).toEqual(association('UPDATE_PENDING'));
});

test('to go without waits for approval, and the team stays in force', async () => {
  await associate(TEAM);
  const { status, json } = await disassociate({ RequesterComment: 'no longer' });
  expect([status, json]).toEqual([200, association('DELETE_PENDING')]);
  expect((await get()).json).toEqual(association('DELETE_PENDING'));
  for (const refused of [await associate(TEAM), await associate(OTHER), await disassociate()])
    expectFailure(refused, 'ConflictException', { Message: expect.stringContaining('DELETE_PENDING') });
  expect((await get()).json).toEqual(association('DELETE_PENDING'));
});

test('the operator settles in the database what waits, as docs/operating.md says', async () => {
  const database = service.app.get(DataSource);
  await associate(TEAM);
  await associate(OTHER);
  await database.query(
    `UPDATE mpa_team_associations SET state = 'ACTIVE', team_arn = requested_team_arn, requested_team_arn = NULL
     WHERE state = 'UPDATE_PENDING'`,
  );
  expect((await get()).json).toEqual(association('ACTIVE', OTHER));
  await disassociate();
  await database.query(
    `UPDATE mpa_team_associations SET state = 'ACTIVE', requested_team_arn = NULL WHERE state <> 'ACTIVE'`,
  );
  expect((await get()).json).toEqual(association('ACTIVE', OTHER));
  await disassociate();
  await database.query(`DELETE FROM mpa_team_associations WHERE state = 'DELETE_PENDING'`);
  expectFailure(await get(), 'ResourceNotFoundException');
});

test('of several teams at once, one is in force and at most one waits', async () => {
  const answers = await Promise.all([associate(TEAM), associate(OTHER), associate(TEAM), associate(OTHER)]);
  const [done, refused] = [answers.filter(({ status }) => status === 200), answers.filter((a) => a.status !== 200)];
  expect(done.length).toBeGreaterThanOrEqual(2);
  for (const answer of refused) expectFailure(answer, 'ConflictException');
  const { MpaTeamAssociation } = (await get()).json as ReturnType<typeof association>;
  expect(MpaTeamAssociation.AssociationState).toBe('UPDATE_PENDING');
});

test.each<[string, object]>([
  ['an action nobody knows', { Action: 'EXPORT_KEY' }],
  ['no action', { Action: undefined }],
  ['no team', { MpaTeamArn: undefined }],
  ['a team as the prose of AWS has it', { MpaTeamArn: 'arn:aws:mpa:us-east-1:000000000000:team/custodians' }],
  ['a comment too long', { RequesterComment: 'x'.repeat(201) }],
])('refuses %s, and associates none', async (_, input) => {
  expectFailure(await associate(TEAM, input), 'ValidationException');
  expectFailure(await get(), 'ResourceNotFoundException');
});

test('no comment is in the log', async () => {
  const RequesterComment = 'between you and me';
  await associate(TEAM, { RequesterComment });
  await disassociate({ RequesterComment });
  expect(JSON.stringify(service.log)).not.toContain(RequesterComment);
});
