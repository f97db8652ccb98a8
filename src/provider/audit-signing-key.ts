import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { auditKeyId, AuditSigningKey, successionOf } from '../audit/signing-key.js';
import { lockTransaction, LOCKS } from '../database/locks.js';
import { AuditSigningKeyRow } from './audit-signing-key.entity.js';
import type { MasterKey } from './master-key.js';
import { aadOf } from './sealed.js';

/**
 * Returns the signing key of the deployment's audit log: the same on every node and under every master key, generated
 * on first use.
 *
 * @throws SealError if the stored key was changed
 */
export async function auditSigningKey(
  manager: EntityManager,
  masterKey: MasterKey,
  now: Date,
): Promise<AuditSigningKey> {
  return (await knownKey(manager, masterKey)) ?? manager.transaction((inner) => firstKey(inner, masterKey, now));
}

/**
 * Generates a new signing key, signed by the current one, whose private key is destroyed. Processes that have loaded
 * the current key use it until they end.
 *
 * @param manager of a transaction
 */
export async function rotateAuditSigningKey(
  manager: EntityManager,
  masterKey: MasterKey,
  now: Date,
): Promise<AuditSigningKey> {
  await lockTransaction(manager, LOCKS.auditSigningKey);
  const present = (await knownKey(manager, masterKey)) ?? (await storeKey(manager, masterKey, now));
  const next = await storeKey(manager, masterKey, now, present);
  await manager.update(AuditSigningKeyRow, { id: present.keyId }, { sealed: null });
  return next;
}

async function firstKey(manager: EntityManager, masterKey: MasterKey, now: Date): Promise<AuditSigningKey> {
  await lockTransaction(manager, LOCKS.auditSigningKey);
  // Another node may have stored one meanwhile.
  return (await knownKey(manager, masterKey)) ?? storeKey(manager, masterKey, now);
}

async function knownKey(manager: EntityManager, masterKey: MasterKey): Promise<AuditSigningKey | undefined> {
  const rows = await manager.find(AuditSigningKeyRow, { order: { number: 'ASC' } });
  const current = rows.at(-1);
  if (!current?.sealed) return undefined;
  const der = masterKey.open(aadOf(AuditSigningKeyRow, current), current.sealed);
  try {
    // Reads only public keys, which are printed and exported.
    const keys = rows.map(({ id, number, publicKey, signature }) => ({ id, number, publicKey, signature }));
    return new AuditSigningKey(keys, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  } finally {
    der.fill(0);
  }
}

/** @param present the key that signs the new one; undefined for the first key */
async function storeKey(
  manager: EntityManager,
  masterKey: MasterKey,
  now: Date,
  present?: AuditSigningKey,
): Promise<AuditSigningKey> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const known = present?.publicKeys() ?? [];
  const key = { id: auditKeyId(spki), number: known.length + 1, publicKey: spki };
  const row = { ...key, signature: present?.sign(successionOf(key)) ?? null };
  const sealed = sealedKey(masterKey, row, privateKey);
  await manager.insert(AuditSigningKeyRow, { ...row, createdAt: now, sealed });
  return new AuditSigningKey([...known, row], privateKey);
}

function sealedKey(masterKey: MasterKey, row: object, privateKey: KeyObject): Buffer {
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const sealed = masterKey.seal(aadOf(AuditSigningKeyRow, row), der);
  der.fill(0);
  return sealed;
}
