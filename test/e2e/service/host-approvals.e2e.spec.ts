import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, type EntityManager } from 'typeorm';
import { ApprovalSession } from '../../../src/approvals/approval-session.entity.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { readConfig } from '../../../src/config/config.js';
import { rotateStore } from '../../../src/store.js';
import { type Credentials, credentialsOf, policy } from '../../support/admin.js';
import { EVERYTHING, useApprovals } from '../../support/approvals.js';
import { dateBack, daysAgo } from '../../support/audit-days.js';
import { runKeyblock } from '../../support/cli.js';
import { idOf, keyFile, openTestStore } from '../../support/master-key.js';
import { serviceEnv } from '../../support/service.js';

/** Guards of RotateMasterKey and PruneAudit: commands of the host that wait for approvals. */

const approvals = useApprovals();
const { service, admin, done, refused, users, vote, approval, approve, createTeam, guard } = approvals;
const environment = { ...process.env };
const directory = mkdtempSync(join(tmpdir(), 'keyblock-approvals-'));
let hanna: Credentials;
let ida: Credentials;

const sql = <T = Record<string, unknown>>(text: string, parameters: unknown[] = []) =>
  service.app.get(DataSource).query<T[]>(text, parameters);
async function run(...args: string[]) {
  Object.assign(process.env, serviceEnv(service.store));
  return runKeyblock(args);
}
const rotate = (...args: string[]) => run('master-key', 'rotate', ...args);
const prune = (...args: string[]) => run('audit', 'prune', '--keep', '2d', '--export', directory, '--yes', ...args);
/** Reads the id of the session from a refusal of a command. */
function sessionIn({ exitCode, stdout, stderr }: Awaited<ReturnType<typeof run>>): string {
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 3,
    stdout: '',
    stderr: expect.stringMatching(/needs 2 approvals of team hosts: session arn:aws:mpa:us-east-1:/) as unknown,
  });
  return `hosts:${/session\/hosts\/([A-Z2-7]{26})/.exec(stderr)![1]!}`;
}
async function eventsNamed(name: string): Promise<Record<string, unknown>[]> {
  await service.app.get(AuditLog).flush();
  const rows = await sql<{ event: Record<string, unknown> }>(
    `SELECT event::jsonb AS event FROM audit_events WHERE event::jsonb->>'eventName' = $1 ORDER BY chain, sequence`,
    [name],
  );
  return rows.map(({ event }) => event);
}
const masterKeys = () => sql('SELECT id, state FROM master_key ORDER BY created_at');
/** Writes an event, and dates all events of today back. */
async function makeDay(ago: number): Promise<void> {
  await done('GET', 'guards');
  await done('PUT', `users/op/policies/of-${ago}`, policy(EVERYTHING));
  await service.app.get(AuditLog).flush();
  await dateBack(service.app.get(DataSource), ago);
}
const days = async () =>
  (await sql<{ day: string }>(`SELECT DISTINCT day::text FROM audit_log ORDER BY 1`)).map(({ day }) => day);

beforeAll(async () => {
  // The operator of the host acts as the root, which must not have created the approvers.
  const caller = async (Name: string) => {
    await done('POST', 'users', { Name }, users.op);
    await done('PUT', `users/${Name}/policies/own`, policy(EVERYTHING), users.op);
    return credentialsOf(await done('POST', `users/${Name}/access-keys`, undefined, users.op));
  };
  [hanna, ida] = [await caller('hanna'), await caller('ida')];
  // As if the root had created their creator more than a week ago.
  await sql('DELETE FROM access_changes');
  await createTeam('hosts', 2, ['hanna', 'ida']);
  await guard('RotateMasterKey', 'hosts');
  await guard('PruneAudit', 'hosts');
});
afterAll(() => {
  process.env = environment;
  rmSync(directory, { recursive: true });
});

