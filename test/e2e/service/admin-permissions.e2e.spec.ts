import { readFileSync } from 'node:fs';
import type { AdminOperationName } from '../../../src/admin/admin-operation.js';
import { resourcesOf } from '../../../src/http/operation.js';
import { createKey } from '../../support/keys.js';
import { type Credentials, credentialsOf, MAY_LIST, policy, statement, useAdmin } from '../../support/admin.js';
import { REGION, sendUnsigned, target } from '../../support/service.js';

const ALIAS = `arn:aws:payment-cryptography:${REGION}:000000000000:alias/none`;
const SESSION = `none:${'A'.repeat(26)}`;
const team = (name: string) => `arn:aws:mpa:${REGION}:000000000000:approval-team/${name}`;
const user = (name: string) => `arn:aws:iam::000000000000:user/${name}`;
const role = (name: string) => `arn:aws:iam::000000000000:role/${name}`;

const { service, admin, done, refused, caller } = useAdmin();

describe('The admin API', () => {
  /** Each operation with its request and the resource that policies decide on. */
  const REQUESTS: Record<
    Exclude<AdminOperationName, 'GetIdentity'>,
    [method: string, path: string, about: string, body?: object]
  > = {
    ListPrincipals: ['GET', 'users', '*'],
    CreatePrincipal: ['POST', 'users', user('new'), { Name: 'new' }],
    GetPrincipal: ['GET', 'users/other', user('other')],
    DeletePrincipal: ['DELETE', 'roles/other', role('other')],
    PutPrincipalPolicy: ['PUT', 'users/other/policies/own', user('other'), MAY_LIST],
    GetPrincipalPolicy: ['GET', 'users/other/policies/own', user('other')],
    DeletePrincipalPolicy: ['DELETE', 'users/other/policies/own', user('other')],
    CreateAccessKey: ['POST', 'users/other/access-keys', user('other')],
    UpdateAccessKey: ['PUT', 'users/other/access-keys/none', user('other'), { Status: 'Active' }],
    RotateAccessKey: ['POST', 'users/other/access-keys/none/rotate', user('other')],
    DeleteAccessKey: ['DELETE', 'users/other/access-keys/none', user('other')],
    PutPassword: ['PUT', 'users/other/password', user('other'), { Password: 'a password of theirs' }],
    DeletePassword: ['DELETE', 'users/other/password', user('other')],
    StartSession: ['POST', 'users/other/sessions', user('other'), {}],
    ExplainAccess: [
      'POST',
      'explain',
      user('other'),
      { Principal: user('other'), Action: 'payment-cryptography:DeleteAlias', Resource: ALIAS },
    ],
    ListAuditEvents: ['GET', 'audit/events', '*'],
    VerifyAuditChains: ['POST', 'audit/verifications', '*'],
    GetStatus: ['GET', 'status', '*'],
    GetRates: ['GET', 'rates', '*'],
    ListCertificates: ['GET', 'certificates', '*'],
    ListKeyInventory: ['GET', 'keys', '*'],
    GetKeyCounts: ['GET', 'keys/counts', '*'],
    GetKeyUse: ['GET', 'keys/abcdefghijklmnop/use', ALIAS.replace('alias/none', 'key/abcdefghijklmnop')],
    ExplainKeyAccess: ['POST', 'explain-key', '*', { Resource: ALIAS.replace('alias/none', 'key/none') }],
    GetAuditVerification: ['GET', 'audit/verifications/latest', '*'],
    ListTeams: ['GET', 'teams', '*'],
    CreateTeam: ['POST', 'teams', team('new'), { Name: 'new', Approvers: ['other', 'planes'], MinApprovals: 1 }],
    GetTeam: ['GET', 'teams/none', team('none')],
    UpdateTeam: ['PUT', 'teams/none', team('none'), { Approvers: ['other', 'planes'], MinApprovals: 1 }],
    DeleteTeam: ['DELETE', 'teams/none', team('none')],
    ListGuards: ['GET', 'guards', '*'],
    PutGuard: ['PUT', 'guards/ExportKey', team('none'), { TeamArn: team('none') }],
    DeleteGuard: ['DELETE', 'guards/ExportKey', '*'],
    ListApprovals: ['GET', 'approvals', '*'],
    GetApproval: ['GET', `approvals/${SESSION}`, team('none')],
    Approve: ['POST', `approvals/${SESSION}/approve`, team('none'), { RequestHash: '0'.repeat(64) }],
    Deny: ['POST', `approvals/${SESSION}/deny`, team('none'), { RequestHash: '0'.repeat(64) }],
    CancelApproval: ['POST', `approvals/${SESSION}/cancel`, team('none')],
  };
  const OPERATIONS = Object.keys(REQUESTS) as (keyof typeof REQUESTS)[];
  const deniedTo = (name: string, operation: string, about: string) =>
    `403 AccessDeniedException: User: ${user(name)} is not authorized to perform: keyblock:${operation} on resource: ${about} because no identity-based policy allows the keyblock:${operation} action`;

  let unprivileged: Credentials;
  beforeAll(async () => {
    await caller('other');
    // This user has all permissions of both planes.
    unprivileged = await caller('planes', statement('payment-cryptography:*'));
  });

  test('is tested with every documented operation', () => {
    interface Document {
      paths: Record<string, Record<string, { operationId: string }>>;
    }
    const { paths } = JSON.parse(
      readFileSync(new URL('../../../openapi/admin.json', import.meta.url), 'utf8'),
    ) as Document;
    const documented = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    // Every caller may use GetIdentity.
    const all = [...OPERATIONS, 'GetIdentity'].toSorted();
    expect(documented.toSorted()).toEqual(all);
    expect([...resourcesOf('keyblock').keys()].toSorted()).toEqual(all);
  });

  test.each(OPERATIONS)(
    'allows %s to a user with permission for the resource, and to no other user',
    async (operation) => {
      const [method, path, about, body] = REQUESTS[operation];
      expect(await refused(method, path, body, unprivileged)).toBe(deniedTo('planes', operation, about));
      const name = `may-${operation}`;
      const may = await caller(name, statement(`keyblock:${operation}`, { Resource: about }));
      expect((await admin(method, path, body, may)).status).not.toBe(403);
      const others = OPERATIONS.filter((other) => other !== operation);
      for (const other of others) {
        const [otherMethod, otherPath, otherAbout, otherBody] = REQUESTS[other];
        expect(await refused(otherMethod, otherPath, otherBody, may)).toBe(deniedTo(name, other, otherAbout));
      }
      const allButThis = { Effect: 'Allow', NotAction: `keyblock:${operation}`, Resource: '*' };
      await done('PUT', `users/${name}/policies/own`, policy(allButThis));
      expect(await refused(method, path, body, may)).toBe(deniedTo(name, operation, about));
      if (about === '*') return;
      await done('PUT', `users/${name}/policies/own`, policy(statement('keyblock:*', { Resource: user('somebody') })));
      expect(await refused(method, path, body, may)).toBe(deniedTo(name, operation, about));
    },
  );

  test('rejects an unsigned request and a wrong secret', async () => {
    const { status, json } = await sendUnsigned(`${service.url}/admin/users`, {});
    expect([status, json['__type']]).toEqual([403, 'MissingAuthenticationTokenException']);
    expect(await refused('GET', 'users', undefined, { ...unprivileged, secretAccessKey: 'x'.repeat(40) })).toContain(
      '403 InvalidSignatureException',
    );
  });

  test('does not tell a user without permission which users exist', async () => {
    expect(await refused('GET', 'users/none', undefined, unprivileged)).toBe(
      deniedTo('planes', 'GetPrincipal', user('none')),
    );
    expect(await refused('POST', 'users', { Name: 'other' }, unprivileged)).toBe(
      deniedTo('planes', 'CreatePrincipal', user('other')),
    );
  });

  test('lets users rotate their own access keys, but not those of others by their IDs', async () => {
    const own = statement(['keyblock:RotateAccessKey', 'keyblock:DeleteAccessKey'], {
      Resource: user('${aws:username}'),
    });
    const eve = await caller('eve', own);
    const mallory = await caller('mallory', own);
    expect(await refused('DELETE', `users/eve/access-keys/${eve.accessKeyId}`, undefined, mallory)).toBe(
      deniedTo('mallory', 'DeleteAccessKey', user('eve')),
    );
    expect(await refused('DELETE', `users/mallory/access-keys/${eve.accessKeyId}`, undefined, mallory)).toContain(
      '404',
    );
    expect(await refused('POST', `users/mallory/access-keys/${eve.accessKeyId}/rotate`, undefined, mallory)).toContain(
      '404',
    );
    const next = credentialsOf(await done('POST', `users/eve/access-keys/${eve.accessKeyId}/rotate`, undefined, eve));
    expect(await refused('GET', 'users/eve', undefined, next)).toBe(deniedTo('eve', 'GetPrincipal', user('eve')));
  });

  test('lets a denial win, and ignores the policies of keys', async () => {
    const { KeyArn } = await createKey(service);
    const carol = await caller(
      'carol',
      statement('keyblock:*'),
      statement('keyblock:DeletePrincipal', { Effect: 'Deny', Resource: user('carol') }),
    );
    expect(await refused('DELETE', 'users/carol', undefined, carol)).toContain(
      'with an explicit deny in an identity-based policy',
    );
    const put = async (Action: string) => {
      const Policy = JSON.stringify(policy({ ...statement(Action), Principal: { AWS: user('planes') } }));
      return service.send({
        headers: target('PutResourcePolicy'),
        body: JSON.stringify({ ResourceArn: KeyArn, Policy }),
      });
    };
    expect((await put('keyblock:ListPrincipals')).text).toContain('an action of payment-cryptography');
    expect((await put('*')).status).toBe(200);
    expect(await refused('GET', 'users', undefined, unprivileged)).toBe(deniedTo('planes', 'ListPrincipals', '*'));
  });
});
