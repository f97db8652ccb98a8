import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ScheduleKeyDeletionCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { addMaterial, addReplica } from '../../support/kms-rows.js';
import { callKms, createKmsKey, describeKmsKey, expectRefused, kmsClient } from '../../support/kms.js';

const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1,eu-central-1' });
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));

const DAY_MS = 86_400_000;
const EUROPE = { region: 'eu-west-1' };
const OPERATIONS = ['EnableKey', 'DisableKey', 'UpdateKeyDescription', 'ScheduleKeyDeletion', 'CancelKeyDeletion'];

const inputOf = (operation: string, KeyId: string) => ({
  KeyId,
  ...(operation === 'UpdateKeyDescription' && { Description: 'new' }),
});
const stateOf = async (KeyId: string) => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState;

describe('EnableKey and DisableKey', () => {
  test('a disabled key is not used, and an enabled one is again', async () => {
    const { KeyId, Arn } = await createKmsKey(service);
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect(await describeKmsKey(service, KeyId)).toMatchObject({ Enabled: false, KeyState: 'Disabled' });
    const input = { KeyId, Plaintext: 'YQ==' };
    await expectRefused(service, 'Encrypt', input, { name: 'DisabledException', message: `${Arn} is disabled.` });
    await kms.send(new EnableKeyCommand({ KeyId: Arn }));
    expect(await describeKmsKey(service, KeyId)).toMatchObject({ Enabled: true, KeyState: 'Enabled' });
    await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('a') }));
  });

  test.each(['EnableKey', 'DisableKey'])(
    '%s twice is the same as once, and returns an empty object',
    async (operation) => {
      const { KeyId } = await createKmsKey(service);
      for (let i = 0; i < 2; i++) expect(await callKms(service, operation, { KeyId })).toEqual({});
      expect(await stateOf(KeyId)).toBe(operation === 'EnableKey' ? 'Enabled' : 'Disabled');
    },
  );

  test('a key of several Regions is disabled in one of them', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    const replica = await addReplica(service, Arn, 'eu-west-1');
    await callKms(service, 'DisableKey', { KeyId: replica }, EUROPE);
    expect((await describeKmsKey(service, replica, EUROPE)).KeyState).toBe('Disabled');
    expect(await stateOf(Arn)).toBe('Enabled');
  });
});

describe('UpdateKeyDescription', () => {
  test.each(['Encrypts the orders', '', 'ä '.repeat(4096)])('replaces the description: %#', async (Description) => {
    const { KeyId } = await createKmsKey(service, { Description: 'before' });
    await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description }));
    expect((await describeKmsKey(service, KeyId)).Description).toBe(Description);
  });

  test('refuses a description that is missing or too long', async () => {
    const { KeyId } = await createKmsKey(service, { Description: 'before' });
    await expectRefused(
      service,
      'UpdateKeyDescription',
      { KeyId },
      {
        name: 'ValidationException',
        message:
          "1 validation error detected: Value null at 'description' failed to satisfy constraint: Member must not be null",
      },
    );
    const Description = 'a'.repeat(8193);
    await expectRefused(
      service,
      'UpdateKeyDescription',
      { KeyId, Description },
      {
        name: 'ValidationException',
        message: `1 validation error detected: Value '${Description.slice(0, 512)}…' at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192`,
      },
    );
    expect((await describeKmsKey(service, KeyId)).Description).toBe('before');
  });
});

