import { DataSource } from 'typeorm';
import { DeploymentCounts } from '../../../src/admin/deployment-counts.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { ApprovalSessions } from '../../../src/approvals/approval-sessions.js';
import { policy, statement } from '../../support/admin.js';
import { sessionIdOf, useApprovals } from '../../support/approvals.js';
import { runKeyblock } from '../../support/cli.js';
import { ecParty } from '../../support/import.js';
import { serviceEnv } from '../../support/service.js';

const { service, users, admin, approval, control, createTeam, guard, newKey } = useApprovals();
const environment = { ...process.env };
afterAll(() => void (process.env = environment));

/** Runs `keyblock approvals` with the access key of a user. */
function as(user: keyof typeof users, ...args: string[]) {
  const { accessKeyId, secretAccessKey } = users[user];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  return runKeyblock(['approvals', ...args, '--endpoint', service.url]);
}
const deleteKey = (KeyIdentifier: string) => control('DeleteKey', { KeyIdentifier });

beforeAll(async () => {
  await createTeam('custodians');
  await guard('DeleteKey', 'custodians');
});

test('two users read and approve a call, which then runs once', async () => {
  const key = await newKey();
  const refusal = await deleteKey(key);
  const id = sessionIdOf(refusal);
  const listed = await as('ann', 'list', '--state', 'PENDING');
  expect(listed).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(
      new RegExp(`^${id}  payment-cryptography:DeleteKey  PENDING  0/2 .* yes`, 'm'),
    ) as unknown,
  });
  const shown = await as('ann', 'show', String(refusal.headers.get('x-keyblock-approval')));
  expect(shown.stdout).toContain('Schedules the deletion of the key: its material is destroyed in 7 days.');
  expect(shown.stdout).toContain('TR31_M6_ISO_9797_5_CMAC_KEY, AES_128, check value');
  const [, hash = ''] = /^hash +([0-9a-f]{64})$/m.exec(shown.stdout) ?? [];

  const wrong = await as('ann', 'approve', id, '--hash', '00000000');
  expect(wrong).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('keyblock approvals show') as unknown,
  });
  expect(wrong.stderr).not.toContain(hash.slice(0, 8));
  expect(await as('op', 'approve', id, '--hash', hash)).toMatchObject({ exitCode: 3 });
  expect(await as('ann', 'approve', id, '--hash', hash.slice(0, 8), '--comment', 'as agreed')).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: `${id} is PENDING: 1 of 2 approvals.\n`,
  });
  const last = await as('bob', 'approve', id, '--hash', hash);
  expect(last.stderr).toContain(`${id} is APPROVED: 2 of 2 approvals.\nThe requester can repeat the call until `);
  expect((await as('bob', 'show', id)).stdout).toMatch(
    /^ {2}APPROVE +arn:aws:iam::000000000000:user\/ann .* as agreed$/m,
  );
  expect((await deleteKey(key)).status).toBe(200);
  expect((await deleteKey(key)).status).toBe(400);
  expect(JSON.parse((await as('cy', 'show', id, '--json')).stdout)).toMatchObject({ State: 'EXECUTED' });
});

test('show prints the difference between two policies, and hides nothing from the terminal', async () => {
  const Condition = { StringEquals: { 'aws:ResourceTag/line': ['a\u202eb'] } };
  const document = policy(statement(['kms:Encrypt', 'kms:Decrypt'], { Condition }));
  const id = sessionIdOf(await admin('PUT', 'users/ann/policies/extra', document, users.op));
  const { stdout } = await as('bob', 'show', id);
  expect(stdout).toContain('Document (- before, + after)');
  expect(stdout).toMatch(/^ {2}\+ +"kms:Encrypt",$/m);
  expect(stdout).toContain('a\\u{202e}b');
});

test('deny and cancel end a request', async () => {
  const [denied, cancelled] = [
    sessionIdOf(await deleteKey(await newKey())),
    sessionIdOf(await deleteKey(await newKey())),
  ];
  await as('ann', 'deny', denied, '--comment', 'not in this window');
  expect((await as('bob', 'deny', denied)).stderr).toContain('is FAILED');
  expect(await as('ann', 'cancel', cancelled)).toMatchObject({ exitCode: 3 });
  expect((await as('op', 'cancel', cancelled)).stderr).toContain('is CANCELLED');
  expect(await as('ann', 'show', 'custodians:ABCDEFGHIJKLMNOPQRSTUVWXYZ')).toMatchObject({ exitCode: 4 });
});

