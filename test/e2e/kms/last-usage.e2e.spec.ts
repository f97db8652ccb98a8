import { GetKeyLastUsageCommand, type KMSClient } from '@aws-sdk/client-kms';
import { DataSource } from 'typeorm';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { KeyUses } from '../../../src/kms/usage/key-uses.js';
import { useService } from '../../support/api.js';
import { addReplica } from '../../support/kms-rows.js';
import { callKms, createKmsKey, expectRefused, kmsClient, sendKms } from '../../support/kms.js';

const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });
let kms: KMSClient;
let uses: KeyUses;
beforeAll(() => {
  kms = kmsClient(service);
  uses = service.app.get(KeyUses, { strict: false });
});

const EUROPE = { region: 'eu-west-1' };
const usageOf = async (KeyId: string, request = {}) =>
  (await callKms(service, 'GetKeyLastUsage', { KeyId }, request))['KeyLastUsage'] as Record<string, unknown>;

test('a key that was never used has no last usage', async () => {
  const { KeyId, Arn, CreationDate } = await createKmsKey(service);
  expect(await callKms(service, 'GetKeyLastUsage', { KeyId })).toEqual({
    ...{ KeyId: Arn, KeyLastUsage: {}, TrackingStartDate: CreationDate, KeyCreationDate: CreationDate },
  });
});

test('names operation, time, request and audit event of the last use, before and after it is stored', async () => {
  const { KeyId, Arn } = await createKmsKey(service);
  const { json } = await sendKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' });
  const before = Date.now();
  const { headers } = await sendKms(service, 'Decrypt', { CiphertextBlob: json['CiphertextBlob'] });
  const requestId = headers.get('x-amzn-requestid');

  const { KeyLastUsage } = await kms.send(new GetKeyLastUsageCommand({ KeyId: Arn }));
  expect(KeyLastUsage).toMatchObject({ Operation: 'Decrypt', KmsRequestId: requestId });
  expect(KeyLastUsage?.Timestamp?.getTime()).toBeGreaterThanOrEqual(before);
  const noted = await usageOf(KeyId);
  await uses.write();
  expect(await usageOf(KeyId)).toEqual(noted);

  await service.app.get(AuditLog).flush();
  const sql = `SELECT event->>'requestID' AS request FROM audit_events WHERE event->>'eventID' = $1`;
  expect(await service.app.get(DataSource).query(sql, [noted['CloudTrailEventId']])).toEqual([{ request: requestId }]);
});

test('calls that manage, describe or are refused don’t count', async () => {
  const { KeyId, Arn } = await createKmsKey(service);
  const { CiphertextBlob } = await callKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' });
  const before = await usageOf(KeyId);
  await callKms(service, 'DescribeKey', { KeyId });
  await callKms(service, 'RotateKeyOnDemand', { KeyId });
  await expectRefused(
    service,
    'Encrypt',
    { KeyId, Plaintext: 'YQ==', DryRun: true },
    {
      name: 'DryRunOperationException',
      message: 'The request would have succeeded, but the DryRun option is set.',
    },
  );
  await expectRefused(
    service,
    'Decrypt',
    { CiphertextBlob, EncryptionContext: { a: 'b' } },
    {
      name: 'InvalidCiphertextException',
    },
  );
  await callKms(service, 'DisableKey', { KeyId });
  const message = `${Arn} is disabled.`;
  await expectRefused(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' }, { name: 'DisabledException', message });
  expect(await usageOf(KeyId)).toEqual(before);
});

test.each(['GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'])('%s counts', async (operation) => {
  const { KeyId } = await createKmsKey(service);
  await callKms(service, operation, { KeyId, KeySpec: 'AES_256' });
  expect(await usageOf(KeyId)).toMatchObject({ Operation: operation });
});

test('related keys each have a last usage', async () => {
  const { Arn } = await createKmsKey(service, { MultiRegion: true });
  const replica = await addReplica(service, Arn, 'eu-west-1');
  await callKms(service, 'Encrypt', { KeyId: replica, Plaintext: 'YQ==' }, EUROPE);
  expect(await usageOf(Arn)).toEqual({});
  expect(await usageOf(replica, EUROPE)).toMatchObject({ Operation: 'Encrypt' });
});

test('an older use doesn’t replace the one that another node stored', async () => {
  const { KeyId, Arn } = await createKmsKey(service);
  await callKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' });
  await service.app
    .get(DataSource)
    .query(`INSERT INTO kms_key_usage VALUES ($1, 'Sign', now() + interval '1 second', 'request', 'event')`, [Arn]);
  await uses.write();
  expect(await usageOf(KeyId)).toMatchObject({ Operation: 'Sign', KmsRequestId: 'request' });
});

test('uses that can’t be stored are stored later', async () => {
  const { KeyId } = await createKmsKey(service);
  await callKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' });
  const noted = await usageOf(KeyId);
  const database = service.app.get(DataSource);
  await database.query('ALTER TABLE kms_key_usage RENAME TO away');
  await expect(uses.write()).rejects.toThrow('kms_key_usage');
  await database.query('ALTER TABLE away RENAME TO kms_key_usage');
  await uses.write();
  const { sum } = (await database.query<{ sum: number }[]>('SELECT count(*)::int AS sum FROM kms_key_usage'))[0]!;
  expect(sum).toBeGreaterThan(0);
  expect(await usageOf(KeyId)).toEqual(noted);
});

test.each([
  ['alias/orders', "Invalid keyId 'alias/orders'"],
  [
    '1234abcd-12ab-34cd-56ef-1234567890ab',
    "Key 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab' does not exist",
  ],
])('refuses %s', async (KeyId, message) => {
  await expectRefused(service, 'GetKeyLastUsage', { KeyId }, { name: 'NotFoundException', message });
});
