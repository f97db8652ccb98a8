import { DataSource } from 'typeorm';
import { KmsRotationWorker } from '../../../src/kms/rotation/kms-rotation.worker.js';
import { useService } from '../../support/api.js';
import { tamper } from '../../support/database.js';
import { addReplica, changeKey } from '../../support/kms-rows.js';
import { callKms, createKmsKey, describeKmsKey, type Metadata } from '../../support/kms.js';

const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });
let database: DataSource;
let worker: KmsRotationWorker;
beforeAll(() => {
  database = service.app.get(DataSource);
  worker = service.app.get(KmsRotationWorker, { strict: false });
});

const DAY_MS = 86_400_000;
const PERIOD = 90;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);
const EUROPE = { region: 'eu-west-1' };

async function rotating(input: Parameters<typeof createKmsKey>[1] = {}): Promise<Metadata> {
  const key = await createKmsKey(service, input);
  await callKms(service, 'EnableKeyRotation', { KeyId: key.Arn, RotationPeriodInDays: PERIOD });
  return key;
}

const currentOf = async (arn: string, request = {}) =>
  (await describeKmsKey(service, arn, request)).CurrentKeyMaterialId;
const rotationsOf = async (KeyId: string) =>
  (await callKms(service, 'ListKeyRotations', { KeyId }))['Rotations'] as Record<string, unknown>[];
const nextOf = async (KeyId: string) => (await callKms(service, 'GetKeyRotationStatus', { KeyId }))['NextRotationDate'];

test('a key is rotated at the end of each period, and all of its ciphertexts open', async () => {
  const { Arn, KeyId, CurrentKeyMaterialId: first } = await rotating();
  const { CiphertextBlob } = await callKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' });
  await worker.doDue(inDays(PERIOD - 1));
  expect(await currentOf(Arn)).toBe(first);

  const rotatedAt = inDays(PERIOD);
  await worker.doDue(rotatedAt);
  const second = await currentOf(Arn);
  expect(await rotationsOf(KeyId)).toEqual([
    {
      ...{ KeyId: Arn, KeyMaterialId: second, KeyMaterialState: 'CURRENT' },
      ...{ RotationType: 'AUTOMATIC', RotationDate: rotatedAt.getTime() / 1000 },
    },
  ]);
  expect(await nextOf(KeyId)).toBe((rotatedAt.getTime() + PERIOD * DAY_MS) / 1000);

  await worker.doDue(rotatedAt);
  expect(await currentOf(Arn)).toBe(second);
  await worker.doDue(new Date(rotatedAt.getTime() + PERIOD * DAY_MS));
  expect((await rotationsOf(KeyId)).map(({ KeyMaterialState }) => KeyMaterialState)).toEqual([
    'NON_CURRENT',
    'CURRENT',
  ]);
  expect(await callKms(service, 'Decrypt', { CiphertextBlob })).toMatchObject({
    Plaintext: 'YQ==',
    KeyMaterialId: first,
  });
});

test('a rotation is audited as an act of the service, with both materials', async () => {
  const { Arn, KeyId, CurrentKeyMaterialId } = await rotating();
  await worker.doDue(inDays(PERIOD));
  const sql = `SELECT event FROM audit_events WHERE event->>'eventName' = 'RotateKey' AND event->'resources'->0->>'ARN' = $1`;
  expect(await database.query(sql, [Arn])).toEqual([
    {
      event: expect.objectContaining({
        eventSource: 'kms.amazonaws.com',
        eventType: 'AwsServiceEvent',
        serviceEventDetails: {
          ...{ keyId: KeyId, keyOrigin: 'AWS_KMS', rotationType: 'AUTOMATIC' },
          previousKeyMaterialId: CurrentKeyMaterialId,
          currentKeyMaterialId: await currentOf(Arn),
        },
      }) as object,
    },
  ]);
});

test('concurrent workers rotate a key once', async () => {
  const { KeyId } = await rotating();
  const dueAt = inDays(PERIOD);
  await Promise.all([worker.doDue(dueAt), worker.doDue(dueAt), worker.doDue(dueAt)]);
  expect(await rotationsOf(KeyId)).toHaveLength(1);
});

test('rotations on demand don’t count against automatic ones', async () => {
  const { KeyId } = await rotating();
  await callKms(service, 'RotateKeyOnDemand', { KeyId });
  await worker.doDue(inDays(PERIOD));
  expect((await rotationsOf(KeyId)).map(({ RotationType }) => RotationType)).toEqual(['ON_DEMAND', 'AUTOMATIC']);
});

