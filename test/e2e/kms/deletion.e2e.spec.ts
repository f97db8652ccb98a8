import { DataSource } from 'typeorm';
import { DestructionWatch } from '../../../src/changes/destruction-watch.js';
import { KmsAlias } from '../../../src/kms/aliases/kms-alias.entity.js';
import { KmsGrant } from '../../../src/kms/grants/kms-grant.entity.js';
import { DueKeys } from '../../../src/kms/keys/due-keys.js';
import { KmsDeletionWorker } from '../../../src/kms/keys/kms-deletion.worker.js';
import { KeyUses } from '../../../src/kms/usage/key-uses.js';
import { useService } from '../../support/api.js';
import { tamper } from '../../support/database.js';
import { addReplica } from '../../support/kms-rows.js';
import { callKms, createKmsKey, describeKmsKey, expectRefused } from '../../support/kms.js';
import { advanceConfirmed } from '../../support/service.js';

const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1,eu-central-1' });
let database: DataSource;
let worker: KmsDeletionWorker;
beforeAll(() => {
  database = service.app.get(DataSource);
  worker = service.app.get(KmsDeletionWorker, { strict: false });
});

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
const EUROPE = { region: 'eu-west-1' };
const PARTS = ['kms_keys', 'kms_materials', 'kms_aliases', 'kms_tags', 'kms_grants', 'kms_key_usage'];

/** Creates a key with an alias, a tag and grants, uses it and schedules its deletion in 7 days. */
async function scheduled({ grants = 1 } = {}) {
  const key = await createKmsKey(service, { Tags: [{ TagKey: 'team', TagValue: 'a' }] });
  const { accountId, region } = { accountId: key.AWSAccountId ?? '', region: 'us-east-1' };
  const now = new Date();
  await database.transaction(async (manager) => {
    const alias = { accountId, region, name: `alias/${key.KeyId}`, keyArn: key.Arn, createdAt: now, updatedAt: now };
    await manager.insert(KmsAlias, manager.create(KmsAlias, alias));
    const rows = Array.from({ length: grants }, (_, i) => ({
      ...{ keyArn: key.Arn, grantId: String(i).padStart(64, '0'), name: null, retiringPrincipal: null },
      ...{
        granteePrincipal: `arn:aws:iam::${accountId}:root`,
        operations: ['Decrypt'],
        constraints: null,
        createdAt: now,
      },
    }));
    for (let i = 0; i < rows.length; i += 500)
      await manager.insert(KmsGrant, manager.create(KmsGrant, rows.slice(i, i + 500)));
  });
  const { CiphertextBlob } = await callKms(service, 'Encrypt', { KeyId: key.KeyId, Plaintext: 'YQ==' });
  await service.app.get(KeyUses, { strict: false }).write();
  await callKms(service, 'ScheduleKeyDeletion', { KeyId: key.KeyId, PendingWindowInDays: 7 });
  return { ...key, CiphertextBlob };
}

/** Counts the rows of a key in every table. */
async function rowsOf(arn: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of PARTS) {
    const column = table === 'kms_keys' ? 'arn' : 'key_arn';
    const sql = `SELECT count(*)::int AS count FROM ${table} WHERE ${column} = $1`;
    counts[table] = (await database.query<{ count: number }[]>(sql, [arn]))[0]?.count ?? -1;
  }
  return counts;
}

const isGone = (arn: string) => ({ name: 'NotFoundException', message: `Key '${arn}' does not exist` });

async function auditEvents(name: string, arn: string): Promise<object[]> {
  const sql = `SELECT event FROM audit_events WHERE event->>'eventName' = $1 AND event->'resources'->0->>'ARN' = $2`;
  return (await database.query<{ event: object }[]>(sql, [name, arn])).map(({ event }) => event);
}

