import { randomBytes } from 'node:crypto';
import { KmsExpiryWorker } from '../../../src/kms/import/kms-expiry.worker.js';
import { KmsDeletionWorker } from '../../../src/kms/keys/kms-deletion.worker.js';
import { useService } from '../../support/api.js';
import { callKms, createKmsKey, describeKmsKey, expectRefused } from '../../support/kms.js';
import { importMaterial, importOf, parametersFor } from '../../support/kms-import.js';
import { TestClock, advanceConfirmed } from '../../support/service.js';

const [HOME, EUROPE, ASIA] = ['us-east-1', 'eu-west-1', 'ap-south-1'] as const;
const clock = new TestClock();
const service = useService({ KEYBLOCK_REGIONS: [HOME, EUROPE, ASIA].join() }, clock);

const NEW = { ImportType: 'NEW_KEY_MATERIAL' };
const EXISTING = { ImportType: 'EXISTING_KEY_MATERIAL' };
type Region = typeof HOME | typeof EUROPE | typeof ASIA;

const call = (region: Region, operation: string, input: object) => callKms(service, operation, input, { region });
const importIn = (region: Region, KeyId: string, material: Buffer, input: object = {}) =>
  importMaterial(service, KeyId, material, input, region);
async function isUnknownIn(region: Region, KeyId: string, material: Buffer): Promise<void> {
  const input = { KeyId, ...importOf(await parametersFor(service, KeyId, { region }), material) };
  await expectRefused(service, 'ImportKeyMaterial', input, { name: 'IncorrectKeyMaterialException' }, { region });
}
const stateIn = async (region: Region, KeyId: string) => (await describeKmsKey(service, KeyId, { region })).KeyState;

interface Entry {
  KeyMaterialState: string;
  ImportState: string;
}
async function materialsIn(region: Region, KeyId: string): Promise<string[]> {
  const { Rotations } = await call(region, 'ListKeyRotations', { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' });
  return (Rotations as Entry[]).map(({ KeyMaterialState, ImportState }) => `${KeyMaterialState} ${ImportState}`);
}

async function replicate(KeyId: string, ReplicaRegion: Region): Promise<void> {
  await call(HOME, 'ReplicateKey', { KeyId, ReplicaRegion });
  clock.advance(2000);
}

/** Creates a primary key with a material. @returns its id */
async function newPrimary(material: Buffer, input: object = {}): Promise<string> {
  const { KeyId } = await createKmsKey(service, { Origin: 'EXTERNAL', MultiRegion: true, ...input });
  await importIn(HOME, KeyId, material);
  return KeyId;
}

const Plaintext = Buffer.from('orders').toString('base64');

test('a new material waits until every replica has imported it, and is then rotated in all Regions', async () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const KeyId = await newPrimary(first);
  for (const region of [EUROPE, ASIA] as const) {
    await replicate(KeyId, region);
    await importIn(region, KeyId, first);
  }
  await importIn(HOME, KeyId, second, NEW);
  const waiting = 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION';
  expect(await materialsIn(HOME, KeyId)).toEqual(['CURRENT IMPORTED', `${waiting} IMPORTED`]);
  expect(await materialsIn(EUROPE, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_ROTATION PENDING_IMPORT']);
  const arn = (await describeKmsKey(service, KeyId)).Arn;
  const none = `No available key material pending rotation for the key: ${arn}.`;
  const refusal = { name: 'KMSInvalidStateException', message: none };
  await importIn(EUROPE, KeyId, second, EXISTING);
  await expectRefused(service, 'RotateKeyOnDemand', { KeyId }, refusal);
  await importIn(ASIA, KeyId, second);
  for (const region of [HOME, EUROPE, ASIA] as const)
    expect(await materialsIn(region, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_ROTATION IMPORTED']);

  const { CiphertextBlob: old } = await call(HOME, 'Encrypt', { KeyId, Plaintext });
  await call(HOME, 'RotateKeyOnDemand', { KeyId });
  const { CiphertextBlob: fresh } = await call(ASIA, 'Encrypt', { KeyId, Plaintext });
  for (const CiphertextBlob of [old, fresh])
    expect(await call(EUROPE, 'Decrypt', { CiphertextBlob })).toMatchObject({ Plaintext });
});

test('a replica that is made or deleted while a material waits decides whether the material can be rotated', async () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const KeyId = await newPrimary(first);
  await importIn(HOME, KeyId, second, NEW);
  expect(await materialsIn(HOME, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_ROTATION IMPORTED']);
  await replicate(KeyId, EUROPE);
  const waiting = 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION';
  expect(await materialsIn(HOME, KeyId)).toEqual(['CURRENT IMPORTED', `${waiting} IMPORTED`]);
  await importIn(EUROPE, KeyId, first);
  expect(await stateIn(EUROPE, KeyId)).toBe('Enabled');

  await call(EUROPE, 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
  const due = new Date(clock.now().getTime() + 8 * 86_400_000);
  await service.app.get(KmsDeletionWorker, { strict: false }).doDue(due);
  expect(await materialsIn(HOME, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_ROTATION IMPORTED']);
});

test('deleting a waiting material removes it everywhere if done on the primary key, and otherwise only where it is done', async () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const KeyId = await newPrimary(first);
  await replicate(KeyId, EUROPE);
  await importIn(EUROPE, KeyId, first);
  const KeyMaterialId = await importIn(HOME, KeyId, second, NEW);
  await importIn(EUROPE, KeyId, second);
  await call(EUROPE, 'DeleteImportedKeyMaterial', { KeyId, KeyMaterialId });
  expect(await materialsIn(EUROPE, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_ROTATION PENDING_IMPORT']);
  expect(await materialsIn(HOME, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_ROTATION IMPORTED']);
  await importIn(EUROPE, KeyId, second);
  await call(HOME, 'DeleteImportedKeyMaterial', { KeyId, KeyMaterialId });
  for (const region of [HOME, EUROPE] as const) expect(await materialsIn(region, KeyId)).toEqual(['CURRENT IMPORTED']);
  await isUnknownIn(EUROPE, KeyId, second);

  await call(EUROPE, 'DeleteImportedKeyMaterial', { KeyId });
  expect([await stateIn(HOME, KeyId), await stateIn(EUROPE, KeyId)]).toEqual(['Enabled', 'PendingImport']);
});

test('expiry applies in each Region separately, and a waiting material of the primary key expires everywhere', async () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const KeyId = await newPrimary(first);
  await replicate(KeyId, EUROPE);
  const at = (milliseconds: number) => ({
    ExpirationModel: 'KEY_MATERIAL_EXPIRES',
    ValidTo: (clock.now().getTime() + milliseconds) / 1000,
  });
  await importIn(EUROPE, KeyId, first, at(60_000));
  await importIn(HOME, KeyId, second, { ...NEW, ...at(120_000) });
  await importIn(EUROPE, KeyId, second, at(3_600_000));
  await advanceConfirmed(service, 61_000);
  expect([await stateIn(HOME, KeyId), await stateIn(EUROPE, KeyId)]).toEqual(['Enabled', 'PendingImport']);
  await importIn(EUROPE, KeyId, first);
  expect(await stateIn(EUROPE, KeyId)).toBe('Enabled');
  await advanceConfirmed(service, 60_000);
  await service.app.get(KmsExpiryWorker, { strict: false }).doDue(clock.now());
  for (const region of [HOME, EUROPE] as const) expect(await materialsIn(region, KeyId)).toEqual(['CURRENT IMPORTED']);
  await isUnknownIn(EUROPE, KeyId, second);
});
