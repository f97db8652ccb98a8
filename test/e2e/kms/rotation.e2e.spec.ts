import {
  DisableKeyRotationCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ListKeyRotationsCommand,
  paginateListKeyRotations,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { addMaterial, addReplica, changeKey } from '../../support/kms-rows.js';
import { callKms, createKmsKey, describeKmsKey, expectRefused, kmsClient } from '../../support/kms.js';

const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));

const DAY_MS = 86_400_000;
const EUROPE = { region: 'eu-west-1' };
const OPERATIONS = [
  'EnableKeyRotation',
  'DisableKeyRotation',
  'GetKeyRotationStatus',
  'RotateKeyOnDemand',
  'ListKeyRotations',
];

const encrypt = async (KeyId: string) =>
  (await callKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' }))['CiphertextBlob'];
const decrypt = (CiphertextBlob: unknown, request = {}) => callKms(service, 'Decrypt', { CiphertextBlob }, request);
const rotations = async (KeyId: string, IncludeKeyMaterial?: string, request = {}) =>
  (await callKms(service, 'ListKeyRotations', { KeyId, IncludeKeyMaterial }, request))['Rotations'] as Record<
    string,
    unknown
  >[];
const statusOf = (KeyId: string, request = {}) => callKms(service, 'GetKeyRotationStatus', { KeyId }, request);

describe('automatic rotation', () => {
  test('is off until it is enabled, and then due one period later', async () => {
    const { KeyId, Arn } = await createKmsKey(service);
    const off = { KeyId: Arn, KeyRotationEnabled: false };
    expect(await statusOf(KeyId)).toEqual(off);
    const before = Date.now();
    await kms.send(new EnableKeyRotationCommand({ KeyId }));
    const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId: Arn }));
    expect(status).toMatchObject({ KeyId: Arn, KeyRotationEnabled: true, RotationPeriodInDays: 365 });
    const ms = (status.NextRotationDate?.getTime() ?? 0) - before - 365 * DAY_MS;
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThan(60_000);
    await kms.send(new DisableKeyRotationCommand({ KeyId }));
    expect(await statusOf(KeyId)).toEqual(off);
  });

  test('a new period is counted from the day on which rotation was enabled', async () => {
    const { KeyId } = await createKmsKey(service);
    await callKms(service, 'EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
    const { NextRotationDate } = await statusOf(KeyId);
    expect(await callKms(service, 'EnableKeyRotation', { KeyId, RotationPeriodInDays: 2560 })).toEqual({});
    expect(await statusOf(KeyId)).toMatchObject({
      RotationPeriodInDays: 2560,
      NextRotationDate: Number(NextRotationDate) + (2560 - 90) * 86_400,
    });
  });

  test.each([
    [89, 'greater than or equal to 90'],
    [0, 'greater than or equal to 90'],
    [2561, 'less than or equal to 2560'],
  ])('refuses a period of %i days', async (RotationPeriodInDays, rule) => {
    const { KeyId, Arn } = await createKmsKey(service);
    await expectRefused(
      service,
      'EnableKeyRotation',
      { KeyId, RotationPeriodInDays },
      {
        name: 'ValidationException',
        message: `1 validation error detected: Value '${RotationPeriodInDays}' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value ${rule}`,
      },
    );
    expect(await statusOf(KeyId)).toEqual({ KeyId: Arn, KeyRotationEnabled: false });
  });

  test('disabling a key doesn’t change its rotation status', async () => {
    const { KeyId } = await createKmsKey(service);
    await callKms(service, 'EnableKeyRotation', { KeyId });
    const before = await statusOf(KeyId);
    await callKms(service, 'DisableKey', { KeyId });
    expect(await statusOf(KeyId)).toEqual(before);
  });

  test('is set on the primary key for all related keys', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    const replica = await addReplica(service, Arn, 'eu-west-1');
    await callKms(service, 'EnableKeyRotation', { KeyId: Arn, RotationPeriodInDays: 200 });
    expect(await statusOf(replica, EUROPE)).toEqual({ ...(await statusOf(Arn)), KeyId: replica });
    await callKms(service, 'DisableKeyRotation', { KeyId: Arn });
    expect(await statusOf(replica, EUROPE)).toEqual({ KeyId: replica, KeyRotationEnabled: false });
  });
});