test('a key is deleted at the end of its waiting period with all that belongs to it, and what it encrypted is lost', async () => {
  const { Arn, KeyId, CiphertextBlob } = await scheduled({ grants: 2100 });
  await worker.doDue(inDays(6.9));
  expect((await describeKmsKey(service, KeyId)).KeyState).toBe('PendingDeletion');
  expect(Object.values(await rowsOf(Arn))).toEqual([1, 1, 1, 1, 2100, 1]);

  await worker.doDue(inDays(7.1));
  for (const operation of ['DescribeKey', 'CancelKeyDeletion', 'ScheduleKeyDeletion', 'GetKeyRotationStatus'])
    await expectRefused(service, operation, { KeyId }, isGone(Arn));
  await expectRefused(
    service,
    'Decrypt',
    { CiphertextBlob },
    {
      name: 'AccessDeniedException',
      message:
        'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    },
  );
  expect(Object.values(await rowsOf(Arn))).toEqual(PARTS.map(() => 0));
  const [event, ...others] = await auditEvents('DeleteKey', Arn);
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    eventSource: 'kms.amazonaws.com',
    eventType: 'AwsServiceEvent',
    resources: [{ ARN: Arn, type: 'AWS::KMS::Key' }],
  });
});

test('concurrent workers delete each key once', async () => {
  const keys = [await scheduled(), await scheduled(), await scheduled()];
  await Promise.all([worker.doDue(inDays(8)), worker.doDue(inDays(8)), worker.doDue(inDays(8))]);
  for (const { Arn } of keys) {
    expect(Object.values(await rowsOf(Arn))).toEqual(PARTS.map(() => 0));
    expect(await auditEvents('DeleteKey', Arn)).toHaveLength(1);
  }
});

test('a canceled deletion doesn’t happen', async () => {
  const { KeyId } = await scheduled();
  await callKms(service, 'CancelKeyDeletion', { KeyId });
  await worker.doDue(inDays(40));
  expect((await describeKmsKey(service, KeyId)).KeyState).toBe('Disabled');
});

test.each([
  ['of the key', "UPDATE kms_keys SET deletion_date = deletion_date - interval '6 days' WHERE arn = $1"],
  ['of a material', 'UPDATE kms_materials SET rotated_at = now() WHERE key_arn = $1'],
  ['of an alias', "UPDATE kms_aliases SET created_at = now() + interval '1 day' WHERE key_arn = $1"],
  ['of a grant', "UPDATE kms_grants SET operations = 'Encrypt' WHERE key_arn = $1"],
  ['of a tag', "UPDATE kms_tags SET value = 'b' WHERE key_arn = $1"],
])('a key is kept and logged if the row %s was modified, and others are deleted', async (_, sql) => {
  const [modified, intact] = [await scheduled(), await scheduled()];
  await tamper(database, sql, [modified.Arn]);
  service.log.length = 0;
  await worker.doDue(inDays(8));
  expect(service.log).toContainEqual(
    expect.objectContaining({
      level: 50,
      keyArn: modified.Arn,
      msg: 'a KMS key that is due is not deleted',
      error: expect.stringContaining('was modified in the database') as string,
    }),
  );
  expect((await rowsOf(modified.Arn))['kms_keys']).toBe(1);
  expect((await rowsOf(modified.Arn))['kms_materials']).toBe(1);
  expect((await rowsOf(intact.Arn))['kms_keys']).toBe(0);
  await tamper(database, 'UPDATE kms_keys SET deletion_date = NULL WHERE arn = $1', [modified.Arn]);
});

