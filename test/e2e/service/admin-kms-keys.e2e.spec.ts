import { KeyUse } from '../../../src/access/key-use.js';
import { type AuditEvent, idOf } from '../../support/audit.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { credentialsOf, statement, useAdmin } from '../../support/admin.js';
import { createKey } from '../../support/keys.js';
import { callKms, createKmsKey } from '../../support/kms.js';
import { DELEGATION, policyOf } from '../../support/kms-access.js';
import { target } from '../../support/service.js';

const { service, admin, done, refused, caller } = useAdmin();
interface Inventory {
  Keys: { KeyArn: string }[];
  KmsKeys?: ({ KeyArn: string } & Record<string, unknown>)[];
  NextToken?: string;
}
const list = async (search = '', credentials?: Parameters<typeof done>[3]) =>
  (await done('GET', `keys?${search}`, undefined, credentials)) as unknown as Inventory;
const kms = async (search = '', credentials?: Parameters<typeof done>[3]) =>
  ((await list(`Api=kms&${search}`, credentials)).KmsKeys ?? []).map(({ KeyArn }) => KeyArn);

let disk: string;
let signing: string;
beforeAll(async () => {
  const tags = { Tags: [{ TagKey: 'line', TagValue: 'North' }] };
  disk = (await createKmsKey(service, { Description: 'Encrypts disks', ...tags })).Arn;
  signing = (await createKmsKey(service, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })).Arn;
  await callKms(service, 'CreateAlias', { AliasName: 'alias/signing', TargetKeyId: signing });
  await callKms(service, 'EnableKeyRotation', { KeyId: disk, RotationPeriodInDays: 180 });
  await callKms(service, 'Encrypt', { KeyId: disk, Plaintext: 'AAAA' });
  await service.app.get(KeyUse).write();
});

test('the inventory of KMS shows its keys only, with aliases, tags, rotation and last use', async () => {
  await createKey(service);
  const { Keys, KmsKeys } = await list('Api=kms');
  expect(Keys).toEqual([]);
  expect(KmsKeys).toEqual([
    {
      KeyArn: disk,
      Aliases: [],
      Description: 'Encrypts disks',
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Origin: 'AWS_KMS',
      MultiRegion: false,
      RotationPeriodInDays: 180,
      NextRotationDate: expect.any(Number),
      CreateTimestamp: expect.any(Number),
      LastUsed: { Operation: 'Encrypt', By: 'arn:aws:iam::000000000000:root', Time: expect.any(Number) },
      Tags: [{ Key: 'line', Value: 'North' }],
    },
    expect.objectContaining({ KeyArn: signing, Aliases: ['alias/signing'], KeySpec: 'ECC_NIST_P256', Tags: [] }),
  ]);
  expect(await list('Api=payment-cryptography')).toMatchObject({ Keys: [{ KeyArn: expect.any(String) }] });
  expect((await list()).KmsKeys).toBeUndefined();
});

test.each([
  ['Query=NORTH', () => [disk]],
  ['Query=disks', () => [disk]],
  ['Query=alias/sign', () => [signing]],
  ['Usage=SIGN_VERIFY', () => [signing]],
  ['Algorithm=SYMMETRIC_DEFAULT', () => [disk]],
  ['State=Enabled&Usage=ENCRYPT_DECRYPT', () => [disk]],
  ['State=PendingDeletion', () => []],
  ['UnusedDays=1', () => []],
  ['Usage=%27%20OR%201%3D1', () => []],
])('finds KMS keys by %s', async (search, found) => {
  expect(await kms(search)).toEqual(found());
});

