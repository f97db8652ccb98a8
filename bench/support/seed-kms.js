import { randomBytes } from 'node:crypto';
import { KmsAlias } from '../../dist/kms/aliases/kms-alias.entity.js';
import { KmsGrant } from '../../dist/kms/grants/kms-grant.entity.js';
import { newKey } from '../../dist/kms/keys/create-key.operation.js';
import { KmsKey } from '../../dist/kms/keys/kms-key.entity.js';
import { KmsMaterial } from '../../dist/kms/materials/kms-material.entity.js';
import { newMaterial } from '../../dist/kms/materials/new-material.js';

const BATCH = 1000;

/**
 * Fills a store with KMS keys as CreateKey stores them, each with its own sealed material, an alias and a grant.
 *
 * @param {import('typeorm').DataSource}                                    database after all migrations
 * @param {import('../../dist/provider/crypto-provider.js').CryptoProvider} provider
 * @param {object}                                                          what
 * @param {string}                                                          what.accountId
 * @param {string}                                                          what.region
 * @param {number}                                                          what.keys number of keys to add
 */
export async function seedKms(database, provider, { accountId, region, keys }) {
  for (let left = keys; left > 0; left -= BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, left) }, () => newKey({ accountId, region }, keyInput()));
    await database.transaction(async (manager) => {
      await manager.insert(KmsKey, batch);
      await manager.insert(
        KmsMaterial,
        batch.map((key) => newMaterial(provider, key, { clear: randomBytes(32), publicKey: null })),
      );
      await manager.insert(KmsAlias, batch.map(aliasOf));
      await manager.insert(KmsGrant, batch.map(grantOf));
    });
  }
  await database.query('ANALYZE kms_keys, kms_materials, kms_aliases, kms_grants');
}

function keyInput() {
  return { spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', Description: 'seed', now: new Date() };
}

function aliasOf({ accountId, region, keyId, arn, createdAt }) {
  return { accountId, region, name: `alias/seed/${keyId}`, keyArn: arn, createdAt, updatedAt: createdAt };
}

function grantOf({ accountId, arn, createdAt }) {
  return {
    keyArn: arn,
    grantId: randomBytes(32).toString('hex'),
    name: null,
    granteePrincipal: `arn:aws:iam::${accountId}:user/application`,
    retiringPrincipal: null,
    operations: ['Encrypt', 'Decrypt'],
    constraints: null,
    createdAt,
  };
}