describe('a primary key that is to be deleted', () => {
  test('waits its own period after the deletion of the last replica', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    const [ireland, frankfurt] = [
      await addReplica(service, Arn, 'eu-west-1'),
      await addReplica(service, Arn, 'eu-central-1'),
    ];
    await callKms(service, 'ScheduleKeyDeletion', { KeyId: Arn, PendingWindowInDays: 8 });
    await worker.doDue(inDays(30));
    expect((await describeKmsKey(service, Arn)).KeyState).toBe('PendingReplicaDeletion');

    await callKms(service, 'ScheduleKeyDeletion', { KeyId: ireland, PendingWindowInDays: 7 }, EUROPE);
    await callKms(
      service,
      'ScheduleKeyDeletion',
      { KeyId: frankfurt, PendingWindowInDays: 10 },
      { region: 'eu-central-1' },
    );
    await worker.doDue(inDays(9));
    await expectRefused(service, 'DescribeKey', { KeyId: ireland }, isGone(ireland), EUROPE);
    expect((await describeKmsKey(service, Arn)).KeyState).toBe('PendingReplicaDeletion');

    const deletedAt = inDays(11);
    await worker.doDue(deletedAt);
    const { KeyState, DeletionDate, PendingDeletionWindowInDays } = await describeKmsKey(service, Arn);
    expect({ KeyState, DeletionDate, PendingDeletionWindowInDays }).toEqual({
      KeyState: 'PendingDeletion',
      DeletionDate: (deletedAt.getTime() + 8 * DAY_MS) / 1000,
    });
    await worker.doDue(inDays(18.9));
    expect((await describeKmsKey(service, Arn)).KeyState).toBe('PendingDeletion');
    await worker.doDue(inDays(19.1));
    await expectRefused(service, 'DescribeKey', { KeyId: Arn }, isGone(Arn));
  });

  test('stays if its deletion is canceled before the last replica goes', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    const replica = await addReplica(service, Arn, 'eu-west-1');
    await callKms(service, 'ScheduleKeyDeletion', { KeyId: Arn, PendingWindowInDays: 7 });
    await callKms(service, 'ScheduleKeyDeletion', { KeyId: replica, PendingWindowInDays: 7 }, EUROPE);
    await callKms(service, 'CancelKeyDeletion', { KeyId: Arn });
    await worker.doDue(inDays(8));
    await worker.doDue(inDays(50));
    await expectRefused(service, 'DescribeKey', { KeyId: replica }, isGone(replica), EUROPE);
    const metadata = await describeKmsKey(service, Arn);
    expect(metadata).toMatchObject({ KeyState: 'Disabled', MultiRegionConfiguration: { ReplicaKeys: [] } });
  });

  test('keeps its replica, which is used as before', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    const replica = await addReplica(service, Arn, 'eu-west-1');
    const { CiphertextBlob } = await callKms(service, 'Encrypt', { KeyId: Arn, Plaintext: 'YQ==' });
    await callKms(service, 'ScheduleKeyDeletion', { KeyId: Arn, PendingWindowInDays: 7 });
    await worker.doDue(inDays(50));
    expect(await callKms(service, 'Decrypt', { CiphertextBlob }, EUROPE)).toMatchObject({ KeyId: replica });
  });
});

test('a key stays if destruction is put on hold after the key was found', async () => {
  const { Arn } = await scheduled();
  const keys = service.app.get(DueKeys, { strict: false });
  const now = inDays(7.1);
  expect(await keys.deletions(now)).toContain(Arn);
  await database.query(
    `INSERT INTO destruction_holds (reason, due_after, due_until, began_at) VALUES ('step', '-infinity', 'infinity', now())`,
  );
  try {
    expect(await keys.delete(Arn, now)).toBe(false);
    expect(Object.values(await rowsOf(Arn))).toEqual([1, 1, 1, 1, 1, 1]);
  } finally {
    await database.query('DELETE FROM destruction_holds');
  }
  expect(await keys.delete(Arn, now)).toBe(true);
});

test('nothing is deleted while destruction is held, and the readiness report counts what waits', async () => {
  const { Arn } = await scheduled();
  const watch = service.app.get(DestructionWatch);
  service.clock.advance(8 * DAY_MS);
  try {
    await watch.look();
    await worker.doDue(service.clock.now());
    expect((await rowsOf(Arn))['kms_keys']).toBe(1);
    const report = (await (await fetch(`${service.url}/readyz`)).json()) as { destruction: { waiting: object } };
    expect(report.destruction.waiting).toEqual({ kmsKeys: 1 });
  } finally {
    await advanceConfirmed(service, -8 * DAY_MS);
  }
});