describe('keyblock master-key rotate', () => {
  const newKey = randomBytes(32);
  let file: string;
  beforeAll(() => void (file = keyFile(service.store, newKey)));

  test('is refused with the session that it needs, and again with the same one', async () => {
    const before = await masterKeys();
    const id = sessionIn(await rotate('--file', file));
    expect(sessionIn(await rotate('--file', file))).toBe(id);
    expect(sessionIn(await rotate('--file', keyFile(service.store, randomBytes(32))))).not.toBe(id);
    expect(await masterKeys()).toEqual(before);
    expect(await approval(id)).toMatchObject({
      Operation: 'keyblock:RotateMasterKey',
      Requester: 'arn:aws:iam::000000000000:root',
      Facts: [
        { Name: 'Change', Value: expect.stringContaining('Replaces the master key') as unknown },
        { Name: 'Master key', Value: before[0]!['id'] },
        { Name: 'New master key', Value: idOf(newKey) },
        { Name: 'Host', Value: expect.any(String) as unknown },
      ],
      Parameters: { masterKey: before[0]!['id'], newMasterKey: idOf(newKey) },
    });
    const json = await rotate('--file', file, '--json');
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { name: 'AccessDeniedException' } });
  });

  test('is refused when it was denied, has expired, or lacks a vote', async () => {
    const before = await masterKeys();
    const denied = sessionIn(await rotate('--file', file));
    const { RequestHash } = await approval(denied);
    await vote('deny', denied, { RequestHash }, hanna);
    expect((await approval(denied)).State).toBe('FAILED');
    const late = sessionIn(await rotate('--file', file));
    expect(late).not.toBe(denied);
    await approve(late, hanna, ida);
    const { manager } = service.app.get(DataSource);
    const session = await manager.findOneByOrFail(ApprovalSession, { id: late.slice('hosts:'.length) });
    await manager.save(Object.assign(session, { approvedUntil: new Date(Date.now() - 1000) }));
    const third = sessionIn(await rotate('--file', file));
    expect(third).not.toBe(late);
    await approve(third, hanna);
    expect(sessionIn(await rotate('--file', file))).toBe(third);
    expect(await masterKeys()).toEqual(before);
  });

  test.each<[string, number, string]>([
    [
      'the state of the session',
      5,
      "UPDATE approval_sessions SET state = 'APPROVED', approved_until = now() + '1 day'",
    ],
    [
      'a vote',
      3,
      `INSERT INTO approval_votes SELECT id, (SELECT unique_id FROM principals WHERE name = 'ida'), 'arn', 'APPROVE', request_hash, NULL, now(), sha256('x') FROM approval_sessions WHERE state = 'PENDING'`,
    ],
    ['the approvals that the team needs', 5, 'UPDATE approval_teams SET min_approvals = 1'],
    [
      'the condition of the guard',
      5,
      `UPDATE approval_guards SET condition = '{"Bool":{"aws:SecureTransport":["true"]}}'`,
    ],
  ])('changes nothing after somebody has edited %s in the database', async (_, expected, forgery) => {
    const before = await masterKeys();
    const tables = ['approval_sessions', 'approval_votes', 'approval_teams', 'approval_guards'];
    for (const table of tables) await sql(`CREATE TABLE kept_${table} AS TABLE ${table}`);
    try {
      await sql(forgery);
      const { exitCode, stderr } = await rotate('--file', file);
      expect([exitCode, stderr]).toEqual([expected, expect.stringMatching(/approval_|needs 2 approvals/)]);
      expect(await masterKeys()).toEqual(before);
    } finally {
      for (const table of tables) {
        await sql(`DELETE FROM ${table}`);
        await sql(`INSERT INTO ${table} TABLE kept_${table}`);
        await sql(`DROP TABLE kept_${table}`);
      }
    }
  });

  test('replaces the key once, when two users have approved it; the event names them', async () => {
    const [{ id: from } = {}] = await masterKeys();
    const id = sessionIn(await rotate('--file', file));
    await approve(id, ida);
    expect(await rotate('--file', file)).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('is retired') as unknown,
    });
    service.store.env.KEYBLOCK_MASTER_KEY = newKey.toString('hex');
    expect((await approval(id)).State).toBe('EXECUTED');
    const events = await eventsNamed('RotateMasterKey');
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      userAgent: 'keyblock master-key',
      requestParameters: { masterKey: from, newMasterKey: idOf(newKey) },
      responseElements: { masterKey: { id: idOf(newKey) } },
      additionalEventData: { approval: { session: (await approval(id)).SessionArn } },
    });
    // There is nothing to do any more, and so nothing to approve.
    expect(await rotate('--file', file)).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('nothing to do') as unknown,
    });
    expect(sessionIn(await rotate('--file', keyFile(service.store, randomBytes(32))))).not.toBe(id);
  });

  test('that was interrupted continues without another approval', async () => {
    const opened = await openTestStore(service.store);
    const key = randomBytes(32);
    await expect(
      rotateStore(opened, readConfig(serviceEnv(service.store)), {
        newKey: Buffer.from(key),
        begin: (_: object, work: (manager: EntityManager) => Promise<void>) => opened.database.transaction(work),
        now: () => new Date(),
        print: () => {
          throw new Error('interrupted');
        },
        signal: new AbortController().signal,
      }),
    ).rejects.toThrow('interrupted');
    await opened.close();
    expect(await rotate()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('is retired') as unknown });
    service.store.env.KEYBLOCK_MASTER_KEY = key.toString('hex');
  });
});