const byName = (a: Record<string, unknown>, b: Record<string, unknown>) =>
  String(a['eventName']).localeCompare(String(b['eventName']));

describe('keyblock approvals break-glass', () => {
  beforeEach(() => void Object.assign(process.env, serviceEnv(service.store)));
  const breakGlass = (id: string, ...args: string[]) => runKeyblock(['approvals', 'break-glass', id, ...args]);
  const metric = async () => {
    await service.app.get(DeploymentCounts).count();
    return Number(
      /^keyblock_break_glass_total (\d+)$/m.exec(await (await fetch(`${service.url}/metrics`)).text())?.[1],
    );
  };

  test('approves one call in place of its team, with an event that has the reason', async () => {
    const [key, other] = [await newKey(), await newKey()];
    const [id, waiting] = [sessionIdOf(await deleteKey(key)), sessionIdOf(await deleteKey(other))];
    const before = await metric();
    expect(await breakGlass(id, '--yes', '--reason', ' ')).toMatchObject({ exitCode: 2 });
    expect(await breakGlass(id, '--yes', '--reason', 'INC-4711: locked out')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^payment-cryptography:DeleteKey of arn:aws:iam::000000000000:user\/op is approved until /,
      ) as unknown,
    });
    expect(await breakGlass(id, '--yes', '--reason', 'again')).toMatchObject({ exitCode: 4 });
    expect(await metric()).toBe(before + 1);
    expect((await deleteKey(key)).status).toBe(200);
    expect(sessionIdOf(await deleteKey(other))).toBe(waiting);
    expect([await metric(), (await approval(id)).BreakGlassReason]).toEqual([before + 1, 'INC-4711: locked out']);
    await service.app.get(AuditLog).flush();
    const events = await service.app
      .get(DataSource)
      .query<{ event: Record<string, object> }[]>(
        `SELECT event::jsonb AS event FROM audit_events WHERE event::text LIKE '%INC-4711%'`,
      );
    // Times of events have seconds, so two of them may be in any order.
    const [glass, deletion] = events.map(({ event }) => event).toSorted(byName);
    expect(glass).toMatchObject({
      eventName: 'BreakGlass',
      requestParameters: { session: id, reason: 'INC-4711: locked out' },
      userAgent: 'keyblock approvals',
    });
    expect(deletion).toMatchObject({
      eventName: 'DeleteKey',
      additionalEventData: { approval: { approvers: [], breakGlassReason: 'INC-4711: locked out' } },
    });
    expect(events).toHaveLength(2);
  });

  test('makes the service execute a call that is not repeated', async () => {
    const Action = 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE';
    await control('AssociateMpaTeam', {
      Action,
      MpaTeamArn: 'arn:aws:mpa:us-east-1:000000000000:approval-team/custodians',
    });
    const KeyAttributes = {
      KeyUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
      KeyClass: 'PUBLIC_KEY',
      KeyAlgorithm: 'ECC_NIST_P256',
      KeyModesOfUse: { Verify: true },
    };
    const { json } = await control('ImportKey', {
      KeyMaterial: { RootCertificatePublicKey: { KeyAttributes, PublicKeyCertificate: ecParty('P-256').text } },
      RequesterComment: 'partner',
    });
    const { KeyArn: KeyIdentifier, MpaStatus } = json['Key'] as {
      KeyArn: string;
      MpaStatus: { MpaSessionArn: string };
    };
    expect(await breakGlass(MpaStatus.MpaSessionArn, '--yes', '--reason', 'INC-4712')).toMatchObject({ exitCode: 0 });
    await service.app.get(ApprovalSessions).settle();
    expect((await control('GetKey', { KeyIdentifier })).json).toMatchObject({ Key: { KeyState: 'CREATE_COMPLETE' } });
  });
});
