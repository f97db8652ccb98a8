import { DataSource } from 'typeorm';
import { Changes } from '../../../src/changes/changes.js';
import { policy, statement } from '../../support/admin.js';
import { CREDENTIALS as ROOT } from '../../support/service.js';
import { EVERYTHING, sessionIdOf, teamArn, useApprovals } from '../../support/approvals.js';

const DAY_MS = 86_400_000;
const approvals = useApprovals();
const { service, admin, done, refused, caller, users, vote, approval, approve, control, createTeam, newKey } =
  approvals;

const sql = <T = Record<string, unknown>>(text: string, parameters: unknown[] = []) =>
  service.app.get(DataSource).query<T[]>(text, parameters);
const deleteKey = (KeyIdentifier: string, credentials = users.op) =>
  control('DeleteKey', { KeyIdentifier }, credentials);
/** Requests the deletion of a new key. */
async function request(credentials = users.op): Promise<{ key: string; id: string; RequestHash: string }> {
  const key = await newKey();
  const id = sessionIdOf(await deleteKey(key, credentials));
  return { key, id, RequestHash: (await approval(id)).RequestHash };
}
const DENY = policy({ Effect: 'Deny', Principal: '*', Action: 'payment-cryptography:GenerateMac', Resource: '*' });
const own = (id: string) => id.slice(id.indexOf(':') + 1);

beforeAll(async () => {
  await createTeam('custodians');
  await approvals.guard('DeleteKey', 'custodians');
});

describe('one person has one vote, and none on their own request', () => {
  test('the requester has none, even as an approver, and with a session too', async () => {
    const { id, RequestHash } = await request(users.ann);
    expect(await approval(id, users.ann)).toMatchObject({
      MayVote: false,
      Barrier: expect.stringContaining('requester') as unknown,
    });
    expect(await refused('POST', `approvals/${id}/approve`, { RequestHash }, users.ann)).toBe(
      '403 AccessDeniedException: The requester of a session has no vote in it.',
    );
    await approve(id, users.bob, users.cy);
    expect((await approval(id)).State).toBe('APPROVED');
  });

  test('voting twice counts once', async () => {
    const { key, id } = await request();
    await approve(id, users.ann, users.ann, users.ann);
    expect(await approval(id)).toMatchObject({ State: 'PENDING', Approvals: 1 });
    expect((await deleteKey(key)).status).toBe(400);
  });

  test('the root, a role and a user of no team have none', async () => {
    await done('POST', 'roles', { Name: 'auditor' });
    await done('PUT', 'roles/auditor/policies/own', policy(EVERYTHING));
    const role = approvals.credentials(await done('POST', 'roles/auditor/access-keys'));
    const stranger = await caller('stranger', EVERYTHING);
    const { id, RequestHash } = await request();
    for (const credentials of [undefined, role, stranger])
      expect(await refused('POST', `approvals/${id}/approve`, { RequestHash }, credentials)).toContain(
        "isn't an approver of team custodians",
      );
    expect((await approval(id)).Votes).toEqual([]);
  });

  test('a later user of the same name has none', async () => {
    await caller('dan', EVERYTHING);
    await createTeam('others', 1, ['dan', 'bob']);
    await approvals.guard('PutResourcePolicy', 'others');
    const removal = () => admin('DELETE', 'users/dan', undefined, users.op);
    await approve(sessionIdOf(await removal()), users.bob);
    expect((await removal()).status).toBe(200);
    const later = await caller('dan', EVERYTHING);
    const Policy = JSON.stringify(DENY);
    const id = sessionIdOf(await control('PutResourcePolicy', { ResourceArn: await newKey(), Policy }));
    const { RequestHash } = await approval(id);
    expect(await refused('POST', `approvals/${id}/approve`, { RequestHash }, later)).toContain("isn't an approver");
    const removed = () => admin('DELETE', 'guards/PutResourcePolicy', undefined, users.op);
    await approve(sessionIdOf(await removed()), users.bob);
    expect((await removed()).status).toBe(200);
  });
});

describe('a requester cannot create an approver', () => {
  test('an approver whom the requester has created or changed in the last 7 days has no vote', async () => {
    // The root has created all of them.
    const { id, RequestHash } = await request(ROOT);
    expect(await approval(id, users.ann)).toMatchObject({ MayVote: false });
    expect(await refused('POST', `approvals/${id}/approve`, { RequestHash }, users.ann)).toContain(
      'has created this approver, or changed its access, in the last 7 days',
    );
  });

  test.each<[string, string, string, object | undefined]>([
    ['a policy', 'PUT', 'users/bob/policies/more', policy(statement('kms:*'))],
    ['the removal of a policy', 'DELETE', 'users/bob/policies/own', undefined],
    ['an access key', 'POST', 'users/bob/access-keys', undefined],
    ['a session', 'POST', 'users/bob/sessions', {}],
    ['a password', 'PUT', 'users/bob/password', { Password: 'a password of theirs' }],
    ['the removal of the user', 'DELETE', 'users/bob', undefined],
  ])('the team must approve %s of an approver, even for the root', async (_, method, path, body) => {
    for (const credentials of [users.op, undefined])
      expect(await refused(method, path, body, credentials)).toContain('needs 2 approvals of team custodians');
    expect((await admin('GET', 'users/bob')).status).toBe(200);
  });

  test('the team must approve it in every Region for which the request is signed', async () => {
    const answer = await service.send({
      method: 'POST',
      path: '/admin/users/bob/access-keys',
      region: 'eu-west-1',
      credentials: users.op,
    });
    expect(answer.headers.get('x-keyblock-approval')).toContain(':us-east-1:');
  });

  test('changes of other users need no approval', async () => {
    await caller('eve', EVERYTHING);
    expect((await admin('DELETE', 'users/eve', undefined, users.op)).status).toBe(200);
  });
});

