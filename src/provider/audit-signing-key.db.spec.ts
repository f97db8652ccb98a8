import type { DataSource } from 'typeorm';
import { pemOf, TrustedAuditKeys } from '../audit/signing-key.js';
import { connect } from '../database/database.js';
import { newStore, type DatabaseStore } from '../../test/support/database.js';
import { AuditSigningKeyRow } from './audit-signing-key.entity.js';
import { auditSigningKey, rotateAuditSigningKey } from './audit-signing-key.js';
import { storeMasterKeyCheck } from './master-key-check.js';
import { MasterKey, SealError } from './master-key.js';

const NOW = new Date('2026-11-29T00:00:00Z');
const masterKey = new MasterKey(Buffer.alloc(32, 7));
let store: DatabaseStore;
let database: DataSource;
beforeEach(async () => {
  store = await newStore();
  database = await connect(store.env.DATABASE_URL);
  await storeMasterKeyCheck(database.manager, masterKey, NOW);
});
afterEach(async () => {
  await database.destroy();
  await store.remove();
});

test('nodes that need the first key at the same time get the same one', async () => {
  const keys = await Promise.all([1, 2, 3].map(() => auditSigningKey(database.manager, masterKey, NOW)));
  expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(1);
  expect(await database.manager.count(AuditSigningKeyRow)).toBe(1);
});

test('a rotation creates a successor, trusted by whoever trusts the first key, and destroys the old private half', async () => {
  const before = await auditSigningKey(database.manager, masterKey, NOW);
  const rotations = [1, 2].map(() => database.transaction((manager) => rotateAuditSigningKey(manager, masterKey, NOW)));
  await Promise.all(rotations);
  const after = await auditSigningKey(database.manager, masterKey, NOW);
  expect(after.publicKeys().map(({ number }) => number)).toEqual([1, 2, 3]);
  const trusted = new TrustedAuditKeys(pemOf(before.publicKeys()[0]!));
  trusted.accept(after.publicKeys());
  expect(trusted.verifies(after.keyId, Buffer.from('x'), after.sign(Buffer.from('x')))).toBe(true);
  const rows = await database.manager.find(AuditSigningKeyRow, { order: { number: 'ASC' } });
  expect(rows.map(({ sealed }) => sealed !== null)).toEqual([false, false, true]);
});

test('the public view of the keys has nothing of the private half', async () => {
  await auditSigningKey(database.manager, masterKey, NOW);
  const known = await auditSigningKey(database.manager, masterKey, NOW);
  for (const key of known.publicKeys()) expect(Object.keys(key)).toEqual(['id', 'number', 'publicKey', 'signature']);
});

test.each(['public_key', 'number'])('a key whose %s was changed in the database is refused', async (column) => {
  await auditSigningKey(database.manager, masterKey, NOW);
  const value = column === 'number' ? '9' : `set_bit(public_key, 100, 1 - get_bit(public_key, 100))`;
  await database.query(`UPDATE audit_signing_keys SET ${column} = ${value}`);
  await expect(auditSigningKey(database.manager, masterKey, NOW)).rejects.toThrow(SealError);
});
