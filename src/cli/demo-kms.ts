import type { EntityManager } from 'typeorm';
import type { Scope } from '../call.js';
import { postQuantumPublicKey } from '../crypto/post-quantum/post-quantum.js';
import { KmsAlias } from '../kms/aliases/kms-alias.entity.js';
import { KMS } from '../kms/api.js';
import { KmsGrant } from '../kms/grants/kms-grant.entity.js';
import { newKey } from '../kms/keys/create-key.operation.js';
import { removeKey } from '../kms/keys/due-keys.js';
import { isMultiRegionId, kmsArn, kmsKeyArn } from '../kms/keys/key-id.js';
import { deletionDateOf } from '../kms/keys/key-life-cycle.js';
import { KmsKey, type NewKmsKey } from '../kms/keys/kms-key.entity.js';
import { knownOf, lockKey } from '../kms/keys/kms-key.repository.js';
import { readImported } from '../kms/materials/imported-material.js';
import { KmsMaterial, type NewKmsMaterial } from '../kms/materials/kms-material.entity.js';
import type { Material } from '../kms/materials/material.js';
import { newMaterial } from '../kms/materials/new-material.js';
import { KmsTag } from '../kms/tags/kms-tag.entity.js';
import { removeRows } from '../provider/changed-rows.js';
import { CryptoProvider } from '../provider/crypto-provider.js';
import { CryptoThread } from '../provider/crypto-thread.js';
import { DEMO_KMS_KEYS, type DemoKmsKey } from './demo-kms-keys.js';
import type { Operator } from './operator.js';

/** Waiting period of the key whose deletion an example cancels: the maximum, so that the example works as long as possible. */
const DELETION_DAYS = 30;
const TAG = { key: 'demo', value: 'public-test-key' };

/** Columns of a key that examples change. */
const CHANGED = [
  'description',
  'enabled',
  'policy',
  'primaryRegion',
  'pendingWindowDays',
  'rotationPeriodDays',
] as const satisfies (keyof KmsKey)[];

/** The rows of a demo key, as they are before an example changes them. */
interface DemoRows {
  key: NewKmsKey;
  materials: readonly NewKmsMaterial[];
  /** Alias names. */
  aliases: readonly string[];
  grantIds: readonly string[];
}

