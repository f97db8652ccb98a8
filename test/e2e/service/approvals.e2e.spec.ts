import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { ApprovalSessions } from '../../../src/approvals/approval-sessions.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { DatabaseTime } from '../../../src/changes/database-time.js';
import { statement } from '../../support/admin.js';
import { sessionIdOf, teamArn, useApprovals } from '../../support/approvals.js';
import { importKeys } from '../../support/import.js';
import { createKmsKey } from '../../support/kms.js';

const HOUR_MS = 3_600_000;
const approvals = useApprovals();
const { service, admin, done, refused, users, vote, approval, approve, control, createTeam, guard, newKey } = approvals;

const sql = <T = Record<string, unknown>>(text: string, parameters: unknown[] = []) =>
  service.app.get(DataSource).query<T[]>(text, parameters);
async function eventsNamed(name: string): Promise<Record<string, unknown>[]> {
  await service.app.get(AuditLog).flush();
  const rows = await sql<{ event: Record<string, unknown> }>(
    `SELECT event::jsonb AS event FROM audit_events WHERE event::jsonb->>'eventName' = $1 ORDER BY chain, sequence`,
    [name],
  );
  return rows.map(({ event }) => event);
}
const deleteKey = (KeyIdentifier: string, more: object = {}, credentials = users.op) =>
  control('DeleteKey', { KeyIdentifier, ...more }, credentials);

beforeAll(async () => {
  await createTeam('custodians');
  await guard('DeleteKey', 'custodians');
});

