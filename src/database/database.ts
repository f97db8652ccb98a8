import pg from 'pg';
import { DataSource, type EntityManager, MigrationExecutor, type QueryRunner } from 'typeorm';
import { AccessKeyRow } from '../access/access-key.entity.js';
import { PrincipalPolicy } from '../access/principal-policy.entity.js';
import { PrincipalRow } from '../access/principal.entity.js';
import { CertificateAuthority } from '../payment/exchange/certificate-authority.entity.js';
import { ExchangeToken } from '../payment/exchange/exchange-token.entity.js';
import { Alias } from '../payment/keys/alias.entity.js';
import { DefaultReplicationRegion } from '../payment/keys/default-replication-region.entity.js';
import { Key } from '../payment/keys/key.entity.js';
import { MpaTeamAssociation } from '../payment/keys/mpa-team-association.entity.js';
import { Replication } from '../payment/keys/replication.entity.js';
import { PublicKeyCertificate } from '../payment/keys/public-key-certificate.entity.js';
import { ResourcePolicy } from '../payment/keys/resource-policy.entity.js';
import { Tag } from '../payment/keys/tag.entity.js';
import { MasterKeyRow } from '../provider/master-key.entity.js';
import { ServiceSecretRow } from '../provider/service-secret.entity.js';
import { Keys1790000000000 } from './migrations/1790000000000-keys.js';
import { KeyResources1790000000001 } from './migrations/1790000000001-key-resources.js';
import { Replication1790000000002 } from './migrations/1790000000002-replication.js';
import { KeyLists1790000000005 } from './migrations/1790000000005-key-lists.js';
import { KeyExchange1790000000010 } from './migrations/1790000000010-key-exchange.js';
import { KeyAuthorities1790000000012 } from './migrations/1790000000012-key-authorities.js';
import { Access1790000000020 } from './migrations/1790000000020-access.js';
import { ServiceSecrets1790000000030 } from './migrations/1790000000030-service-secrets.js';
import { Audit1790000000040 } from './migrations/1790000000040-audit.js';
import { MasterKeyRotation1790000000060 } from './migrations/1790000000060-master-key-rotation.js';

/** Any number that other users of the same PostgreSQL don't take: "keyblock" on a telephone's keys. */
const MIGRATION_LOCK = 53932562;

/** Longest wait for a connection, and for an answer. */
const TIMEOUT_MS = 10_000;

/** Where the data is: PostgreSQL 14 or newer, or an embedded PGlite in a folder. */
export type Location = { url: string } | { path: string };

/** Opens the database; its schema is not looked at. */
export async function connect(location: Location): Promise<DataSource> {
  const options = {
    type: 'postgres' as const,
    entities: [
      MasterKeyRow,
      ServiceSecretRow,
      Key,
      Alias,
      Tag,
      ResourcePolicy,
      MpaTeamAssociation,
      Replication,
      DefaultReplicationRegion,
      CertificateAuthority,
      ExchangeToken,
      PublicKeyCertificate,
      PrincipalRow,
      PrincipalPolicy,
      AccessKeyRow,
    ],
    migrations: [
      Keys1790000000000,
      KeyResources1790000000001,
      Replication1790000000002,
      KeyLists1790000000005,
      KeyExchange1790000000010,
      KeyAuthorities1790000000012,
      Access1790000000020,
      ServiceSecrets1790000000030,
      Audit1790000000040,
      MasterKeyRotation1790000000060,
    ],
    migrationsTransactionMode: 'all' as const,
  };
  if ('url' in location) {
    return new DataSource({
      ...options,
      url: location.url,
      driver: pg,
      applicationName: 'keyblock',
      poolSize: 10,
      connectTimeoutMS: TIMEOUT_MS,
      extra: {
        query_timeout: TIMEOUT_MS,
        // A node that stands still in a transaction would keep what it locked from all others.
        onConnect: (client: pg.Client) => client.query(`SET idle_in_transaction_session_timeout = ${TIMEOUT_MS}`),
      },
    }).initialize();
  }
  // Loaded where it is used only: it is large.
  const { openPglite, PglitePool } = await import('./pglite-pool.js');
  const pglite = await openPglite(location.path);
  return new DataSource({ ...options, driver: { Pool: PglitePool }, extra: { pglite } }).initialize();
}

/**
 * Brings the schema up to date, one node at a time: others that start meanwhile wait at an advisory lock.
 *
 * @param before runs under the lock before anything changes; what it throws leaves the database as it was
 * @param after  runs under the lock when the schema is up to date
 */
export async function migrate(
  database: DataSource,
  before: (manager: EntityManager) => Promise<void>,
  after: (manager: EntityManager) => Promise<void>,
): Promise<void> {
  const runner = database.createQueryRunner();
  try {
    await lock(runner);
    await before(runner.manager);
    await new MigrationExecutor(database, runner).executePendingMigrations();
    await after(runner.manager);
  } finally {
    await unlock(runner);
    await runner.release();
  }
}

/** Asks until it is free: a query that waited for it would meet the time limit. */
async function lock(runner: QueryRunner): Promise<void> {
  for (;;) {
    const [answer] = await runner.manager.query<{ locked: boolean }[]>('SELECT pg_try_advisory_lock($1) AS locked', [
      MIGRATION_LOCK,
    ]);
    if (answer?.locked) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function unlock(runner: QueryRunner): Promise<void> {
  await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
}