/** Creates the KMS keys of the examples. A changed key is replaced, with everything that belongs to it. */
export async function putKmsKeys(operator: Operator): Promise<void> {
  const { config, database, masterKey, clock } = operator.deployment;
  const { accountId, region } = config;
  const replicaRegion = config.regions.find((other) => other !== region);
  const provider = new CryptoProvider(masterKey);
  const thread = new CryptoThread();
  try {
    for (const demo of DEMO_KMS_KEYS) await put(demo);
  } finally {
    await thread.onApplicationShutdown();
  }

  async function put(demo: DemoKmsKey): Promise<void> {
    const wanted = await rowsOf(demo);
    if (await areStored(database.manager, demo, wanted)) return;
    const [{ key }] = wanted;
    const isNew = !(await database.manager.existsBy(KmsKey, { arn: key.arn }));
    const input = { KeySpec: key.spec, KeyUsage: key.usage, Origin: key.origin };
    const call = operator.call(isNew ? 'CreateKey' : 'RestoreDemoKey', isNew ? input : { KeyId: key.arn }, KMS);
    await operator.changes.transaction(call, async (manager, changed) => {
      await lockKey(manager, key.arn);
      for (const stored of await manager.findBy(KmsKey, keysOf(demo))) {
        changed(stored.arn);
        await removeKey(manager, stored);
      }
      for (const rows of wanted) {
        await insert(manager, rows);
        changed(rows.key.arn);
        for (const name of rows.aliases) changed(kmsArn({ ...scopeOf(rows), resource: name }));
      }
      call.record.uses(key.arn);
    });
  }

  /** Identifies the stored keys of a demo key: the related keys of a multi-Region key have the same id. */
  function keysOf({ keyId }: DemoKmsKey) {
    return { accountId, keyId, ...(!isMultiRegionId(keyId) && { region }) };
  }

  async function areStored(manager: EntityManager, demo: DemoKmsKey, wanted: readonly DemoRows[]): Promise<boolean> {
    const stored = await manager.findBy(KmsKey, keysOf(demo));
    const same = wanted.map(async (rows) => {
      const key = stored.find(({ arn }) => arn === rows.key.arn);
      return key !== undefined && (await isStored(manager, key, rows));
    });
    return stored.length === wanted.length && (await Promise.all(same)).every(Boolean);
  }

  /** Returns the rows of a key, and of its replica if it has one and the deployment has a Region for it. */
  async function rowsOf(demo: DemoKmsKey): Promise<[DemoRows, ...DemoRows[]]> {
    const primary = await rowsIn(region, demo);
    if (!demo.isReplicated || replicaRegion === undefined) return [primary];
    const replica = await rowsIn(replicaRegion, demo);
    return [primary, { ...replica, key: { ...replica.key, primaryRegion: region }, aliases: [] }];
  }

  async function rowsIn(keyRegion: string, demo: DemoKmsKey): Promise<DemoRows> {
    const { keyId, spec, usage, origin, state, aliases, grantIds = [] } = demo;
    const scope = { accountId, region: keyRegion };
    const now = clock.now();
    const isPending = state === 'pending';
    const made = await materialOf(demo, thread);
    const key = {
      ...newKey(scope, { spec, usage, now, Origin: origin, MultiRegion: isMultiRegionId(keyId) }),
      keyId,
      arn: kmsKeyArn(scope, keyId),
      enabled: state !== 'disabled',
      pendingWindowDays: isPending ? DELETION_DAYS : null,
      deletionDate: isPending ? deletionDateOf(now, DELETION_DAYS) : null,
      publicKey: made?.publicKey ?? null,
    };
    const imported = origin === 'EXTERNAL' ? { isExpiring: false } : {};
    const materials = made ? [{ ...newMaterial(provider, key, made), ...imported }] : [];
    return { key, materials, aliases, grantIds };
  }

  async function insert(manager: EntityManager, { key, materials, aliases, grantIds }: DemoRows): Promise<void> {
    const { arn: keyArn, createdAt } = key;
    await manager.insert(KmsKey, manager.create(KmsKey, key));
    for (const material of materials) await manager.insert(KmsMaterial, manager.create(KmsMaterial, material));
    await manager.insert(KmsTag, manager.create(KmsTag, { keyArn, ...TAG }));
    for (const name of aliases) {
      const id = { accountId, region: key.region, name };
      await removeRows(manager, KmsAlias, id);
      await manager.insert(KmsAlias, manager.create(KmsAlias, { ...id, keyArn, createdAt, updatedAt: createdAt }));
    }
    const principal = `arn:aws:iam::${accountId}:user/line-3`;
    for (const grantId of grantIds) {
      const grant = { keyArn, grantId, name: null, granteePrincipal: principal, retiringPrincipal: principal };
      const rights = { operations: ['Encrypt', 'Decrypt'], constraints: null, createdAt };
      await manager.insert(KmsGrant, manager.create(KmsGrant, { ...grant, ...rights }));
    }
  }
}

function scopeOf({ key: { accountId, region } }: DemoRows): Scope {
  return { accountId, region };
}

/** True if a stored key and everything that belongs to it is unchanged. */
async function isStored(manager: EntityManager, key: KmsKey, wanted: DemoRows): Promise<boolean> {
  const { materials, aliases, tags } = await knownOf(manager, key);
  const grants = await manager.findBy(KmsGrant, { keyArn: key.arn });
  const present = materials.map(({ materialId, sealed }) => sealed !== null && materialId);
  return (
    CHANGED.every((column) => key[column] === wanted.key[column]) &&
    isSame(
      present,
      wanted.materials.map(({ materialId }) => materialId),
    ) &&
    isSame(aliases, wanted.aliases) &&
    isSame(tags, [TAG]) &&
    isSame(
      grants.map(({ grantId }) => grantId),
      wanted.grantIds,
    )
  );
}

/** True if two lists have the same members, in any order. */
function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  const sorted = (list: readonly unknown[]) => JSON.stringify(list.map((each) => JSON.stringify(each)).sort());
  return sorted(a) === sorted(b);
}

function materialOf({ spec, clear }: DemoKmsKey, thread: CryptoThread): Material | Promise<Material> | undefined {
  if (clear === undefined) return undefined;
  return spec === 'ML_KEM_512'
    ? { clear, publicKey: postQuantumPublicKey(spec, clear) }
    : readImported(spec, clear, thread);
}
