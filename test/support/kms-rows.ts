import { randomBytes } from 'node:crypto';
import { Changes } from '../../src/changes/changes.js';
import { arnInRegion } from '../../src/kms/keys/key-id.js';
import { newMaterial } from '../../src/kms/materials/new-material.js';
import { KmsKeyRepository, knownOf } from '../../src/kms/keys/kms-key.repository.js';
import { KmsKey } from '../../src/kms/keys/kms-key.entity.js';
import { KmsMaterial } from '../../src/kms/materials/kms-material.entity.js';
import { newStoreId } from '../../src/kms/stores/custom-key-store.repository.js';
import { KmsCustomKeyStore } from '../../src/kms/stores/kms-custom-key-store.entity.js';
import { CryptoProvider } from '../../src/provider/crypto-provider.js';
import type { TestService } from './service.js';

/** Rows of KMS that specs write as the service would. */

/** Gives a multi-Region key a replica. @returns its ARN */
export async function addReplica({ app }: Pick<TestService, 'app'>, primaryArn: string, region: string) {
  const arn = arnInRegion(region, primaryArn);
  await app.get(Changes).ownTransaction(async (manager, changed) => {
    const known = await knownOf(manager, await manager.findOneByOrFail(KmsKey, { arn: primaryArn }));
    const key = manager.create(KmsKey, { ...(known.key as object), arn, region });
    const materials = known.materials.map(({ sequence: _, mac: __, ...material }) => ({ ...material, keyArn: arn }));
    await app.get(KmsKeyRepository, { strict: false }).insert(manager, { key, materials, tags: [] });
    changed(arn);
    changed(primaryArn);
  });
  return arn;
}

/** Gives a key of Origin EXTERNAL a material. @returns the material's id */
export async function addMaterial(
  { app }: Pick<TestService, 'app'>,
  keyArn: string,
  columns: Partial<KmsMaterial> = {},
  clear = randomBytes(32),
): Promise<string> {
  return app.get(Changes).ownTransaction(async (manager, changed) => {
    const key = await manager.findOneByOrFail(KmsKey, { arn: keyArn });
    const material = {
      ...newMaterial(app.get(CryptoProvider), key, { clear, publicKey: null }),
      isExpiring: false,
      ...columns,
    };
    await manager.insert(KmsMaterial, manager.create(KmsMaterial, material));
    changed(keyArn);
    return material.materialId;
  });
}

/** Changes columns of a key. */
export async function changeKey({ app }: Pick<TestService, 'app'>, arn: string, columns: Partial<KmsKey>) {
  await app.get(Changes).ownTransaction(async (manager, changed) => {
    await manager.save(Object.assign(await manager.findOneByOrFail(KmsKey, { arn }), columns));
    changed(arn);
  });
}

/** Deletes the bytes of all materials of a key of Origin EXTERNAL, as DeleteImportedKeyMaterial does. */
export async function removeMaterials({ app }: Pick<TestService, 'app'>, keyArn: string): Promise<void> {
  await app.get(Changes).ownTransaction(async (manager, changed) => {
    const materials = await manager.findBy(KmsMaterial, { keyArn });
    await manager.save(materials.map((material) => Object.assign(material, { sealed: null, isExpiring: null })));
    changed(keyArn);
  });
}

/** Stores a disconnected CloudHSM key store, as CreateCustomKeyStore does where there is a token. */
export async function insertCustomKeyStore({ app }: Pick<TestService, 'app'>): Promise<void> {
  const scope = { accountId: '000000000000', region: 'us-east-1' };
  const store = {
    ...scope,
    id: newStoreId(),
    name: 'hsm',
    type: 'AWS_CLOUDHSM',
    clusterId: 'cluster-234567abcde',
  } as const;
  const state = {
    connectionState: 'DISCONNECTED',
    connectionErrorCode: null,
    workedOnUntil: null,
    failedLogins: 0,
  } as const;
  const proxy = { connectivity: null, uriEndpoint: null, uriPath: null, accessKeyId: null };
  const sealed = app.get(CryptoProvider).seal(KmsCustomKeyStore, store, Buffer.from('a key store password'));
  await app.get(Changes).ownTransaction(async (manager) => {
    const row = { ...store, ...state, ...proxy, trustAnchor: '', createdAt: new Date(), sealed };
    await manager.insert(KmsCustomKeyStore, manager.create(KmsCustomKeyStore, row));
  });
}