describe('keyblock audit prune', () => {
  const [FIRST, SECOND, THIRD] = [daysAgo(6), daysAgo(5), daysAgo(4)];
  let id: string;
  const exportAll = async () =>
    expect(await run('audit', 'export', '--to', directory)).toMatchObject({ exitCode: 0, stderr: '' });

  test('is refused with one session for all days', async () => {
    await makeDay(6);
    await makeDay(5);
    await exportAll();
    const refusal = await prune();
    id = sessionIn(refusal);
    expect(refusal.stderr).toContain('Repeat the command with --approval arn:aws:mpa:us-east-1:');
    expect(sessionIn(await prune())).toBe(id);
    expect(await days()).toEqual(expect.arrayContaining([FIRST, SECOND]));
    expect(await approval(id)).toMatchObject({
      Operation: 'keyblock:PruneAudit',
      Facts: [
        { Name: 'Change', Value: expect.stringContaining('Drops days of the audit log') as unknown },
        { Name: 'Days', Value: `${FIRST} to ${SECOND}, 2 in all` },
        { Name: 'Host', Value: expect.any(String) as unknown },
      ],
      Parameters: { firstDay: FIRST, lastDay: SECOND, segments: 2, manifestSha256: expect.any(String) as unknown },
    });
    await approve(id, hanna);
    expect(sessionIn(await prune('--approval', id))).toBe(id);
  });

  test('drops the days that were approved, although there are more by now', async () => {
    await approve(id, ida);
    await makeDay(4);
    await exportAll();
    expect(sessionIn(await prune())).not.toBe(id);
    const pruned = await prune('--approval', id);
    expect(pruned).toMatchObject({ exitCode: 0 });
    expect(pruned.stdout).toMatch(new RegExp(`^${FIRST}: .* dropped from the table\n${SECOND}: .*\n$`));
    expect(await days()).toEqual(expect.not.arrayContaining([FIRST, SECOND]));
    expect(await days()).toContain(THIRD);
    const events = await eventsNamed('PruneAudit');
    expect(events.map(({ requestParameters }) => requestParameters)).toEqual([
      expect.objectContaining({ firstDay: FIRST, lastDay: SECOND }),
      expect.objectContaining({ day: FIRST }),
      expect.objectContaining({ day: SECOND }),
    ]);
    const { SessionArn } = await approval(id);
    for (const { additionalEventData } of events)
      expect(additionalEventData).toMatchObject({ approval: { session: SessionArn } });
    expect(await prune('--approval', id)).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await days()).toContain(THIRD);
  });

  test.each(['hosts:ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'x', ''])('refuses the unknown approval %j', async (unknown) => {
    expect(await prune('--approval', unknown)).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('is not a request for approval of keyblock audit prune') as unknown,
    });
  });

  test('refuses an approval of another command', async () => {
    const other = sessionIn(await rotate('--file', keyFile(service.store, randomBytes(32))));
    expect(await prune('--approval', other)).toMatchObject({ exitCode: 4 });
  });

  test('waits for the operator to break the glass, if the team is gone', async () => {
    const waiting = sessionIn(await prune());
    const reason = ['--yes', '--reason', 'INC-4713'];
    expect(await run('approvals', 'break-glass', waiting, ...reason)).toMatchObject({ exitCode: 0 });
    expect(await prune('--approval', waiting)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(THIRD) as unknown,
    });
    expect((await eventsNamed('PruneAudit')).at(-1)).toMatchObject({
      additionalEventData: { approval: { approvers: [], breakGlassReason: 'INC-4713' } },
    });
    expect(await run('audit', 'verify')).toMatchObject({ exitCode: 0 });
  });
});

test('the guards are removed only with the approval of the team', async () => {
  for (const operation of ['RotateMasterKey', 'PruneAudit'])
    expect(await refused('DELETE', `guards/${operation}`)).toContain('needs 2 approvals of team hosts');
  expect((await admin('DELETE', 'teams/hosts', undefined, users.op)).status).not.toBe(200);
});
