import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ServiceSecretRow } from './service-secret.entity.js';
import type { MasterKey } from './master-key.js';
import { aadOf } from './sealed.js';

/** What the service keeps secrets of its own for. */
export type SecretPurpose = 'page tokens' | 'audit';

/**
 * A secret of the service itself, the same on every node and for as long as the deployment lives, whatever its master key;
 * made the first time.
 *
 * @returns 32 bytes, the caller's
 * @throws SealError where it isn't as it was sealed
 */
export async function serviceSecret(
  manager: EntityManager,
  masterKey: MasterKey,
  purpose: SecretPurpose,
): Promise<Buffer> {
  const find = () => manager.findOneBy(ServiceSecretRow, { purpose });
  const known = await find();
  if (known) return masterKey.open(aadOf(ServiceSecretRow, known), known.sealed);
  const fresh = randomBytes(32);
  const sealed = masterKey.seal(aadOf(ServiceSecretRow, { purpose }), fresh);
  fresh.fill(0);
  // Another node may have been first.
  await manager.transaction((inner) =>
    inner.createQueryBuilder().insert().into(ServiceSecretRow).values({ purpose, sealed }).orIgnore().execute(),
  );
  const stored = await find();
  if (!stored) throw new Error(`The secret for ${purpose} was not stored`);
  return masterKey.open(aadOf(ServiceSecretRow, stored), stored.sealed);
}