test('a disabled key and one pending deletion are found by their state', async () => {
  const { Arn: KeyId } = await createKmsKey(service, { Description: 'short-lived' });
  await callKms(service, 'DisableKey', { KeyId });
  expect(await kms('State=Disabled')).toEqual([KeyId]);
  await callKms(service, 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
  const { KmsKeys } = await list('Api=kms&State=PendingDeletion');
  expect(KmsKeys).toMatchObject([{ KeyArn: KeyId, DeletionDate: expect.any(Number) }]);
});

test('every order has pages, and a page token belongs to its order', async () => {
  const orders: Record<string, string[]> = {
    Oldest: [disk, signing],
    Newest: [signing, disk],
    Alias: [signing, disk],
    LongestUnused: [signing, disk],
    LastUsed: [disk, signing],
  };
  for (const [Sort, expected] of Object.entries(orders)) {
    const search = `Api=kms&State=Enabled&Sort=${Sort}&MaxResults=1`;
    const first = await list(search);
    const second = await list(`${search}&NextToken=${first.NextToken}`);
    const found = [first, second].flatMap(({ KmsKeys = [] }) => KmsKeys.map(({ KeyArn }) => KeyArn));
    expect([Sort, found]).toEqual([Sort, expected]);
    for (const other of ['Api=kms&State=Enabled&MaxResults=1', 'MaxResults=1'])
      expect(await refused('GET', `keys?${other}&NextToken=${first.NextToken}`)).toContain('400 ValidationException');
  }
});

test('payment keys have the same orders', async () => {
  const named = (await createKey(service)).KeyArn;
  const alias = JSON.stringify({ AliasName: 'alias/a', KeyArn: named });
  expect((await service.send({ headers: target('CreateAlias'), body: alias })).status).toBe(200);
  const first = async (Sort: string) => (await list(`Sort=${Sort}&MaxResults=1`)).Keys[0]?.KeyArn;
  const oldest = await first('Oldest');
  expect(oldest).not.toBe(named);
  expect([await first('Newest'), await first('Alias')]).toEqual([named, named]);
  const all = (await list('Sort=LongestUnused')).Keys.map(({ KeyArn }) => KeyArn);
  expect(all).toEqual([oldest, named].toSorted());
});

test.each([
  ['Api=s3', /400 ValidationException/],
  ['Sort=Size', /400 ValidationException/],
  ['Sort=', /400 ValidationException/],
  ['Api=kms&Exportable=true', /Exportable is for payment keys only/],
  ['Api=kms&MaxResults=201', /400 ValidationException/],
  [`Api=kms&Query=${'x'.repeat(323)}`, /400 ValidationException/],
  ['Api=kms&NextToken=x', /400 ValidationException/],
])('refuses %s', async (search, words) => {
  expect(await refused('GET', `keys?${search}`)).toMatch(words);
});

test('a key that the caller may not describe is left out, whichever policy decides', async () => {
  const inventory = statement('keyblock:ListKeyInventory');
  const blind = await caller('blind', inventory);
  expect(await kms('', blind)).toEqual([]);
  expect(await refused('GET', 'keys?Api=kms', undefined, await caller('eve'))).toContain('403 AccessDenied');

  const one = await caller('one', inventory, statement('kms:DescribeKey', { Resource: disk }));
  expect(await kms('', one)).toEqual([disk]);
  const tagged = { Condition: { StringEquals: { 'aws:ResourceTag/line': 'North' } } };
  expect(await kms('', await caller('north', inventory, statement('kms:DescribeKey', tagged)))).toEqual([disk]);

  const grant = {
    KeyId: signing,
    GranteePrincipal: 'arn:aws:iam::000000000000:user/blind',
    Operations: ['DescribeKey'],
  };
  await callKms(service, 'CreateGrant', grant);
  expect(await kms('', blind)).toEqual([signing]);

  const Deny = statement('kms:DescribeKey', {
    Effect: 'Deny',
    Principal: { AWS: 'arn:aws:iam::000000000000:user/one' },
  });
  await callKms(service, 'PutKeyPolicy', { KeyId: disk, Policy: policyOf(DELEGATION, Deny) });
  expect(await kms('', one)).toEqual([]);
});

test('the caller of a session sees the keys of the role, and the event names no key', async () => {
  await done('POST', 'roles', { Name: 'auditor' });
  const statements = [statement(['keyblock:ListKeyInventory', 'kms:DescribeKey'])];
  await done('PUT', 'roles/auditor/policies/own', { Version: '2012-10-17', Statement: statements });
  const session = credentialsOf(await done('POST', 'roles/auditor/sessions', { SessionName: 'monday' }));
  expect(await kms('', session)).toContain(signing);
  const response = await admin('GET', 'keys?Api=kms&Sort=Alias', undefined, session);
  await service.app.get(AuditLog).flush();
  const { Events } = await done('GET', `audit/events?RequestId=${idOf(response)}`);
  expect(Events as AuditEvent[]).toMatchObject([
    { eventName: 'ListKeyInventory', requestParameters: { api: 'kms', sort: 'Alias' }, resources: [] },
  ]);
});

test('audit events are found by their source', async () => {
  await service.app.get(AuditLog).flush();
  const { Events } = (await done('GET', 'audit/events?Source=kms.amazonaws.com&Operation=Encrypt')) as {
    Events: AuditEvent[];
  };
  expect(Events.map(({ eventName }) => eventName)).toEqual(['Encrypt']);
  expect(await done('GET', 'audit/events?Source=cckm')).toMatchObject({ Events: [], Complete: true });
});