describe('a guarded call', () => {
  test('is refused with the session that it needs, and again with the same one', async () => {
    const key = await newKey();
    const first = await deleteKey(key);
    expect(first).toMatchObject({
      status: 400,
      json: {
        __type: 'com.amazonaws.paymentcryptography#AccessDeniedException',
        Message: expect.stringMatching(
          /^DeleteKey needs 2 approvals of team custodians: session arn:aws:mpa:us-east-1:000000000000:session\/custodians\/[A-Z2-7]{26}\. Repeat/,
        ) as unknown,
      },
    });
    expect(sessionIdOf(await deleteKey(key))).toBe(sessionIdOf(first));
    expect(await sql('SELECT state FROM keys WHERE arn = $1', [key])).toEqual([{ state: 'CREATE_COMPLETE' }]);
    const [event] = (await eventsNamed('RequestApproval')).slice(-1);
    expect(event).toMatchObject({
      eventSource: 'keyblock',
      userIdentity: { userName: 'op' },
      requestParameters: { operation: 'payment-cryptography:DeleteKey' },
    });
  });

  test('takes effect once, when two users have approved it and it is repeated', async () => {
    const key = await newKey([{ Key: 'line', Value: '3' }]);
    const id = sessionIdOf(await deleteKey(key));
    expect(await approval(id, users.ann)).toMatchObject({
      Operation: 'payment-cryptography:DeleteKey',
      Requester: 'arn:aws:iam::000000000000:user/op',
      State: 'PENDING',
      MayVote: true,
      Facts: [
        { Name: 'Change', Value: expect.stringContaining('destroyed in 7 days') as unknown },
        { Name: 'Key', Value: expect.stringContaining('TR31_M6_ISO_9797_5_CMAC_KEY, AES_128, check value') as unknown },
        { Name: 'Tags', Value: 'line=3' },
      ],
      Resources: [expect.stringMatching(`^${key} \\(.*, CREATE_COMPLETE`) as unknown],
    });
    await approve(id, users.ann);
    expect((await deleteKey(key)).status).toBe(400);
    await approve(id, users.bob);
    expect(await approval(id)).toMatchObject({ State: 'APPROVED', Approvals: 2, MayVote: false });
    expect(await deleteKey(key)).toMatchObject({ status: 200, json: { Key: { KeyState: 'DELETE_PENDING' } } });
    expect((await approval(id)).State).toBe('EXECUTED');
    const [event] = (await eventsNamed('DeleteKey')).slice(-1);
    const approvers = ['ann', 'bob'].map((name) => `arn:aws:iam::000000000000:user/${name}`);
    expect(event?.['additionalEventData']).toEqual({
      approval: { session: (await approval(id)).SessionArn, approvers: expect.arrayContaining(approvers) as unknown },
    });
    // The approval is used up: after the key is restored, the same call needs another one.
    expect((await control('RestoreKey', { KeyIdentifier: key })).status).toBe(200);
    expect(sessionIdOf(await deleteKey(key))).not.toBe(id);
  });

  test('that is repeated concurrently takes effect once', async () => {
    const key = await newKey();
    await approve(sessionIdOf(await deleteKey(key)), users.ann, users.cy);
    const answers = await Promise.all([deleteKey(key), deleteKey(key), deleteKey(key), deleteKey(key)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['other days', { DeleteKeyInDays: 30 }],
    ['the default days in words', { DeleteKeyInDays: 7 }],
  ])('with %s is another call', async (_, more) => {
    const key = await newKey();
    const id = sessionIdOf(await deleteKey(key));
    await approve(id, users.ann, users.bob);
    expect(sessionIdOf(await deleteKey(key, more))).not.toBe(id);
  });

  test('of another requester, or about a key that has changed meanwhile, is another call', async () => {
    const key = await newKey();
    const id = sessionIdOf(await deleteKey(key));
    await approve(id, users.ann, users.bob);
    expect(sessionIdOf(await deleteKey(key, {}, users.cy))).not.toBe(id);
    await control('StopKeyUsage', { KeyIdentifier: key });
    expect(sessionIdOf(await deleteKey(key))).not.toBe(id);
  });

  test('by an alias is the call by the ARN, until the alias is moved', async () => {
    const [key, other] = [await newKey(), await newKey()];
    await control('CreateAlias', { AliasName: 'alias/till', KeyArn: key });
    const id = sessionIdOf(await deleteKey(key));
    expect(sessionIdOf(await deleteKey('alias/till'))).toBe(id);
    await approve(id, users.ann, users.bob);
    await control('UpdateAlias', { AliasName: 'alias/till', KeyArn: other });
    expect(sessionIdOf(await deleteKey('alias/till'))).not.toBe(id);
    expect((await deleteKey(key)).status).toBe(200);
  });

  test('that policies deny, or that fails anyway, gets no session', async () => {
    const key = await newKey();
    const [counted] = await sql<{ n: number }>('SELECT count(*)::int AS n FROM approval_sessions');
    const before = counted!.n;
    const nobody = await approvals.caller('nobody');
    for (const answer of [
      await deleteKey(key, {}, nobody),
      await deleteKey(key, { DeleteKeyInDays: 2 }),
      await deleteKey(key.replace(/.{4}$/, 'zzzz')),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.headers.has('x-keyblock-approval')).toBe(false);
    }
    expect(await sql('SELECT count(*)::int AS n FROM approval_sessions')).toEqual([{ n: before }]);
  });

  test('is not executed for a requester who has lost the permission meanwhile', async () => {
    const key = await newKey();
    const leaver = await approvals.caller('leaver', statement('*'));
    const id = sessionIdOf(await deleteKey(key, {}, leaver));
    await approve(id, users.ann, users.bob);
    await done('DELETE', 'users/leaver/policies/own');
    const answer = await deleteKey(key, {}, leaver);
    expect(answer.json['Message']).toContain('is not authorized to perform: payment-cryptography:DeleteKey');
    expect((await approval(id)).State).toBe('APPROVED');
  });

  test('is cancelled only by its requester', async () => {
    const id = sessionIdOf(await deleteKey(await newKey()));
    expect(await refused('POST', `approvals/${id}/cancel`, undefined, users.ann)).toContain('Only the requester');
    const { Approval } = await done('POST', `approvals/${id}/cancel`, undefined, users.op);
    expect(Approval).toMatchObject({ State: 'CANCELLED' });
    const { RequestHash } = await approval(id);
    expect((await vote('approve', id, { RequestHash }, users.ann)).status).toBe(409);
    expect((await eventsNamed('CancelApproval')).at(-1)?.['requestParameters']).toEqual({ id });
  });

  test('is listed, page by page and by state', async () => {
    const all = (await done('GET', 'approvals?MaxResults=100'))['Approvals'] as { Id: string; State: string }[];
    const first = await done('GET', 'approvals?MaxResults=2');
    const next = await done('GET', `approvals?MaxResults=2&NextToken=${String(first['NextToken'])}`);
    const ids = [first, next].flatMap((page) => (page['Approvals'] as { Id: string }[]).map(({ Id }) => Id));
    expect(ids).toEqual(all.slice(0, 4).map(({ Id }) => Id));
    for (const state of ['PENDING', 'EXECUTED', 'CANCELLED']) {
      const found = (await done('GET', `approvals?MaxResults=100&State=${state}`))['Approvals'] as { Id: string }[];
      expect(found.map(({ Id }) => Id)).toEqual(all.filter(({ State }) => State === state).map(({ Id }) => Id));
      expect(found.length).toBeGreaterThan(0);
    }
  });
});

describe('a guard', () => {
  test('with a condition covers only the calls that meet it', async () => {
    await createTeam('vault');
    await guard('PutResourcePolicy', 'vault', {
      Condition: {
        StringEquals: {
          'aws:ResourceTag/tier': ['production'],
          'payment-cryptography:KeyUsage': ['TR31_M6_ISO_9797_5_CMAC_KEY'],
        },
      },
    });
    const [plain, guarded] = [await newKey(), await newKey([{ Key: 'tier', Value: 'production' }])];
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 'payment-cryptography:GenerateMac', Resource: '*' }],
    });
    expect((await control('PutResourcePolicy', { ResourceArn: plain, Policy })).status).toBe(200);
    const id = sessionIdOf(await control('PutResourcePolicy', { ResourceArn: guarded, Policy }));
    expect(await approval(id)).toMatchObject({ After: Policy });
    await approve(id, users.ann, users.bob);
    expect((await control('PutResourcePolicy', { ResourceArn: guarded, Policy })).status).toBe(200);
    // The policy to be replaced has changed.
    expect(sessionIdOf(await control('PutResourcePolicy', { ResourceArn: guarded, Policy }))).not.toBe(id);
  });

  test('of exports allows an approved export once, and its answer only then', async () => {
    await guard('ExportKey', 'vault');
    const [key, kek] = [
      await newKey(),
      (
        (
          await control('CreateKey', {
            KeyAttributes: {
              KeyUsage: 'TR31_K0_KEY_ENCRYPTION_KEY',
              KeyClass: 'SYMMETRIC_KEY',
              KeyAlgorithm: 'AES_256',
              KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
            },
            Exportable: true,
          })
        ).json['Key'] as { KeyArn: string }
      ).KeyArn,
    ];
    const input = { ExportKeyIdentifier: key, KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kek } } };
    const id = sessionIdOf(await control('ExportKey', input));
    const { Resources } = await approval(id);
    expect(Resources).toEqual([expect.stringContaining(key), expect.stringMatching(/TR31_K0_KEY_ENCRYPTION_KEY/)]);
    await approve(id, users.bob, users.cy);
    const answers = await Promise.all([1, 2, 3].map(() => control('ExportKey', input)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, text } of answers) if (status !== 200) expect(text).not.toContain('WrappedKeyCryptogram');
  });

  test('of the import of key-encryption keys covers no other import', async () => {
    const { importKey } = await importKeys(service);
    await guard('ImportKey', 'vault');
    await importKey({
      usage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
      clear: '11'.repeat(16),
      algorithm: 'AES_128',
      modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
    });
    await expect(
      importKey({
        usage: 'TR31_K0_KEY_ENCRYPTION_KEY',
        clear: '22'.repeat(16),
        algorithm: 'AES_128',
        modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
      }),
    ).rejects.toThrow('needs 2 approvals of team vault');
  });

  test('of KMS also stops a call that comes by another way', async () => {
    const { KeyId } = await createKmsKey(service);
    await guard('ScheduleKeyDeletion', 'vault');
    const refusal = await service.send({
      service: 'kms',
      headers: { 'x-amz-target': 'TrentService.ScheduleKeyDeletion' },
      body: JSON.stringify({ KeyId }),
      credentials: users.op,
    });
    const id = sessionIdOf(refusal);
    expect(refusal.json['__type']).toContain('AccessDeniedException');
    await approve(id, users.ann, users.bob);
    const done = await service.send({
      service: 'kms',
      headers: { 'x-amz-target': 'TrentService.ScheduleKeyDeletion' },
      body: JSON.stringify({ KeyId }),
      credentials: users.op,
    });
    expect(done).toMatchObject({ status: 200, json: { KeyState: 'PendingDeletion' } });
  });

  test.each<[string, string, object, string]>([
    ["an operation that can't be guarded", 'GenerateMac', {}, "400 ValidationException: GenerateMac can't be guarded"],
    ['the association of an MPA team', 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE', {}, 'call AssociateMpaTeam'],
    ['a team that does not exist', 'CreatePrincipal', { TeamArn: teamArn('none') }, '404 ResourceNotFoundException'],
    [
      'a condition with an unknown operator',
      'CreatePrincipal',
      { Condition: { Equals: { a: ['b'] } } },
      "Equals isn't a condition operator",
    ],
    [
      'a condition without a value',
      'CreatePrincipal',
      { Condition: { StringEquals: { a: [] } } },
      '400 ValidationException',
    ],
    [
      'a value that does not go with its operator',
      'CreatePrincipal',
      { Condition: { Bool: { a: ['b'] } } },
      "Bool can't compare",
    ],
  ])('refuses %s', async (_, operation, more, message) => {
    const body = { TeamArn: teamArn('custodians'), ...more };
    expect(await refused('PUT', `guards/${operation}`, body)).toContain(message);
  });

  test.each<[string, object, string]>([
    ['a user who does not exist', { Approvers: ['ann', 'zoe'] }, 'There is no user zoe'],
    ['one approver who is named twice', { Approvers: ['ann', 'ann'] }, 'at least 2 approvers'],
    ['more approvals than approvers', { MinApprovals: 3, Approvers: ['ann', 'bob'] }, 'MinApprovals, 3'],
    ['one approver', { Approvers: ['ann'] }, 'ValidationException'],
    ['twenty-one approvers', { Approvers: Array<string>(21).fill('ann') }, 'ValidationException'],
    ['no approval', { MinApprovals: 0 }, 'ValidationException'],
    ['a session of a minute', { SessionSeconds: 60 }, 'ValidationException'],
    ['a name with a slash', { Name: 'a/b' }, 'ValidationException'],
    ['a name that is taken', { Name: 'custodians' }, '409 ConflictException'],
  ])('has no team with %s', async (_, more, message) => {
    const body = { Name: 'new', Approvers: ['ann', 'bob'], MinApprovals: 2, ...more };
    expect(await refused('POST', 'teams', body)).toContain(message);
  });
});

