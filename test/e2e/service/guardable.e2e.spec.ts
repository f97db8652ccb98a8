import { DataSource } from 'typeorm';
import { type Credentials, policy, statement } from '../../support/admin.js';
import { sessionIdOf, useApprovals } from '../../support/approvals.js';
import { cckmOf, type CckmUser, PASSWORD, userArn } from '../../support/cckm.js';
import { importKeys, keyBlock } from '../../support/import.js';
import { createKmsKey, sendKms } from '../../support/kms.js';
import { importMaterial } from '../../support/kms-import.js';
import type { RawResponse } from '../../support/service.js';

/** Every operation that can be guarded, except those of the host: host-approvals.e2e.spec.ts. */

const DAY_MS = 86_400_000;
const approvals = useApprovals();
const { service, admin, done, refused, users, vote, approval, approve, control, createTeam, guard, newKey } = approvals;

const sql = <T = Record<string, unknown>>(text: string, parameters: unknown[] = []) =>
  service.app.get(DataSource).query<T[]>(text, parameters);
const kms = (operation: string, input: object, credentials: Credentials = users.cy) =>
  sendKms(service, operation, input, { credentials });
const byAdmin = (method: string, path: string, body?: object) => admin(method, path, body, users.cy);

const keyPolicy = (Sid: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Sid, Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'kms:*', Resource: '*' },
    ],
  });
const DENY = (Sid: string) =>
  JSON.stringify(
    policy({ Sid, Effect: 'Deny', Principal: '*', Action: 'payment-cryptography:GenerateMac', Resource: '*' }),
  );

/** A call that can be guarded. */
interface Guarded {
  /** The approved call, made by the user cy. */
  call: () => Promise<RawResponse>;
  /** The rows that the call changes. */
  state: () => Promise<unknown>;
  /** Changes what the call replaces. Absent where it replaces nothing that another call could change. */
  between?: () => Promise<unknown>;
  /** The call with another parameter. */
  other?: () => Promise<RawResponse>;
}

let kekArn: string;
let block: (usage: string) => string;
let next = 0;
async function newUser(): Promise<string> {
  const name = `user-${next++}`;
  await done('POST', 'users', { Name: name });
  return name;
}
async function again(name: string): Promise<void> {
  await done('DELETE', `users/${name}`);
  await done('POST', 'users', { Name: name });
}
const rowsAbout = async (name: string) => [
  await sql('SELECT unique_id FROM principals WHERE name = $1', [name]),
  await sql('SELECT name, document FROM principal_policies WHERE principal_arn = $1', [userArn(name)]),
  await sql('SELECT count(*) FROM access_keys WHERE principal_arn = $1', [userArn(name)]),
];
const kmsRow = (arn: string) => () =>
  sql('SELECT policy, enabled, pending_window_days FROM kms_keys WHERE arn = $1', [arn]);
const paymentRow = (arn: string) => async () => [
  await sql('SELECT state, enabled FROM keys WHERE arn = $1', [arn]),
  await sql('SELECT policy FROM resource_policies WHERE key_arn = $1', [arn]),
];

/** Makes a guarded call with its approvals. */
async function approved(call: () => Promise<RawResponse>): Promise<void> {
  await approve(sessionIdOf(await call()), users.ann, users.bob);
  expect((await call()).status).toBe(200);
}

