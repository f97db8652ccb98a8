import type { AdminOperationName } from '../../../src/admin/admin-operation.js';
import { statement, useAdmin } from '../../support/admin.js';

const { admin, done, refused, caller } = useAdmin();
const USER = 'arn:aws:iam::000000000000:user/other';
const KEY = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/abcdefghijklmnop';

const TEAM = 'arn:aws:mpa:us-east-1:000000000000:approval-team/none';
const SESSION = `none:${'A'.repeat(26)}`;
const RequestHash = '0'.repeat(64);
const MEMBERS = { Approvers: ['other', 'auditor'], MinApprovals: 2 };

type Request = [method: string, path: string, body?: object];
/** Every operation, with the auditor's permission for it. */
const READS: Partial<Record<AdminOperationName, Request>> = {
  ListPrincipals: ['GET', 'users'],
  GetPrincipal: ['GET', 'users/other'],
  GetPrincipalPolicy: ['GET', 'users/other/policies/own'],
  GetIdentity: ['GET', 'identity'],
  GetStatus: ['GET', 'status'],
  ListKeyInventory: ['GET', 'keys'],
  GetKeyCounts: ['GET', 'keys/counts'],
  GetKeyUse: ['GET', 'keys/abcdefghijklmnop/use'],
  GetRates: ['GET', 'rates'],
  ListCertificates: ['GET', 'certificates'],
  ListAuditEvents: ['GET', 'audit/events'],
  GetAuditVerification: ['GET', 'audit/verifications/latest'],
  ListTeams: ['GET', 'teams'],
  ListGuards: ['GET', 'guards'],
  ListApprovals: ['GET', 'approvals'],
  ExplainAccess: ['POST', 'explain', { Principal: USER, Action: 'keyblock:GetStatus', Resource: '*' }],
  ExplainKeyAccess: ['POST', 'explain-key', { Resource: KEY }],
};
/** Reads of missing resources: the auditor gets a not-found error. */
const READS_OF_NOTHING: Partial<Record<AdminOperationName, Request>> = {
  GetTeam: ['GET', 'teams/none'],
  GetApproval: ['GET', `approvals/${SESSION}`],
};
const CHANGES: Partial<Record<AdminOperationName, Request>> = {
  CreatePrincipal: ['POST', 'users', { Name: 'new' }],
  DeletePrincipal: ['DELETE', 'users/other'],
  PutPrincipalPolicy: ['PUT', 'users/other/policies/own', {}],
  DeletePrincipalPolicy: ['DELETE', 'users/other/policies/own'],
  CreateAccessKey: ['POST', 'users/other/access-keys'],
  UpdateAccessKey: ['PUT', 'users/other/access-keys/none', { Status: 'Active' }],
  RotateAccessKey: ['POST', 'users/other/access-keys/none/rotate'],
  DeleteAccessKey: ['DELETE', 'users/other/access-keys/none'],
  PutPassword: ['PUT', 'users/other/password', { Password: 'a password of theirs' }],
  DeletePassword: ['DELETE', 'users/other/password'],
  StartSession: ['POST', 'users/other/sessions', {}],
  VerifyAuditChains: ['POST', 'audit/verifications'],
  CreateTeam: ['POST', 'teams', { Name: 'new', ...MEMBERS }],
  UpdateTeam: ['PUT', 'teams/none', MEMBERS],
  DeleteTeam: ['DELETE', 'teams/none'],
  PutGuard: ['PUT', 'guards/ExportKey', { TeamArn: TEAM }],
  DeleteGuard: ['DELETE', 'guards/ExportKey'],
  Approve: ['POST', `approvals/${SESSION}/approve`, { RequestHash }],
  Deny: ['POST', `approvals/${SESSION}/deny`, { RequestHash }],
  CancelApproval: ['POST', `approvals/${SESSION}/cancel`],
};

test("an auditor's policy reads everything and changes nothing", async () => {
  await caller('other', statement('keyblock:GetPrincipal'));
  const auditor = await caller('auditor', statement(['keyblock:List*', 'keyblock:Get*', 'keyblock:Explain*']));
  const before = await done('GET', 'users/other');
  for (const [name, [method, path, body]] of Object.entries(READS))
    expect([name, (await admin(method, path, body, auditor)).status]).toEqual([name, 200]);
  for (const [name, [method, path]] of Object.entries(READS_OF_NOTHING))
    expect([name, (await admin(method, path, undefined, auditor)).status]).toEqual([name, 404]);
  for (const [name, [method, path, body]] of Object.entries(CHANGES))
    expect(await refused(method, path, body, auditor)).toContain(
      `403 AccessDeniedException: User: arn:aws:iam::000000000000:user/auditor is not authorized to perform: keyblock:${name} `,
    );
  expect(await done('GET', 'users/other')).toEqual(before);
  expect(await done('GET', 'audit/verifications/latest')).toEqual({ State: 'NONE' });
});

test('knows every operation', async () => {
  const { resourcesOf } = await import('../../../src/http/operation.js');
  expect([...resourcesOf('keyblock').keys()].toSorted()).toEqual(
    [READS, READS_OF_NOTHING, CHANGES].flatMap((operations) => Object.keys(operations)).toSorted(),
  );
});