test('policies decide who approves, by the ARN of the team', async () => {
  const id = sessionIdOf(await deleteKey(await newKey()));
  const stranger = await approvals.caller(
    'stranger',
    statement('keyblock:GetApproval', { Resource: teamArn('other') }),
  );
  expect(await refused('GET', `approvals/${id}`, undefined, stranger)).toContain(
    'keyblock:GetApproval on resource: ' + teamArn('custodians'),
  );
  expect(await refused('GET', `approvals/${id.replace('custodians', 'vault')}`)).toContain('404');
  expect((await admin('GET', 'approvals/none')).status).toBe(400);
});

// Last, because clients that don't sign by the service's clock are refused once it is ahead.
describe('in the course of time, a guarded call', () => {
  test('goes by the clock of the database, even on a node whose own clock is wrong', async () => {
    const [early, late] = [await newKey(), await newKey()];
    const [kept, expired] = [sessionIdOf(await deleteKey(early)), sessionIdOf(await deleteKey(late))];
    const requested = service.clock.now();
    service.clock.advance(25 * HOUR_MS);
    const database = jest.spyOn(service.app.get(DatabaseTime), 'read');
    // The node is a day ahead.
    database.mockResolvedValue(requested);
    await approve(kept, users.ann, users.bob);
    expect((await deleteKey(early)).status).toBe(200);
    // The node is a day behind.
    database.mockResolvedValue(new Date(service.clock.now().getTime() + 24 * HOUR_MS));
    const { RequestHash, State } = await approval(expired);
    expect(State).toBe('FAILED');
    expect((await vote('approve', expired, { RequestHash }, users.ann)).status).toBe(409);
    expect(sessionIdOf(await deleteKey(late))).not.toBe(expired);
    database.mockRestore();
  });

  test('needs another approval an hour after it was approved', async () => {
    const key = await newKey();
    const id = sessionIdOf(await deleteKey(key));
    await approve(id, users.ann, users.bob);
    service.clock.advance(HOUR_MS);
    expect((await approval(id)).State).toBe('FAILED');
    expect(sessionIdOf(await deleteKey(key))).not.toBe(id);
  });

  test('expires after 24 hours, by the clock of the database, and an event says so', async () => {
    const key = await newKey();
    const id = sessionIdOf(await deleteKey(key));
    service.clock.advance(24 * HOUR_MS);
    const { RequestHash, SessionArn, State } = await approval(id);
    expect(State).toBe('FAILED');
    const late = await vote('approve', id, { RequestHash }, users.ann);
    expect(late).toMatchObject({ status: 409, json: { message: expect.stringContaining('FAILED') as unknown } });
    await service.app.get(ApprovalSessions).settle();
    expect((await eventsNamed('ApprovalExpired')).map(({ resources }) => resources)).toContainEqual([
      { accountId: '000000000000', type: 'AWS::MPA::Session', ARN: SessionArn },
    ]);
  });
});