const GUARDED: Record<string, () => Promise<Guarded>> = {
  DeleteKey: async () => {
    const key = await newKey();
    return {
      call: () => control('DeleteKey', { KeyIdentifier: key }, users.cy),
      state: paymentRow(key),
      between: () => control('StopKeyUsage', { KeyIdentifier: key }),
      other: () => control('DeleteKey', { KeyIdentifier: key, DeleteKeyInDays: 30 }, users.cy),
    };
  },
  ExportKey: async () => {
    const [key, other] = [await newKey(), await newKey()];
    const exported = (ExportKeyIdentifier: string) =>
      control(
        'ExportKey',
        { ExportKeyIdentifier, KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kekArn } } },
        users.cy,
      );
    return { call: () => exported(key), state: paymentRow(key), other: () => exported(other) };
  },
  ImportKey: () => {
    const text = block('TR31_K0_KEY_ENCRYPTION_KEY');
    const imported = (WrappedKeyBlock: string) =>
      control(
        'ImportKey',
        { KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kekArn, WrappedKeyBlock } } },
        users.cy,
      );
    return Promise.resolve({
      call: () => imported(text),
      state: () => sql('SELECT count(*) FROM keys'),
      other: () => imported(block('TR31_K1_KEY_BLOCK_PROTECTION_KEY')),
    });
  },
  PutResourcePolicy: async () => {
    const ResourceArn = await newKey();
    const put = (Sid: string) => control('PutResourcePolicy', { ResourceArn, Policy: DENY(Sid) }, users.cy);
    return {
      call: () => put('after'),
      state: paymentRow(ResourceArn),
      between: () => approved(() => put('between')),
      other: () => put('other'),
    };
  },
  DeleteResourcePolicy: async () => {
    const ResourceArn = await newKey();
    await control('PutResourcePolicy', { ResourceArn, Policy: DENY('before') });
    return {
      call: () => control('DeleteResourcePolicy', { ResourceArn }, users.cy),
      state: paymentRow(ResourceArn),
      between: () => control('PutResourcePolicy', { ResourceArn, Policy: DENY('other') }),
    };
  },
  PutKeyPolicy: async () => {
    const { KeyId, Arn } = await createKmsKey(service);
    const put = (Sid: string) => kms('PutKeyPolicy', { KeyId, Policy: keyPolicy(Sid) });
    return {
      call: () => put('after'),
      state: kmsRow(Arn),
      between: () => approved(() => put('between')),
      other: () => put('other'),
    };
  },
  ScheduleKeyDeletion: async () => {
    const { KeyId, Arn } = await createKmsKey(service);
    return {
      call: () => kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 }),
      state: kmsRow(Arn),
      between: () => kms('DisableKey', { KeyId }),
      other: () => kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 8 }),
    };
  },
  DeleteImportedKeyMaterial: async () => {
    const { KeyId, Arn } = await createKmsKey(service, { Origin: 'EXTERNAL' });
    await importMaterial(service, KeyId, Buffer.alloc(32, 7));
    return {
      call: () => kms('DeleteImportedKeyMaterial', { KeyId }),
      state: () => sql('SELECT count(*) FROM kms_materials WHERE key_arn = $1 AND sealed IS NOT NULL', [Arn]),
      between: () => kms('DisableKey', { KeyId }),
    };
  },
  CreatePrincipal: () => {
    const name = `user-${next++}`;
    return Promise.resolve({
      call: () => byAdmin('POST', 'users', { Name: name }),
      state: () => rowsAbout(name),
      other: () => byAdmin('POST', 'users', { Name: `${name}x` }),
    });
  },
  DeletePrincipal: async () => {
    const [name, other] = [await newUser(), await newUser()];
    return {
      call: () => byAdmin('DELETE', `users/${name}`),
      state: () => rowsAbout(name),
      other: () => byAdmin('DELETE', `users/${other}`),
    };
  },
  PutPrincipalPolicy: async () => {
    const name = await newUser();
    const allow = (KeyId: string) =>
      policy(statement('kms:Decrypt', { Condition: { StringEquals: { 'aws:ResourceTag/KeyId': KeyId } } }));
    return {
      call: () => byAdmin('PUT', `users/${name}/policies/more`, allow('alias/test')),
      state: () => rowsAbout(name),
      between: () => again(name),
      // A policy only mentions keys: another alias in it is another policy.
      other: () => byAdmin('PUT', `users/${name}/policies/more`, allow('alias/production')),
    };
  },
  CreateAccessKey: async () => {
    const name = await newUser();
    return {
      call: () => byAdmin('POST', `users/${name}/access-keys`),
      state: () => rowsAbout(name),
      between: () => again(name),
    };
  },
  StartSession: async () => {
    const name = await newUser();
    return {
      call: () => byAdmin('POST', `users/${name}/sessions`, { SessionName: 'monday' }),
      state: () => rowsAbout(name),
      between: () => again(name),
      other: () => byAdmin('POST', `users/${name}/sessions`, { SessionName: 'tuesday' }),
    };
  },
};
const HOST = ['PruneAudit', 'RotateMasterKey'];
const NAMES = Object.keys(GUARDED);