describe('ScheduleKeyDeletion', () => {
  test.each([undefined, 7, 30])('begins a waiting period of %p days', async (PendingWindowInDays) => {
    const { KeyId, Arn } = await createKmsKey(service);
    const before = Date.now();
    const output = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }));
    const days = PendingWindowInDays ?? 30;
    expect(output).toMatchObject({ KeyId: Arn, KeyState: 'PendingDeletion', PendingWindowInDays: days });
    const ms = (output.DeletionDate?.getTime() ?? 0) - before - days * DAY_MS;
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThan(60_000);
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    expect(KeyMetadata).toMatchObject({
      Enabled: false,
      KeyState: 'PendingDeletion',
      DeletionDate: output.DeletionDate,
    });
    expect(KeyMetadata).not.toHaveProperty('PendingDeletionWindowInDays');
    const input = { KeyId, Plaintext: 'YQ==' };
    const message = `${Arn} is pending deletion.`;
    await expectRefused(service, 'Encrypt', input, { name: 'KMSInvalidStateException', message });
  });

  test.each([
    [6, 'greater than or equal to 7'],
    [1, 'greater than or equal to 7'],
    [0, 'greater than or equal to 1'],
    [31, 'less than or equal to 30'],
    [365, 'less than or equal to 30'],
    [366, 'less than or equal to 365'],
  ])('refuses a waiting period of %i days', async (PendingWindowInDays, rule) => {
    const { KeyId } = await createKmsKey(service);
    await expectRefused(
      service,
      'ScheduleKeyDeletion',
      { KeyId, PendingWindowInDays },
      {
        name: 'ValidationException',
        message: `1 validation error detected: Value '${PendingWindowInDays}' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value ${rule}`,
      },
    );
    expect(await stateOf(KeyId)).toBe('Enabled');
  });

  test('refuses a key that is pending deletion, and keeps its date', async () => {
    const { KeyId, Arn } = await createKmsKey(service);
    const { DeletionDate } = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 20 }));
    await expectRefused(
      service,
      'ScheduleKeyDeletion',
      { KeyId, PendingWindowInDays: 7 },
      {
        name: 'KMSInvalidStateException',
        message: `${Arn} is pending deletion.`,
      },
    );
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    expect(KeyMetadata?.DeletionDate).toEqual(DeletionDate);
  });

  test('a primary key waits for the deletion of its replicas first', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    await addReplica(service, Arn, 'eu-west-1');
    const output = await callKms(service, 'ScheduleKeyDeletion', { KeyId: Arn, PendingWindowInDays: 9 });
    expect(output).toEqual({ KeyId: Arn, KeyState: 'PendingReplicaDeletion', PendingWindowInDays: 9 });
    const metadata = await describeKmsKey(service, Arn);
    expect(metadata).toMatchObject({ KeyState: 'PendingReplicaDeletion', PendingDeletionWindowInDays: 9 });
    expect(metadata).not.toHaveProperty('DeletionDate');
    const message = `${Arn} is pending deletion.`;
    await expectRefused(
      service,
      'Encrypt',
      { KeyId: Arn, Plaintext: 'YQ==' },
      {
        name: 'KMSInvalidStateException',
        message,
      },
    );
  });

  test('a replica, and a primary key without replicas, wait only for their own period', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    const replica = await addReplica(service, Arn, 'eu-west-1');
    const output = await callKms(service, 'ScheduleKeyDeletion', { KeyId: replica }, EUROPE);
    expect(output).toMatchObject({ KeyId: replica, KeyState: 'PendingDeletion', PendingWindowInDays: 30 });
    expect(await stateOf(Arn)).toBe('Enabled');
    const alone = await createKmsKey(service, { MultiRegion: true });
    expect(await callKms(service, 'ScheduleKeyDeletion', { KeyId: alone.Arn })).toMatchObject({
      KeyState: 'PendingDeletion',
      DeletionDate: expect.any(Number) as unknown,
    });
  });
});