describe('what is approved is what was read', () => {
  test('a vote for another hash is refused', async () => {
    const [{ id }, { RequestHash: other }] = [await request(), await request()];
    for (const RequestHash of [other, '0'.repeat(64)])
      expect(await refused('POST', `approvals/${id}/approve`, { RequestHash }, users.ann)).toContain(
        "409 ConflictException: The request hash isn't that of the session",
      );
    expect(await refused('POST', `approvals/${id}/approve`, {}, users.ann)).toContain('ValidationException');
    expect((await approval(id)).Votes).toEqual([]);
  });

  test('a vote can be taken back until the session is approved', async () => {
    const { key, id, RequestHash } = await request();
    await approve(id, users.ann);
    expect((await vote('deny', id, { RequestHash, Comment: 'not now' }, users.ann)).status).toBe(200);
    await approve(id, users.bob);
    expect(await approval(id)).toMatchObject({ State: 'PENDING', Approvals: 1 });
    expect((await deleteKey(key)).status).toBe(400);
    await approve(id, users.ann);
    expect((await approval(id)).State).toBe('APPROVED');
    expect((await vote('deny', id, { RequestHash }, users.ann)).status).toBe(409);
  });

  test("the session ends when the approvals can't be reached any more", async () => {
    const { key, id, RequestHash } = await request();
    await vote('deny', id, { RequestHash }, users.ann);
    expect((await approval(id)).State).toBe('PENDING');
    await vote('deny', id, { RequestHash }, users.cy);
    expect(await approval(id)).toMatchObject({
      State: 'FAILED',
      StatusMessage: 'Approval session expired or was denied',
    });
    expect((await vote('approve', id, { RequestHash }, users.bob)).status).toBe(409);
    expect(sessionIdOf(await deleteKey(key))).not.toBe(id);
  });

  test("a requester whose team can't approve without them is told so", async () => {
    await createTeam('two', 2, ['ann', 'bob']);
    await approvals.guard('DeleteResourcePolicy', 'two');
    const key = await newKey();
    const Policy = JSON.stringify(DENY);
    await control('PutResourcePolicy', { ResourceArn: key, Policy });
    const answer = await control('DeleteResourcePolicy', { ResourceArn: key }, users.ann);
    expect(answer.json['Message']).toContain('only 1 of its approvers may vote');
    expect(answer.headers.has('x-keyblock-approval')).toBe(false);
  });
});

describe('the rules cannot be changed during a vote', () => {
  const members = { Approvers: ['ann', 'bob', 'cy'], MinApprovals: 1 };

  test('a team must approve its own change, which ends the sessions that wait', async () => {
    const [waiting, ready] = [await request(), await request()];
    await approve(waiting.id, users.ann);
    await approve(ready.id, users.ann, users.bob);
    const change = () => admin('PUT', 'teams/custodians', members, users.op);
    const id = sessionIdOf(await change());
    expect(await approval(id)).toMatchObject({
      Before: JSON.stringify({ Approvers: ['ann', 'bob', 'cy'], MinApprovals: 2, SessionSeconds: 86_400 }),
      After: expect.stringContaining('"MinApprovals":1') as unknown,
    });
    await approve(id, users.ann, users.bob);
    expect((await change()).status).toBe(200);
    for (const each of [waiting.id, ready.id])
      expect(await approval(each)).toMatchObject({
        State: 'FAILED',
        StatusMessage: expect.stringContaining('was changed') as unknown,
      });
    expect(sessionIdOf(await deleteKey(ready.key))).not.toBe(ready.id);
    // Restore the team, with the one approval that is needed now.
    const back = () => admin('PUT', 'teams/custodians', { ...members, MinApprovals: 2 }, users.op);
    await approve(sessionIdOf(await back()), users.cy);
    expect((await back()).status).toBe(200);
  });

  test('the current team must approve the change or removal of a guard', async () => {
    const { id, key } = await request();
    await approve(id, users.ann, users.bob);
    await createTeam('easy', 1);
    const easier = () => admin('PUT', 'guards/DeleteKey', { TeamArn: teamArn('easy') }, users.op);
    const removal = () => admin('DELETE', 'guards/DeleteKey', undefined, users.op);
    for (const answer of [await easier(), await removal()]) expect(sessionIdOf(answer)).toMatch(/^custodians:/);
    expect(await refused('DELETE', 'guards/DeleteKey')).toContain('needs 2 approvals');
    await approve(sessionIdOf(await easier()), users.bob, users.cy);
    expect((await easier()).status).toBe(200);
    expect((await approval(id)).State).toBe('FAILED');
    expect(sessionIdOf(await deleteKey(key))).toMatch(/^easy:/);
    const back = () => admin('PUT', 'guards/DeleteKey', { TeamArn: teamArn('custodians') }, users.op);
    await approve(sessionIdOf(await back()), users.ann);
    expect((await back()).status).toBe(200);
  });

  test('a team that guards something cannot be removed', async () => {
    const removal = () => admin('DELETE', 'teams/custodians', undefined, users.op);
    expect((await removal()).json['message']).toContain('The team guards DeleteKey');
  });
});

