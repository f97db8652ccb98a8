import pg from 'pg';
import { DataSource, type EntityManager, MigrationExecutor } from 'typeorm';
import { AccessKeyRow } from '../access/access-key.entity.js';
import { PrincipalPolicy } from '../access/principal-policy.entity.js';
import { PrincipalRow } from '../access/principal.entity.js';
import { CertificateAuthority } from '../exchange/certificate-authority.entity.js';
import { ExchangeToken } from '../exchange/exchange-token.entity.js';
import { Alias } from '../keys/alias.entity.js';
import { DefaultReplicationRegion } from '../keys/default-replication-region.entity.js';
import { Key } from '../keys/key.entity.js';
import { MpaTeamAssociation } from '../keys/mpa-team-association.entity.js';
import { Replication } from '../keys/replication.entity.js';
import { PublicKeyCertificate } from '../keys/public-key-certificate.entity.js';
import { ResourcePolicy } from '../keys/resource-policy.entity.js';
import { Tag } from '../keys/tag.entity.js';
import { LOCKS, withLock } from './locks.js';
import { MasterKeyRow } from './master-key.entity.js';
import { ServiceSecretRow } from './service-secret.entity.js';
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

/** Longest wait for a connection, and for an answer. */
const TIMEOUT_MS = 10_000;

/** Opens a PostgreSQL database, version 14 or newer; its schema is not looked at. */
export async function connect(url: string): Promise<DataSource> {
  return new DataSource({
    type: 'postgres',
    url,
    driver: pg,
    applicationName: 'keyblock',
    poolSize: 10,
    connectTimeoutMS: TIMEOUT_MS,
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
    migrationsTransactionMode: 'all',
    extra: {
      query_timeout: TIMEOUT_MS,
      // A node that stands still in a transaction would keep what it locked from all others.
      onConnect: (client: pg.Client) => client.query(`SET idle_in_transaction_session_timeout = ${TIMEOUT_MS}`),
    },
  }).initialize();
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
  await withLock(database, LOCKS.migration, async (runner) => {
    await before(runner.manager);
    await new MigrationExecutor(database, runner).executePendingMigrations();
    await after(runner.manager);
  });
}