test('all related keys follow their primary key', async () => {
  const { Arn } = await rotating({ MultiRegion: true });
  const replica = await addReplica(service, Arn, 'eu-west-1');
  const { CiphertextBlob } = await callKms(service, 'Encrypt', { KeyId: Arn, Plaintext: 'YQ==' });
  await callKms(service, 'DisableKey', { KeyId: replica }, EUROPE);
  await worker.doDue(inDays(PERIOD));
  expect(await rotationsOf(Arn)).toHaveLength(1);
  expect(await currentOf(replica, EUROPE)).toBe(await currentOf(Arn));
  await callKms(service, 'EnableKey', { KeyId: replica }, EUROPE);
  expect(await callKms(service, 'Decrypt', { CiphertextBlob }, EUROPE)).toMatchObject({ Plaintext: 'YQ==' });
  const status = await callKms(service, 'GetKeyRotationStatus', { KeyId: replica }, EUROPE);
  expect(status['NextRotationDate']).toBe(await nextOf(Arn));
});

describe('no rotation happens', () => {
  test('of a disabled key; one that is overdue is rotated when the key is enabled', async () => {
    const { Arn, KeyId, CurrentKeyMaterialId } = await rotating();
    await callKms(service, 'DisableKey', { KeyId });
    await worker.doDue(inDays(PERIOD));
    expect(await currentOf(Arn)).toBe(CurrentKeyMaterialId);
    const nextRotationAt = new Date(Date.now() - DAY_MS);
    await changeKey(service, Arn, { nextRotationAt });
    await worker.doDue(new Date());
    expect(await currentOf(Arn)).toBe(CurrentKeyMaterialId);

    await callKms(service, 'EnableKey', { KeyId });
    expect(await rotationsOf(KeyId)).toMatchObject([{ RotationType: 'AUTOMATIC', KeyMaterialState: 'CURRENT' }]);
    expect(Number(await nextOf(KeyId))).toBeGreaterThan(Date.now() / 1000 + (PERIOD - 1) * 86_400);
  });

  test('when a key is enabled before it is due', async () => {
    const { Arn, KeyId, CurrentKeyMaterialId } = await rotating();
    const next = await nextOf(KeyId);
    await callKms(service, 'DisableKey', { KeyId });
    await callKms(service, 'EnableKey', { KeyId });
    expect([await currentOf(Arn), await nextOf(KeyId)]).toEqual([CurrentKeyMaterialId, next]);
  });

  test('of a key that is pending deletion; after CancelKeyDeletion and EnableKey it is as before', async () => {
    const { Arn, KeyId, CurrentKeyMaterialId } = await rotating();
    await callKms(service, 'ScheduleKeyDeletion', { KeyId });
    await worker.doDue(inDays(PERIOD));
    await callKms(service, 'CancelKeyDeletion', { KeyId });
    await worker.doDue(inDays(PERIOD));
    expect(await currentOf(Arn)).toBe(CurrentKeyMaterialId);
    await callKms(service, 'EnableKey', { KeyId });
    await worker.doDue(inDays(PERIOD));
    expect(await rotationsOf(KeyId)).toHaveLength(1);
  });

  test('of a primary key that waits for the deletion of its replicas', async () => {
    const { Arn, CurrentKeyMaterialId } = await rotating({ MultiRegion: true });
    await addReplica(service, Arn, 'eu-west-1');
    await callKms(service, 'ScheduleKeyDeletion', { KeyId: Arn });
    await worker.doDue(inDays(PERIOD));
    expect(await currentOf(Arn)).toBe(CurrentKeyMaterialId);
  });

  test('after DisableKeyRotation', async () => {
    const { Arn, KeyId, CurrentKeyMaterialId } = await rotating();
    await callKms(service, 'DisableKeyRotation', { KeyId });
    await worker.doDue(inDays(PERIOD));
    expect(await currentOf(Arn)).toBe(CurrentKeyMaterialId);
  });

  test('of a key whose row was modified; it is logged, and others are rotated', async () => {
    const [modified, intact] = [await rotating(), await rotating()];
    await tamper(database, "UPDATE kms_keys SET policy = '{}' WHERE arn = $1", [modified.Arn]);
    service.log.length = 0;
    await worker.doDue(inDays(PERIOD));
    expect(service.log).toContainEqual(
      expect.objectContaining({ level: 50, keyArn: modified.Arn, msg: 'a KMS key that is due is not rotated' }),
    );
    expect(await rotationsOf(intact.KeyId)).toHaveLength(1);
    const rows = await database.query('SELECT FROM kms_materials WHERE key_arn = $1', [modified.Arn]);
    expect(rows).toHaveLength(1);
  });
});