const cckm = cckmOf(service);
let cy: CckmUser;

beforeAll(async () => {
  const { kek } = await importKeys(service);
  kekArn = kek.KeyArn;
  block = (usage) =>
    keyBlock(
      { algorithm: 'AES', key: kek.clear },
      {
        usage: usage as 'TR31_K0_KEY_ENCRYPTION_KEY',
        clear: '22'.repeat(16),
        algorithm: 'AES_128',
        modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
      },
    );
  await cckm.admin('PUT', 'users/cy/password', { Password: PASSWORD });
  cy = await cckm.signIn('cy');
  await createTeam('custodians');
});

/** Removes a guard, with the approval of its team. */
async function unguard(operation: string): Promise<void> {
  const removal = () => admin('DELETE', `guards/${operation}`, undefined, users.op);
  const id = sessionIdOf(await removal());
  expect((await done('GET', 'guards'))['Guards']).toContainEqual(expect.objectContaining({ Operation: operation }));
  await approve(id, users.ann, users.bob);
  expect((await removal()).status).toBe(200);
}

test('the table has every operation that can be guarded', async () => {
  expect((await done('GET', 'guards'))['Guardable']).toEqual([...NAMES, ...HOST].toSorted());
});

describe.each(NAMES)('guarded %s', (operation) => {
  beforeAll(() => guard(operation, 'custodians'));

  test('changes nothing until two others have approved it, and then takes effect once', async () => {
    const { call, state } = await GUARDED[operation]!();
    const before = await state();
    const refusal = await call();
    const id = sessionIdOf(refusal);
    expect(refusal.text).toMatch(/needs 2 approvals of team custodians: session arn:.*Repeat the same call/);
    expect(sessionIdOf(await call())).toBe(id);
    const { RequestHash } = await approval(id);
    expect(await refused('POST', `approvals/${id}/approve`, { RequestHash }, users.cy)).toBe(
      '403 AccessDeniedException: The requester of a session has no vote in it.',
    );
    await approve(id, users.ann);
    expect(sessionIdOf(await call())).toBe(id);
    expect(await state()).toEqual(before);
    await approve(id, users.bob);
    expect((await call()).status).toBe(200);
    expect((await approval(id)).State).toBe('EXECUTED');
    const after = await state();
    expect((await call()).headers.get('x-keyblock-approval') ?? '').not.toContain(id.split(':')[1]);
    expect(await state()).toEqual(after);
    if (operation !== 'ExportKey') expect(after).not.toEqual(before);
  });

  test('is not executed after two have denied it', async () => {
    const { call, state } = await GUARDED[operation]!();
    const before = await state();
    const id = sessionIdOf(await call());
    const { RequestHash } = await approval(id);
    for (const each of [users.ann, users.bob]) await vote('deny', id, { RequestHash }, each);
    expect((await approval(id)).State).toBe('FAILED');
    expect(sessionIdOf(await call())).not.toBe(id);
    expect(await state()).toEqual(before);
  });

  test('is another call with another parameter, and once what it replaces has changed', async () => {
    const { call, between, other, state } = await GUARDED[operation]!();
    const id = sessionIdOf(await call());
    await approve(id, users.ann, users.bob);
    if (other) expect(sessionIdOf(await other())).not.toBe(id);
    if (between) {
      await between();
      const before = await state();
      expect(sessionIdOf(await call())).not.toBe(id);
      expect(await state()).toEqual(before);
      expect((await approval(id)).State).toBe('APPROVED');
    }
  });

  test('is unguarded only with the approval of the team', async () => {
    await unguard(operation);
    const { call } = await GUARDED[operation]!();
    expect((await call()).status).toBe(200);
  });
});

