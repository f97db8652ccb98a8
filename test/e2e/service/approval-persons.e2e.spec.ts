import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { DataSource } from 'typeorm';
import { Changes } from '../../../src/changes/changes.js';
import { type Credentials, credentialsOf, policy } from '../../support/admin.js';
import { ACCOUNT, EVERYTHING, sessionIdOf, teamArn, useApprovals } from '../../support/approvals.js';
import { createKmsKey, sendKms } from '../../support/kms.js';
import type { RawResponse } from '../../support/service.js';

/** One person is one person, whatever role, session or user acts. */

const approvals = useApprovals();
const { service, admin, done, refused, users, vote, approval, approve, control, createTeam, guard, newKey } = approvals;

const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
async function assume(role: string, credentials: Credentials): Promise<Credentials & { sessionToken: string }> {
  const client = new STSClient({ endpoint: service.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  const { Credentials: found } = await client.send(
    new AssumeRoleCommand({ RoleArn: roleArn(role), RoleSessionName: 'monday' }),
  );
  return {
    accessKeyId: found!.AccessKeyId!,
    secretAccessKey: found!.SecretAccessKey!,
    sessionToken: found!.SessionToken!,
  };
}
const deleteKey = (KeyIdentifier: string, credentials: Credentials): Promise<RawResponse> =>
  control('DeleteKey', { KeyIdentifier }, credentials);
async function votes(id: string, credentials: Credentials): Promise<string> {
  const { RequestHash } = await approval(id);
  return refused('POST', `approvals/${id}/approve`, { RequestHash }, credentials);
}
const OWN_REQUEST = '403 AccessDeniedException: The requester of a session has no vote in it.';

beforeAll(async () => {
  for (const name of ['operator', 'chained']) {
    await done('POST', 'roles', { Name: name });
    await done('PUT', `roles/${name}/policies/own`, policy(EVERYTHING));
  }
  await createTeam('custodians');
  await guard('DeleteKey', 'custodians');
});

describe('a role', () => {
  test('acts for the user who has assumed it, who then has no vote; others with the same role have one', async () => {
    const key = await newKey();
    const byAnn = await assume('operator', users.ann);
    const id = sessionIdOf(await deleteKey(key, byAnn));
    expect(await approval(id)).toMatchObject({
      Requester: `arn:aws:sts::${ACCOUNT}:assumed-role/operator/monday`,
      MinApprovals: 2,
    });
    expect(await votes(id, users.ann)).toBe(OWN_REQUEST);
    expect(await votes(id, byAnn)).toContain("isn't an approver of team custodians");
    // A session of the same role and name that another user has started is another requester.
    const byBob = await assume('operator', users.bob);
    expect(sessionIdOf(await deleteKey(key, byBob))).not.toBe(id);
    expect(await refused('POST', `approvals/${id}/cancel`, undefined, byBob)).toContain('Only the requester');
    await approve(id, users.bob, users.cy);
    expect(await deleteKey(key, byBob)).toMatchObject({ status: 400 });
    // Her next session is the same requester.
    expect((await deleteKey(key, await assume('operator', users.ann))).status).toBe(200);
  });

  test('that another role has assumed acts for the user at the beginning of the chain', async () => {
    const chained = await assume('chained', await assume('operator', users.ann));
    const id = sessionIdOf(await deleteKey(await newKey(), chained));
    expect(await votes(id, users.ann)).toBe(OWN_REQUEST);
    await approve(id, users.bob);
  });

  test('with an access key of its own acts for nobody, but whoever created the key recently has no vote', async () => {
    const { accessKeyId, secretAccessKey } = credentialsOf(
      await done('POST', 'roles/operator/access-keys', undefined, users.ann),
    );
    const id = sessionIdOf(await deleteKey(await newKey(), { accessKeyId, secretAccessKey }));
    expect(await votes(id, users.ann)).toContain('This approver has created the requester, or changed its access');
    await approve(id, users.bob);
  });

  test('changes the access of others on behalf of the user who has assumed it', async () => {
    const byOp = await assume('operator', users.op);
    await done('POST', 'users', { Name: 'second' }, byOp);
    await done('PUT', 'users/second/policies/own', policy(EVERYTHING), byOp);
    const second = credentialsOf(await done('POST', 'users/second/access-keys', undefined, byOp));
    await createTeam('weak', 1, ['second', 'cy']);
    await guard('PutResourcePolicy', 'weak');
    const Policy = JSON.stringify(
      policy({ Effect: 'Deny', Principal: '*', Action: 'payment-cryptography:GenerateMac', Resource: '*' }),
    );
    const id = sessionIdOf(await control('PutResourcePolicy', { ResourceArn: await newKey(), Policy }));
    expect(await votes(id, second)).toContain('The requester has created this approver, or changed its access');
    await approve(id, users.cy);
  });

  test('whose session names another starter in the database cannot sign', async () => {
    const session = await assume('operator', users.ann);
    const sql = (text: string) => service.app.get(DataSource).query(text, [session.accessKeyId]);
    for (const starter of ['NULL', "(SELECT unique_id FROM principals WHERE name = 'op')"]) {
      await sql(`UPDATE access_keys SET started_by = ${starter} WHERE id = $1`);
      service.app.get(Changes).clear();
      const answer = await deleteKey(await newKey(), session);
      expect([starter, answer.status, answer.headers.has('x-keyblock-approval')]).toEqual([starter, 500, false]);
    }
  });
});

describe('a session of a user', () => {
  test('acts for the user who has started it, and has no vote', async () => {
    await approvals.caller('eve', EVERYTHING);
    const gil = await approvals.caller('gil', EVERYTHING);
    const asEve = credentialsOf(await done('POST', 'users/eve/sessions', { SessionName: 'mine' }, users.ann));
    const id = sessionIdOf(await deleteKey(await newKey(), asEve));
    expect(await votes(id, users.ann)).toBe(OWN_REQUEST);
    await approve(id, users.bob);

    const start = () => admin('POST', 'users/bob/sessions', { SessionName: 'his' }, gil);
    await approve(sessionIdOf(await start()), users.ann, users.cy);
    const { status, json } = await start();
    expect(status).toBe(200);
    expect(await votes(id, credentialsOf(json))).toContain('Another caller has started this session of');
    expect(await approval(id)).toMatchObject({ State: 'PENDING', Approvals: 1 });
  });

  test("of the user's own casts the user's one vote", async () => {
    const id = sessionIdOf(await deleteKey(await newKey(), users.op));
    const start = () => admin('POST', 'users/bob/sessions', { SessionName: 'mine' }, users.bob);
    await approve(sessionIdOf(await start()), users.ann, users.cy);
    const own = credentialsOf((await start()).json);
    await approve(id, own, users.bob, own);
    expect(await approval(id)).toMatchObject({ State: 'PENDING', Approvals: 1 });
  });
});

test('an approver cannot approve the request of a user whom they created recently', async () => {
  await done('POST', 'users', { Name: 'mule' }, users.ann);
  await done('PUT', 'users/mule/policies/own', policy(EVERYTHING), users.ann);
  const mule = credentialsOf(await done('POST', 'users/mule/access-keys', undefined, users.ann));
  const id = sessionIdOf(await deleteKey(await newKey(), mule));
  expect(await votes(id, users.ann)).toContain('This approver has created the requester, or changed its access');
  await approve(id, users.bob, users.cy);
});

describe('a chain of users', () => {
  /** Lets a caller create a user, who gets every permission. */
  async function create(name: string, by: Credentials): Promise<Credentials> {
    await done('POST', 'users', { Name: name }, by);
    await done('PUT', `users/${name}/policies/own`, policy(EVERYTHING), by);
    return credentialsOf(await done('POST', `users/${name}/access-keys`, undefined, by));
  }
  const BY_APPROVER = 'This approver has created the requester, or changed its access';

  test('does not let an approver approve the request of a user whom their own user has created', async () => {
    const inner = await create('inner', await create('outer', users.ann));
    const id = sessionIdOf(await deleteKey(await newKey(), inner));
    expect(await votes(id, users.ann)).toContain(BY_APPROVER);
    expect(await approval(id, users.ann)).toMatchObject({ MayVote: false });
    await approve(id, users.bob, users.cy);
  });

  test('nor if the user in between is removed', async () => {
    const inner = await create('left', await create('removed', users.ann));
    await done('DELETE', 'users/removed', undefined, users.ann);
    const id = sessionIdOf(await deleteKey(await newKey(), inner));
    expect(await votes(id, users.ann)).toContain(BY_APPROVER);
    await approve(id, users.bob, users.cy);
  });

  test('does not give a requester an approver whom their own user has created', async () => {
    const approver = await create('shadow', await create('between', users.op));
    await createTeam('shadows', 1, ['shadow', 'cy']);
    const id = sessionIdOf(await admin('POST', 'users/shadow/access-keys', undefined, users.op));
    expect(await votes(id, approver)).toContain('The requester has created this approver, or changed its access');
    await approve(id, users.cy);
  });

  test('is found although two users have changed each other', async () => {
    const one = await create('one', users.ann);
    const two = await create('two', one);
    await done('POST', 'users/one/access-keys', undefined, two);
    const id = sessionIdOf(await deleteKey(await newKey(), two));
    expect(await votes(id, users.ann)).toContain(BY_APPROVER);
    await approve(id, users.bob, users.cy);
  });
});

describe('an approver who is deleted', () => {
  const removal = (name: string) => admin('DELETE', `users/${name}`, undefined, users.op);

  test('no longer has a vote: lost approvals are needed again, and a request that can no longer be approved ends', async () => {
    const [dan, fay] = [await approvals.caller('dan', EVERYTHING), await approvals.caller('fay', EVERYTHING)];
    await createTeam('three', 2, ['dan', 'fay', 'bob']);
    await guard('ScheduleKeyDeletion', 'three');
    const { KeyId } = await createKmsKey(service);
    const schedule = () => sendKms(service, 'ScheduleKeyDeletion', { KeyId }, { credentials: users.op });
    const pending = sessionIdOf(await schedule());
    await approve(pending, dan, fay);
    await approve(sessionIdOf(await removal('dan')), fay, users.bob);
    expect((await removal('dan')).status).toBe(200);
    const again = sessionIdOf(await schedule());
    expect(again).not.toBe(pending);
    expect(await approval(pending)).toMatchObject({
      State: 'FAILED',
      StatusMessage: expect.stringContaining('Votes no longer count') as unknown,
    });
    const { RequestHash } = await approval(again);
    expect((await vote('deny', again, { RequestHash }, fay)).status).toBe(200);
    expect((await approval(again)).State).toBe('FAILED');
  });
});

describe('at the same time', () => {
  test('two votes approve once, and the call takes effect once', async () => {
    const key = await newKey();
    const id = sessionIdOf(await deleteKey(key, users.op));
    const { RequestHash } = await approval(id);
    const answers = await Promise.all(
      [users.ann, users.bob, users.cy, users.ann, users.bob].map((each) => vote('approve', id, { RequestHash }, each)),
    );
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect((await approval(id)).State).toBe('APPROVED');
    const calls = await Promise.all([1, 2, 3].map(() => deleteKey(key, users.op)));
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('two guards of an operation that has none: one stays, and the other waits for its team', async () => {
    await createTeam('easy', 1, ['ann', 'bob']);
    for (const operation of ['CreatePrincipal', 'ImportKey', 'ExportKey', 'PutKeyPolicy']) {
      const put = (team: string) => admin('PUT', `guards/${operation}`, { TeamArn: teamArn(team) }, users.op);
      const answers = await Promise.all([put('custodians'), put('easy')]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const refusal = answers.find(({ status }) => status !== 200)!;
      const won = answers[0].status === 200 ? 'custodians' : 'easy';
      expect(sessionIdOf(refusal)).toMatch(new RegExp(`^${won}:`));
    }
  });

  test('two first associations of an MPA team: one stays, and the other waits for its approval', async () => {
    const Action = 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE';
    const associate = (team: string) => control('AssociateMpaTeam', { Action, MpaTeamArn: teamArn(team) });
    const answers = await Promise.all([associate('custodians'), associate('easy')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const { json } = await control('GetMpaTeamAssociation', { Action });
    const { MpaTeamArn, AssociationState } = json['MpaTeamAssociation'] as Record<string, string>;
    expect(AssociationState).toBe('UPDATE_PENDING');
    // The same request again has another hash, so nobody can prepare two whose first digits are equal.
    const pending = async () => {
      const { Approvals } = await done('GET', 'approvals?State=PENDING');
      return (Approvals as Record<'Id' | 'Operation' | 'RequestHash', string>[]).find(({ Operation }) =>
        Operation.endsWith(':AssociateMpaTeam'),
      )!;
    };
    const { Id, RequestHash } = await pending();
    await done('POST', `approvals/${Id}/cancel`, undefined, users.op);
    expect((await associate(MpaTeamArn === teamArn('easy') ? 'custodians' : 'easy')).status).toBe(200);
    expect((await pending()).RequestHash).not.toBe(RequestHash);
  });

  test('two teams of one name: one is created', async () => {
    const body = { Name: 'twins', Approvers: ['ann', 'bob'], MinApprovals: 1 };
    const answers = await Promise.all([1, 2, 3].map(() => admin('POST', 'teams', body, users.op)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
  });
});