describe('CancelKeyDeletion', () => {
  test.each(['KeyId', 'Arn'] as const)('takes the %s, returns the ARN, and leaves the key disabled', async (name) => {
    const key = await createKmsKey(service);
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: key.KeyId }));
    expect(await callKms(service, 'CancelKeyDeletion', { KeyId: key[name] })).toEqual({ KeyId: key.Arn });
    const metadata = await describeKmsKey(service, key.KeyId);
    expect(metadata).toMatchObject({ KeyState: 'Disabled', Enabled: false });
    expect(metadata).not.toHaveProperty('DeletionDate');
    await kms.send(new EnableKeyCommand({ KeyId: key.KeyId }));
    await kms.send(new EncryptCommand({ KeyId: key.KeyId, Plaintext: Buffer.from('a') }));
  });

  test('opens what the key encrypted before', async () => {
    const { KeyId } = await createKmsKey(service);
    const { CiphertextBlob } = await callKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' });
    for (const operation of ['ScheduleKeyDeletion', 'CancelKeyDeletion', 'EnableKey'])
      await callKms(service, operation, { KeyId });
    expect(await callKms(service, 'Decrypt', { CiphertextBlob })).toMatchObject({ Plaintext: 'YQ==' });
  });

  test('restores the rotation setting', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId;
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 100 }));
    const before = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    expect(before).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 100 });
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId }));
    expect(await callKms(service, 'GetKeyRotationStatus', { KeyId })).toEqual({
      KeyId: KeyMetadata?.Arn,
      KeyRotationEnabled: false,
    });
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
    const after = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    expect({ ...after, $metadata: 0 }).toEqual({ ...before, $metadata: 0 });
  });

  test('a key without its imported material waits for the import again', async () => {
    const { KeyId, Arn } = await createKmsKey(service, { Origin: 'EXTERNAL' });
    await callKms(service, 'ScheduleKeyDeletion', { KeyId });
    await callKms(service, 'CancelKeyDeletion', { KeyId });
    expect(await stateOf(KeyId)).toBe('PendingImport');
    await addMaterial(service, Arn);
    expect(await stateOf(KeyId)).toBe('Disabled');
  });

  test('a primary key that waits for its replicas is disabled afterwards, too', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    await addReplica(service, Arn, 'eu-west-1');
    await callKms(service, 'ScheduleKeyDeletion', { KeyId: Arn });
    expect(await callKms(service, 'CancelKeyDeletion', { KeyId: Arn })).toEqual({ KeyId: Arn });
    const metadata = await describeKmsKey(service, Arn);
    expect(metadata.KeyState).toBe('Disabled');
    expect(metadata).not.toHaveProperty('PendingDeletionWindowInDays');
  });

  test('refuses a key whose deletion was canceled already', async () => {
    const { KeyId, Arn } = await createKmsKey(service);
    await callKms(service, 'ScheduleKeyDeletion', { KeyId });
    await callKms(service, 'CancelKeyDeletion', { KeyId });
    const message = `${Arn} is not pending deletion.`;
    await expectRefused(service, 'CancelKeyDeletion', { KeyId }, { name: 'KMSInvalidStateException', message });
  });
});

describe.each(OPERATIONS)('%s', (operation) => {
  test.each([
    ['alias/orders', "Invalid keyId 'alias/orders'"],
    [
      'arn:aws:kms:us-east-1:000000000000:alias/orders',
      "Invalid keyId 'arn:aws:kms:us-east-1:000000000000:alias/orders'",
    ],
    ['not-a-key', "Invalid keyId 'not-a-key'"],
    [
      '1234abcd-12ab-34cd-56ef-1234567890ab',
      "Key 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab' does not exist",
    ],
    ['arn:aws:kms:eu-west-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab', 'Invalid arn eu-west-1'],
  ])('refuses %s', async (KeyId, message) => {
    await expectRefused(service, operation, inputOf(operation, KeyId), { name: 'NotFoundException', message });
  });

  test('refuses a broken ARN, and a call without a key', async () => {
    await expectRefused(service, operation, inputOf(operation, 'arn:aws:kms:us-east-1'), {
      name: 'InvalidArnException',
      message: 'arn:aws:kms:us-east-1 is not the ARN of a key or an alias.',
    });
    const { KeyId: _, ...input } = inputOf(operation, '');
    await expectRefused(service, operation, input, {
      name: 'ValidationException',
      message:
        "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
    });
  });
});