describe('RotateKeyOnDemand', () => {
  test('exchanges the material; id and ARN stay, and old ciphertexts open', async () => {
    const { KeyId, Arn, CurrentKeyMaterialId: first } = await createKmsKey(service);
    const old = await encrypt(KeyId);
    const before = Date.now();
    expect((await kms.send(new RotateKeyOnDemandCommand({ KeyId }))).KeyId).toBe(Arn);
    const { CurrentKeyMaterialId: second, ...metadata } = await describeKmsKey(service, KeyId);
    expect(second).not.toBe(first);
    expect(metadata).toMatchObject({ KeyId, Arn, KeyState: 'Enabled' });
    expect(await decrypt(old)).toMatchObject({ Plaintext: 'YQ==', KeyMaterialId: first });
    expect(await decrypt(await encrypt(KeyId))).toMatchObject({ KeyMaterialId: second });

    const { Rotations, Truncated } = await kms.send(new ListKeyRotationsCommand({ KeyId }));
    expect(Truncated).toBe(false);
    expect(Rotations).toEqual([
      {
        ...{ KeyId: Arn, KeyMaterialId: second, KeyMaterialState: 'CURRENT', RotationType: 'ON_DEMAND' },
        RotationDate: expect.any(Date) as Date,
      },
    ]);
    expect(Rotations?.[0]?.RotationDate?.getTime()).toBeGreaterThanOrEqual(before);
    expect((await rotations(KeyId, 'ALL_KEY_MATERIAL'))[0]).toEqual({
      ...{ KeyId: Arn, KeyMaterialId: first, KeyMaterialState: 'NON_CURRENT' },
    });
  });

  test('a ciphertext of a former material is refused with bytes appended or another format', async () => {
    const { KeyId } = await createKmsKey(service);
    const old = Buffer.from(String(await encrypt(KeyId)), 'base64');
    await callKms(service, 'RotateKeyOnDemand', { KeyId });
    const other = Buffer.from(old);
    other[0] = (other[0] ?? 0) + 1;
    for (const blob of [Buffer.concat([old, Buffer.from([0])]), other])
      await expectRefused(
        service,
        'Decrypt',
        { CiphertextBlob: blob.toString('base64') },
        {
          name: 'InvalidCiphertextException',
        },
      );
  });

  test('works with and without automatic rotation, and doesn’t move its date', async () => {
    const { KeyId } = await createKmsKey(service);
    await callKms(service, 'EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
    const before = await statusOf(KeyId);
    await callKms(service, 'RotateKeyOnDemand', { KeyId });
    expect(await statusOf(KeyId)).toEqual(before);
  });

  test('works 25 times; all ciphertexts open, and pages list all rotations', async () => {
    const { KeyId, Arn } = await createKmsKey(service);
    const ciphertexts = [await encrypt(KeyId)];
    for (let i = 0; i < 25; i++) {
      await callKms(service, 'RotateKeyOnDemand', { KeyId });
      ciphertexts.push(await encrypt(KeyId));
    }
    const refusal = {
      name: 'LimitExceededException',
      message: `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${Arn}`,
    };
    await expectRefused(service, 'RotateKeyOnDemand', { KeyId }, refusal);
    const used: unknown[] = [];
    for (const blob of ciphertexts) used.push((await decrypt(blob))['KeyMaterialId']);
    const listed: unknown[] = [];
    const input = { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' } as const;
    for await (const { Rotations = [] } of paginateListKeyRotations({ client: kms, pageSize: 7 }, input))
      listed.push(...Rotations.map(({ KeyMaterialId }) => KeyMaterialId));
    expect(listed).toEqual(used);
    expect(new Set(used).size).toBe(26);
  });

  test('refuses a key that is rotated automatically within 20 minutes', async () => {
    const { KeyId, Arn, CurrentKeyMaterialId } = await createKmsKey(service);
    const nextRotationAt = new Date(Date.now() + 19 * 60_000);
    await changeKey(service, Arn, { rotationPeriodDays: 90, nextRotationAt });
    await expectRefused(
      service,
      'RotateKeyOnDemand',
      { KeyId },
      {
        name: 'ConflictException',
        message: `An automatic rotation of this key is in progress or scheduled to begin within the next 20 minutes: ${Arn}`,
      },
    );
    expect((await describeKmsKey(service, KeyId)).CurrentKeyMaterialId).toBe(CurrentKeyMaterialId);
    await changeKey(service, Arn, { nextRotationAt: new Date(Date.now() + 21 * 60_000) });
    await callKms(service, 'RotateKeyOnDemand', { KeyId });
  });

  test('of a primary key rotates all related keys, which open each other’s ciphertexts', async () => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    const replica = await addReplica(service, Arn, 'eu-west-1');
    const old = await encrypt(Arn);
    await callKms(service, 'RotateKeyOnDemand', { KeyId: Arn });
    const { CurrentKeyMaterialId } = await describeKmsKey(service, Arn);
    expect((await describeKmsKey(service, replica, EUROPE)).CurrentKeyMaterialId).toBe(CurrentKeyMaterialId);
    const own = await rotations(Arn, 'ALL_KEY_MATERIAL');
    expect(await rotations(replica, 'ALL_KEY_MATERIAL', EUROPE)).toEqual(
      own.map((entry) => ({ ...entry, KeyId: replica })),
    );
    expect(await decrypt(old, EUROPE)).toMatchObject({ Plaintext: 'YQ==', KeyId: replica });
    expect(await decrypt(await encrypt(Arn), EUROPE)).toMatchObject({ KeyMaterialId: CurrentKeyMaterialId });
  });
});

describe('imported material', () => {
  test('is rotated to when it was imported for that, and former material stays', async () => {
    const { KeyId, Arn } = await createKmsKey(service, { Origin: 'EXTERNAL' });
    const first = await addMaterial(service, Arn);
    const old = await encrypt(KeyId);
    const refusal = {
      name: 'KMSInvalidStateException',
      message: `No available key material pending rotation for the key: ${Arn}.`,
    };
    await expectRefused(service, 'RotateKeyOnDemand', { KeyId }, refusal);
    const validTo = new Date(Date.now() + DAY_MS);
    const columns = { state: 'PENDING_ROTATION', description: 'of 2027', isExpiring: true, validTo } as const;
    const second = await addMaterial(service, Arn, columns);
    expect(await rotations(KeyId)).toEqual([]);
    expect((await rotations(KeyId, 'ALL_KEY_MATERIAL'))[1]).toEqual({
      ...{ KeyId: Arn, KeyMaterialId: second, KeyMaterialState: 'PENDING_ROTATION', KeyMaterialDescription: 'of 2027' },
      ...{ ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: validTo.getTime() / 1000 },
    });

    expect(await callKms(service, 'RotateKeyOnDemand', { KeyId })).toEqual({ KeyId: Arn });
    expect(await describeKmsKey(service, KeyId)).toMatchObject({ CurrentKeyMaterialId: second });
    expect(await decrypt(old)).toMatchObject({ Plaintext: 'YQ==', KeyMaterialId: first });
    expect(await rotations(KeyId, 'ALL_KEY_MATERIAL')).toMatchObject([
      { KeyMaterialState: 'NON_CURRENT', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE', ImportState: 'IMPORTED' },
      { KeyMaterialState: 'CURRENT', RotationType: 'ON_DEMAND' },
    ]);
    await expectRefused(service, 'RotateKeyOnDemand', { KeyId }, refusal);
  });

  test('is not rotated to once it has expired', async () => {
    const { KeyId, Arn } = await createKmsKey(service, { Origin: 'EXTERNAL' });
    await addMaterial(service, Arn);
    await addMaterial(service, Arn, { state: 'PENDING_ROTATION', isExpiring: true, validTo: new Date(Date.now() - 1) });
    await expectRefused(
      service,
      'RotateKeyOnDemand',
      { KeyId },
      {
        name: 'KMSInvalidStateException',
        message: `No available key material pending rotation for the key: ${Arn}.`,
      },
    );
    expect((await rotations(KeyId, 'ALL_KEY_MATERIAL'))[1]).toMatchObject({ ImportState: 'PENDING_IMPORT' });
  });
});

describe('refuses', () => {
  const originRefusal = (arn: string) => ({
    name: 'UnsupportedOperationException',
    message: `${arn} origin is EXTERNAL which is not valid for this operation.`,
  });

  test.each(['EnableKeyRotation', 'DisableKeyRotation', 'GetKeyRotationStatus'])(
    '%s of a key of Origin EXTERNAL, with or without its material, even while it is disabled or pending deletion',
    async (operation) => {
      const { KeyId, Arn } = await createKmsKey(service, { Origin: 'EXTERNAL' });
      await expectRefused(service, operation, { KeyId }, originRefusal(Arn));
      await addMaterial(service, Arn);
      for (const before of ['EnableKey', 'DisableKey', 'ScheduleKeyDeletion']) {
        await callKms(service, before, { KeyId });
        await expectRefused(service, operation, { KeyId }, originRefusal(Arn));
      }
    },
  );

  test.each(['EnableKeyRotation', 'DisableKeyRotation', 'RotateKeyOnDemand', 'ListKeyRotations'])(
    '%s of a key that is not a symmetric encryption key, with an empty error message',
    async (operation) => {
      const { KeyId } = await createKmsKey(service, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
      await expectRefused(service, operation, { KeyId }, { name: 'UnsupportedOperationException' });
    },
  );

  test('but not the rotation status of a MAC key: it is false', async () => {
    const { KeyId, Arn } = await createKmsKey(service, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
    expect(await statusOf(KeyId)).toEqual({ KeyId: Arn, KeyRotationEnabled: false });
  });

  test('RotateKeyOnDemand of an RSA key that waits for its material, for its state first', async () => {
    const { KeyId, Arn } = await createKmsKey(service, {
      ...{ Origin: 'EXTERNAL', KeySpec: 'RSA_4096', KeyUsage: 'ENCRYPT_DECRYPT' },
    });
    const message = `${Arn} is pending import.`;
    await expectRefused(service, 'RotateKeyOnDemand', { KeyId }, { name: 'KMSInvalidStateException', message });
  });

  test.each(['EnableKeyRotation', 'DisableKeyRotation', 'RotateKeyOnDemand'])('%s of a replica', async (operation) => {
    const { Arn } = await createKmsKey(service, { MultiRegion: true });
    const replica = await addReplica(service, Arn, 'eu-west-1');
    const message = `${replica} is not a multi-region primary key.`;
    const refusal = { name: 'UnsupportedOperationException', message };
    await expectRefused(service, operation, { KeyId: replica }, refusal, EUROPE);
    expect(await rotations(replica, undefined, EUROPE)).toEqual([]);
  });

  test('a marker of another list', async () => {
    const { KeyId } = await createKmsKey(service);
    for (let i = 0; i < 2; i++) await callKms(service, 'RotateKeyOnDemand', { KeyId });
    const { NextMarker, Truncated } = await callKms(service, 'ListKeyRotations', { KeyId, Limit: 1 });
    expect(Truncated).toBe(true);
    const refusal = {
      name: 'InvalidMarkerException',
      message: 'Marker is invalid: send the NextMarker of the previous page, with the same filters.',
    };
    const { KeyId: other } = await createKmsKey(service);
    await expectRefused(service, 'ListKeyRotations', { KeyId: other, Marker: NextMarker }, refusal);
    const input = { KeyId, Marker: NextMarker, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' };
    await expectRefused(service, 'ListKeyRotations', input, refusal);
    await expectRefused(service, 'ListKeyRotations', { KeyId, Marker: 'x' }, refusal);
  });

  test.each(OPERATIONS)('%s of an alias, and of a key that doesn’t exist', async (operation) => {
    const message = "Invalid keyId 'alias/orders'";
    await expectRefused(service, operation, { KeyId: 'alias/orders' }, { name: 'NotFoundException', message });
    const KeyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
    await expectRefused(
      service,
      operation,
      { KeyId },
      {
        name: 'NotFoundException',
        message: `Key 'arn:aws:kms:us-east-1:000000000000:key/${KeyId}' does not exist`,
      },
    );
  });
});
