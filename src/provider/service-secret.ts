import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { ServiceSecretRow } from './service-secret.entity.js';
import type { MasterKey } from './master-key.js';
import { aadOf } from './sealed.js';

/**
 * The use of a secret: to authenticate the page tokens of lists, the tokens of grants, of imports and of CCKM, the audit log or
 * the rows of the database, or to hash account numbers.
 */
export type SecretPurpose =
  'page tokens' | 'grant tokens' | 'import tokens' | 'cckm tokens' | 'audit' | 'account numbers' | 'bound rows';

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
  const known = await knownSecret(manager, masterKey, purpose);
  if (known) return known;
  const fresh = randomBytes(32);
  const sealed = masterKey.seal(aadOf(ServiceSecretRow, { purpose }), fresh);
  fresh.fill(0);
  // Another node may have stored one meanwhile; both then use the first.
  await manager.transaction((inner) =>
    inner.createQueryBuilder().insert().into(ServiceSecretRow).values({ purpose, sealed }).orIgnore().execute(),
  );
  const stored = await knownSecret(manager, masterKey, purpose);
  if (!stored) throw new Error(`The secret for ${purpose} was not stored`);
  return stored;
}

/** Does the same as `serviceSecret`, but returns undefined if the deployment doesn't have the secret. */
export async function knownSecret(
  manager: EntityManager,
  masterKey: MasterKey,
  purpose: SecretPurpose,
): Promise<Buffer | undefined> {
  const row = await manager.findOneBy(ServiceSecretRow, { purpose });
  return row ? masterKey.open(aadOf(ServiceSecretRow, row), row.sealed) : undefined;
}
