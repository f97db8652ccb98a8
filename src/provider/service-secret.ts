import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ServiceSecretRow } from './service-secret.entity.js';
import type { MasterKey } from './master-key.js';
import { aadOf } from './sealed.js';

/** The use of a secret: to authenticate the page tokens of lists, or the audit log. */
export type SecretPurpose = 'page tokens' | 'audit';

/**
 * Returns a secret of the deployment: the same on every node and under every master key, generated on first use.
 *
 * @returns 32 bytes, the caller's to zeroize
 * @throws SealError if the stored secret was changed
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
  // Another node may have stored one meanwhile; both then use the first.
  await manager.transaction((inner) =>
    inner.createQueryBuilder().insert().into(ServiceSecretRow).values({ purpose, sealed }).orIgnore().execute(),
  );
  const stored = await find();
  if (!stored) throw new Error(`The secret for ${purpose} was not stored`);
  return masterKey.open(aadOf(ServiceSecretRow, stored), stored.sealed);
}