describe('who can write to the database', () => {
  const forge: [what: string, statement: string][] = [
    [
      'sets the state of a session',
      "UPDATE approval_sessions SET state = 'APPROVED', approved_until = now() + interval '30 days' WHERE id = $1",
    ],
    [
      'writes a reason to break the glass',
      "UPDATE approval_sessions SET state = 'APPROVED', break_glass_reason = 'x', approved_until = now() + interval '30 days' WHERE id = $1",
    ],
    [
      'inserts a vote',
      "INSERT INTO approval_votes SELECT id, (SELECT unique_id FROM principals WHERE name = 'bob'), 'arn', 'APPROVE', request_hash, NULL, now(), sha256('x') FROM approval_sessions WHERE id = $1",
    ],
    [
      'inserts a vote without a MAC',
      "INSERT INTO approval_votes SELECT id, (SELECT unique_id FROM principals WHERE name = 'bob'), 'arn', 'APPROVE', request_hash, NULL, now(), NULL FROM approval_sessions WHERE id = $1",
    ],
    [
      'copies a vote of another session',
      'INSERT INTO approval_votes SELECT $1, voter_id, voter_arn, decision, request_hash, comment, voted_at, mac FROM approval_votes WHERE session_id <> $1 AND voter_id <> (SELECT voter_id FROM approval_votes WHERE session_id = $1) LIMIT 1',
    ],
    [
      'edits the voter of a vote',
      "UPDATE approval_votes SET voter_id = (SELECT unique_id FROM principals WHERE name = 'bob') WHERE session_id = $1",
    ],
    [
      'lowers the approvals of a team',
      "UPDATE approval_teams SET min_approvals = 1 WHERE $1 <> '' AND name = 'custodians'",
    ],
    [
      'adds an approver to a team',
      "UPDATE approval_teams SET approvers = approvers || ',' || (SELECT unique_id FROM principals WHERE name = 'op') WHERE $1 <> '' AND name = 'custodians'",
    ],
    [
      'gives a guard another team',
      "UPDATE approval_guards SET team_arn = replace(team_arn, 'custodians', 'easy') WHERE $1 <> '' AND operation = 'DeleteKey'",
    ],
    [
      'gives a guard a condition',
      `UPDATE approval_guards SET condition = '{"Bool":{"aws:SecureTransport":["true"]}}' WHERE $1 <> '' AND operation = 'DeleteKey'`,
    ],
    [
      'moves a change of an approver to another time',
      "UPDATE access_changes SET changed_at = now() - interval '1 year' WHERE $1 <> ''",
    ],
  ];
  const TABLES = ['approval_sessions', 'approval_votes', 'approval_teams', 'approval_guards', 'access_changes'];

  test.each(forge)('and %s approves nothing', async (_, statementText) => {
    // Root's approvers were changed by the root recently: only a forged time would let them vote.
    const isTime = statementText.includes('access_changes');
    const credentials = isTime ? ROOT : users.op;
    const { key, id, RequestHash } = await request(credentials);
    if (!isTime) await approve(id, users.ann);
    for (const table of TABLES) await sql(`CREATE TABLE kept_${table} AS TABLE ${table}`);
    try {
      await sql(statementText, [own(id)]);
      // As after a restart.
      service.app.get(Changes).clear();
      if (isTime) await vote('approve', id, { RequestHash }, users.ann);
      const answer = await deleteKey(key, credentials);
      expect(answer.status).not.toBe(200);
      expect(await sql('SELECT state FROM keys WHERE arn = $1', [key])).toEqual([{ state: 'CREATE_COMPLETE' }]);
    } finally {
      for (const table of TABLES) {
        await sql(`DELETE FROM ${table}`);
        await sql(`INSERT INTO ${table} TABLE kept_${table}`);
        await sql(`DROP TABLE kept_${table}`);
      }
      service.app.get(Changes).clear();
    }
    expect((await deleteKey(key, credentials)).headers.has('x-keyblock-approval')).toBe(true);
  });
});

// Last, because the clock is ahead from then on.
describe('the root is guarded, too', () => {
  test('its call takes effect only with the approvals, once the approvers are 7 days old', async () => {
    const key = await newKey();
    service.clock.advance(7 * DAY_MS);
    const id = sessionIdOf(await deleteKey(key, ROOT));
    await approve(id, users.ann, users.bob);
    expect((await deleteKey(key, ROOT)).status).toBe(200);
  });
});
