import { Alias } from '../../dist/payment/keys/alias.entity.js';
import { keyArn, newId } from '../../dist/payment/keys/arn.js';
import { scheduleDeletion } from '../../dist/payment/keys/key-life-cycle.js';
import { Key } from '../../dist/payment/keys/key.entity.js';
import { generateKey } from '../../dist/payment/keys/key-material.js';
import { Tag } from '../../dist/payment/keys/tag.entity.js';

const BATCH = 1000;
const DAYS = 180;

const IDENTITY = {
  class: 'SYMMETRIC_KEY',
  usage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
  algorithm: 'AES_256',
  modes: { Generate: true, Verify: true },
  deriveKeyUsage: null,
  exportable: false,
  kcvAlgorithm: 'CMAC',
};

/**
 * Fills a store with keys as CreateKey stores them, each with its own sealed material, an alias and a tag. Every
 * hundredth key is pending deletion.
 *
 * @param {import('typeorm').DataSource}                                    database after all migrations
 * @param {import('../../dist/provider/crypto-provider.js').CryptoProvider} provider
 * @param {object}                                                          what
 * @param {string}                                                          what.accountId
 * @param {string}                                                          what.region
 * @param {number}                                                          what.keys number of keys to add
 */
export async function seed(database, provider, { accountId, region, keys }) {
  for (let left = keys; left > 0; left -= BATCH) {
    const batch = await Promise.all(
      Array.from({ length: Math.min(BATCH, left) }, (_, i) => newKey(provider, { accountId, region }, i % 100 === 99)),
    );
    await database.transaction(async (manager) => {
      await manager.insert(Key, batch);
      await manager.insert(
        Alias,
        batch.map(({ arn }) => ({ accountId, region, name: `alias/seed/${arn.slice(-16)}`, keyArn: arn })),
      );
      await manager.insert(
        Tag,
        batch.map(({ arn }) => ({ keyArn: arn, key: 'made-by', value: 'seed' })),
      );
    });
  }
  await database.query('ANALYZE keys, aliases, tags');
}

async function newKey(provider, scope, isPending) {
  const identity = { ...IDENTITY, arn: keyArn(scope, newId()) };
  const now = new Date();
  const key = {
    ...scope,
    ...identity,
    ...(await generateKey(provider, identity)),
    origin: 'AWS_PAYMENT_CRYPTOGRAPHY',
    state: 'CREATE_COMPLETE',
    enabled: true,
    createdAt: now,
    usageStartedAt: now,
    usageStoppedAt: null,
    deletePendingAt: null,
    deletedAt: null,
    primaryRegion: null,
    usingDefaultReplicationRegions: null,
  };
  return isPending ? { ...key, ...scheduleDeletion(key, DAYS, now) } : key;
}