describe('by CCKM', () => {
  const actions: [guard: string, path: string, body: object, state: (key: Record<string, unknown>) => unknown][] = [
    ['ScheduleKeyDeletion', 'schedule-deletion', { days: 9 }, ({ KeyState }) => KeyState],
    ['PutKeyPolicy', 'policy', { policy: JSON.parse(keyPolicy('cckm')) as object }, ({ Policy }) => Policy],
    ['DeleteImportedKeyMaterial', 'delete-material', {}, ({ KeyState }) => KeyState],
  ];

  test.each(actions)('guarded %s waits for the same approval', async (operation, path, body, stateOf) => {
    await guard(operation, 'custodians');
    const key = await cy.createKey(operation === 'DeleteImportedKeyMaterial' ? { Origin: 'EXTERNAL' } : {});
    if (operation === 'DeleteImportedKeyMaterial') {
      await importMaterial(service, key.aws_param.KeyID, Buffer.alloc(32, 7));
      await cy.ok('POST', `cckm/aws/keys/${key.id}/refresh`);
    }
    const read = async () => stateOf((await cy.ok<typeof key>('GET', `cckm/aws/keys/${key.id}`)).aws_param);
    const before = await read();
    const act = () => cy.send('POST', `cckm/aws/keys/${key.id}/${path}`, body);
    const refusal = await act();
    expect(refusal).toMatchObject({ status: 403, json: { codeDesc: 'NCERRForbidden' } });
    const id = sessionIdOf(refusal);
    expect(await approval(id)).toMatchObject({ Operation: `kms:${operation}`, Requester: userArn('cy') });
    const { RequestHash } = await approval(id);
    expect((await vote('approve', id, { RequestHash }, users.cy)).status).toBe(403);
    await approve(id, users.ann);
    expect((await act()).status).toBe(403);
    expect(await read()).toEqual(before);
    await approve(id, users.bob);
    expect((await act()).status).toBe(200);
    expect(await read()).not.toEqual(before);
    expect((await approval(id)).State).toBe('EXECUTED');
    await unguard(operation);
  });

  test('a bulk job reports the session of each key, and the KMS call finds it, too', async () => {
    await guard('ScheduleKeyDeletion', 'custodians');
    const key = await cy.createKey();
    const body = { keys: [key.id], operation: 'schedulekeydeletion', days: 9 };
    const job = await cy.ok<{ overall_status: string; results: object[] }>('POST', 'cckm/aws/bulkjob', body, 202);
    expect(job).toMatchObject({ overall_status: 'failed' });
    expect(JSON.stringify(job.results)).toMatch(/needs 2 approvals of team custodians: session arn:aws:mpa:/);
    const direct = await kms('ScheduleKeyDeletion', { KeyId: key.aws_param.Arn, PendingWindowInDays: 9 });
    expect(JSON.stringify(job.results)).toContain(direct.headers.get('x-keyblock-approval'));
    await unguard('ScheduleKeyDeletion');
  });
});

// Last, because the clock is ahead from then on.
test('none is executed with an approval that came after its deadline, or that is older than an hour', async () => {
  const calls: (Guarded & { operation: string })[] = [];
  for (const operation of NAMES) calls.push({ operation, ...(await GUARDED[operation]!()) });
  for (const operation of NAMES) await guard(operation, 'custodians');
  const waiting: { id: string; before: unknown }[] = [];
  for (const { call, state } of calls) waiting.push({ id: sessionIdOf(await call()), before: await state() });
  service.clock.advance(DAY_MS);
  const late: string[] = [];
  for (const [i, { call }] of calls.entries()) {
    const { id } = waiting[i]!;
    const { State, RequestHash } = await approval(id);
    expect([State, (await vote('approve', id, { RequestHash }, users.ann)).status]).toEqual(['FAILED', 409]);
    late.push(sessionIdOf(await call()));
    expect(late).not.toContain(id);
    await approve(late[i]!, users.ann, users.bob);
  }
  service.clock.advance(DAY_MS / 24);
  for (const [i, { operation, call, state }] of calls.entries()) {
    expect([operation, sessionIdOf(await call())]).not.toEqual([operation, late[i]]);
    expect([operation, await state()]).toEqual([operation, waiting[i]!.before]);
  }
});
