import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { KmsExpiryWorker } from '../../../src/kms/import/kms-expiry.worker.js';
import { useService } from '../../support/api.js';
import { importMaterial, importOf, parametersFor } from '../../support/kms-import.js';
import { callKms, createKmsKey, describeKmsKey, expectRefused } from '../../support/kms.js';
import { advanceConfirmed } from '../../support/service.js';

const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });
const HOUR_S = 3600;
const DAY_MS = 86_400_000;
const EUROPE = { region: 'eu-west-1' };
const WRONG = { name: 'IncorrectKeyMaterialException' };

const external = (members = {}) => createKmsKey(service, { Origin: 'EXTERNAL', ...members });
const stateOf = async (KeyId: string, request = {}) => (await describeKmsKey(service, KeyId, request)).KeyState;
const encrypt = async (KeyId: string, request = {}) =>
  (await callKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' }, request))['CiphertextBlob'];
const decrypt = (CiphertextBlob: unknown, request = {}) => callKms(service, 'Decrypt', { CiphertextBlob }, request);
const materialsOf = async (KeyId: string, request = {}) =>
  (await callKms(service, 'ListKeyRotations', { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }, request))[
    'Rotations'
  ] as Record<string, unknown>[];
const nowS = () => service.clock.now().getTime() / 1000;
const NEW = { ImportType: 'NEW_KEY_MATERIAL' };
const EXISTING = { ImportType: 'EXISTING_KEY_MATERIAL' };
const pendingImport = (arn: string) => ({ name: 'KMSInvalidStateException', message: `${arn} is pending import.` });

describe('an import token', () => {
  const invalid = { name: 'InvalidImportTokenException' };

  test('can be used several times, and two are valid at the same time', async () => {
    const { KeyId } = await external();
    const material = randomBytes(32);
    const [one, other] = [await parametersFor(service, KeyId), await parametersFor(service, KeyId)];
    for (const parameters of [other, one, other])
      await callKms(service, 'ImportKeyMaterial', { KeyId, ...importOf(parameters, material) });
    const mixed = { ...importOf(one, material), ImportToken: other.ImportToken };
    await expectRefused(service, 'ImportKeyMaterial', { KeyId, ...mixed }, { name: 'InvalidCiphertextException' });
  });

  test('of another key, altered or cut is refused', async () => {
    const [{ KeyId }, other] = [await external(), await external()];
    const given = importOf(await parametersFor(service, KeyId), randomBytes(32));
    const token = Buffer.from(given.ImportToken, 'base64');
    const altered = [0, 33, 45, 80].map((i) => Buffer.from(token.map((byte, at) => (at === i ? byte ^ 1 : byte))));
    const tokens = [...altered, token.subarray(1), Buffer.concat([token, Buffer.alloc(1)]), Buffer.from('a')];
    await expectRefused(service, 'ImportKeyMaterial', { KeyId: other.KeyId, ...given }, invalid);
    for (const each of tokens)
      await expectRefused(
        service,
        'ImportKeyMaterial',
        { KeyId, ...given, ImportToken: each.toString('base64') },
        invalid,
      );
    expect([await stateOf(KeyId), await stateOf(other.KeyId)]).toEqual(['PendingImport', 'PendingImport']);
  });

  test('ends after 24 hours, and its wrapping key is erased', async () => {
    const { KeyId, Arn } = await external();
    const given = importOf(await parametersFor(service, KeyId), randomBytes(32));
    await advanceConfirmed(service, DAY_MS);
    const expired = { name: 'ExpiredImportTokenException' };
    await expectRefused(service, 'ImportKeyMaterial', { KeyId, ...given }, expired);
    await service.app.get(KmsExpiryWorker, { strict: false }).doDue(service.clock.now());
    const sql = 'SELECT FROM kms_wrapping_keys WHERE key_arn = $1';
    expect(await service.app.get(DataSource).query(sql, [Arn])).toEqual([]);
    await expectRefused(service, 'ImportKeyMaterial', { KeyId, ...given }, expired);
  });
});

describe('expiry', () => {
  const invalid = (message: string) => ({ name: 'ValidationException', message });
  const EXPIRES = { ExpirationModel: 'KEY_MATERIAL_EXPIRES' };

  test.each<[string, () => object, string]>([
    ['no ValidTo', () => EXPIRES, 'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES'],
    [
      'neither ExpirationModel nor ValidTo',
      () => ({ ExpirationModel: undefined }),
      'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
    ],
    [
      'ValidTo without expiry',
      () => ({ ValidTo: nowS() + HOUR_S }),
      'A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE',
    ],
    ['a past date', () => ({ ...EXPIRES, ValidTo: nowS() - 1 }), 'ValidTo must be in the future'],
    [
      'more than 365 days',
      () => ({ ...EXPIRES, ValidTo: nowS() + 365 * 86_400 + 60 }),
      'ValidTo must be at most 365 days in the future',
    ],
    ['no date at all', () => ({ ...EXPIRES, ValidTo: 1e300 }), 'ValidTo must be at most 365 days in the future'],
  ])('refuses %s', async (_, members, message) => {
    const { KeyId } = await external();
    const given = importOf(await parametersFor(service, KeyId), randomBytes(32));
    await expectRefused(service, 'ImportKeyMaterial', { KeyId, ...given, ...members() }, invalid(message));
    expect(await stateOf(KeyId)).toBe('PendingImport');
  });

  test('makes the key unusable at once; the same material restores it, enabled', async () => {
    const { KeyId, Arn } = await external();
    const material = randomBytes(32);
    const ValidTo = Math.floor(nowS()) + HOUR_S;
    const id = await importMaterial(service, KeyId, material, { ...EXPIRES, ValidTo });
    expect(await describeKmsKey(service, KeyId)).toMatchObject({ ...EXPIRES, ValidTo, CurrentKeyMaterialId: id });
    const ciphertext = await encrypt(KeyId);
    await callKms(service, 'DisableKey', { KeyId });
    await advanceConfirmed(service, HOUR_S * 1000);
    await expectRefused(service, 'Decrypt', { CiphertextBlob: ciphertext }, pendingImport(Arn));

    await service.app.get(KmsExpiryWorker, { strict: false }).doDue(service.clock.now());
    const sql = 'SELECT sealed, valid_to FROM kms_materials WHERE key_arn = $1';
    expect(await service.app.get(DataSource).query(sql, [Arn])).toEqual([{ sealed: null, valid_to: null }]);
    const metadata = await describeKmsKey(service, KeyId);
    expect(metadata).toMatchObject({ KeyState: 'PendingImport', CurrentKeyMaterialId: id });
    expect(metadata).not.toHaveProperty('ExpirationModel');

    expect(await importMaterial(service, KeyId, material)).toBe(id);
    expect(await stateOf(KeyId)).toBe('Enabled');
    await decrypt(ciphertext);
  });

  test('is changed by a further import, and nothing is erased before its time', async () => {
    const { KeyId } = await external();
    const material = randomBytes(32);
    await importMaterial(service, KeyId, material, { ...EXPIRES, ValidTo: nowS() + HOUR_S });
    await importMaterial(service, KeyId, material);
    await service.app.get(KmsExpiryWorker, { strict: false }).doDue(new Date(service.clock.now().getTime() + DAY_MS));
    expect(await describeKmsKey(service, KeyId)).toMatchObject({
      ...{ KeyState: 'Enabled', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
    });
  });
});

test('deleted material makes the key unusable until the same is imported again', async () => {
  const { KeyId, Arn } = await external();
  expect(await callKms(service, 'DeleteImportedKeyMaterial', { KeyId })).toEqual({ KeyId: Arn });
  const material = randomBytes(32);
  const id = await importMaterial(service, KeyId, material, { KeyMaterialDescription: 'first' });
  const ciphertext = await encrypt(KeyId);
  for (let i = 0; i < 2; i++)
    expect(await callKms(service, 'DeleteImportedKeyMaterial', { KeyId })).toEqual({ KeyId: Arn, KeyMaterialId: id });
  await expectRefused(service, 'Decrypt', { CiphertextBlob: ciphertext }, pendingImport(Arn));
  const given = importOf(await parametersFor(service, KeyId), randomBytes(32));
  await expectRefused(service, 'ImportKeyMaterial', { KeyId, ...given }, WRONG);
  expect(await importMaterial(service, KeyId, material, { KeyMaterialId: id })).toBe(id);
  await decrypt(ciphertext);
  expect(await materialsOf(KeyId)).toMatchObject([{ KeyMaterialDescription: 'first', ImportState: 'IMPORTED' }]);
  await expectRefused(
    service,
    'DeleteImportedKeyMaterial',
    { KeyId, KeyMaterialId: '0'.repeat(64) },
    { name: 'NotFoundException', message: `Key material '${'0'.repeat(64)}' does not exist in ${Arn}` },
  );
});

test('a key that is not symmetric has one material forever', async () => {
  const { KeyId } = await external({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  await importMaterial(service, KeyId, randomBytes(32));
  const given = importOf(await parametersFor(service, KeyId), randomBytes(32));
  await expectRefused(service, 'ImportKeyMaterial', { KeyId, ...given }, WRONG);
  for (const members of [NEW, { KeyMaterialDescription: 'a' }, { KeyMaterialId: 'a'.repeat(64) }])
    await expectRefused(
      service,
      'ImportKeyMaterial',
      { KeyId, ...given, ...members },
      {
        name: 'ValidationException',
        message: `${Object.keys(members)[0]} is only valid for symmetric encryption keys: leave it out.`,
      },
    );
});

test('a further material waits for its rotation; former ones still decrypt, and none may be missing', async () => {
  const { KeyId, Arn } = await external();
  const materials = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;
  const first = await importMaterial(service, KeyId, materials[0], NEW);
  const old = await encrypt(KeyId);
  const second = await importMaterial(service, KeyId, materials[1], NEW);
  expect((await materialsOf(KeyId)).map((each) => each['KeyMaterialState'])).toEqual(['CURRENT', 'PENDING_ROTATION']);
  expect(await describeKmsKey(service, KeyId)).toMatchObject({ CurrentKeyMaterialId: first });

  const third = await parametersFor(service, KeyId);
  const input = { KeyId, ...importOf(third, materials[2]), ...NEW };
  const { json } = await service.send({
    service: 'kms',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.ImportKeyMaterial' },
    body: JSON.stringify(input),
  });
  const id = /id: ([0-9a-f]{64})/.exec(String(json['message']))?.[1];
  expect(json).toEqual({
    __type: 'KMSInvalidStateException',
    message: `New key material (id: ${id}) cannot be imported into KMS key ${Arn}, because another key material (id: ${second}) is pending rotation.`,
  });
  await expectRefused(service, 'ImportKeyMaterial', { ...input, ...importOf(third, materials[0]) }, WRONG);
  const named = { ...input, ...importOf(third, materials[0]), ...EXISTING, KeyMaterialId: second };
  await expectRefused(service, 'ImportKeyMaterial', named, WRONG);
  await expectRefused(
    service,
    'ImportKeyMaterial',
    { ...input, KeyMaterialId: second },
    {
      name: 'ValidationException',
      message: 'KeyMaterialId must not be set if the ImportType is NEW_KEY_MATERIAL',
    },
  );

  await callKms(service, 'DeleteImportedKeyMaterial', { KeyId, KeyMaterialId: second });
  expect([await stateOf(KeyId), (await materialsOf(KeyId)).length]).toEqual(['Enabled', 1]);
  await importMaterial(service, KeyId, materials[1], NEW);
  await callKms(service, 'RotateKeyOnDemand', { KeyId });
  expect(await decrypt(old)).toMatchObject({ KeyMaterialId: first });
  expect(await decrypt(await encrypt(KeyId))).toMatchObject({ KeyMaterialId: second });

  await callKms(service, 'DeleteImportedKeyMaterial', { KeyId, KeyMaterialId: first });
  await expectRefused(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' }, pendingImport(Arn));
  await importMaterial(service, KeyId, materials[0]);
  expect(await stateOf(KeyId)).toBe('Enabled');
});

test('new material of a multi-Region key is imported into the primary key, then into its replicas, and then rotated', async () => {
  const { KeyId, Arn } = await external({ MultiRegion: true });
  const [one, two] = [randomBytes(32), randomBytes(32)];
  await importMaterial(service, KeyId, one);
  const old = await encrypt(KeyId);
  await callKms(service, 'ReplicateKey', { KeyId, ReplicaRegion: 'eu-west-1' });
  service.clock.advance(2000);
  const replica = Arn.replace('us-east-1', 'eu-west-1');
  expect(await stateOf(KeyId, EUROPE)).toBe('PendingImport');
  await importMaterial(service, KeyId, one, {}, 'eu-west-1');
  await decrypt(old, EUROPE);

  const given = importOf(await parametersFor(service, KeyId, EUROPE), two);
  await expectRefused(
    service,
    'ImportKeyMaterial',
    { KeyId, ...given, ...NEW },
    { name: 'UnsupportedOperationException', message: `${replica} is not a multi-region primary key.` },
    EUROPE,
  );
  await expectRefused(service, 'ImportKeyMaterial', { KeyId, ...given }, WRONG, EUROPE);
  const id = await importMaterial(service, KeyId, two, NEW);
  const pending = async () => (await materialsOf(KeyId))[1]?.['KeyMaterialState'];
  expect(await pending()).toBe('PENDING_MULTI_REGION_IMPORT_AND_ROTATION');
  await expectRefused(
    service,
    'RotateKeyOnDemand',
    { KeyId },
    {
      name: 'KMSInvalidStateException',
      message: `No available key material pending rotation for the key: ${Arn}.`,
    },
  );
  await callKms(service, 'ImportKeyMaterial', { KeyId, ...given, ...EXISTING }, EUROPE);
  expect(await pending()).toBe('PENDING_ROTATION');
  await callKms(service, 'RotateKeyOnDemand', { KeyId });
  expect(await decrypt(await encrypt(KeyId), EUROPE)).toMatchObject({ KeyMaterialId: id });
});
