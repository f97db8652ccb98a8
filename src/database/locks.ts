import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/**
 * PostgreSQL's advisory locks that Keyblock takes. The numbers are arbitrary but final: processes of different versions
 * must agree on them, and triggers in migrations take some of them, too.
 */
export const LOCKS = {
  /** Held by a transaction while it brings the schema or the partitions of the audit log up to date. */
  migration: 53932562,
  /** Held by a connection while it rotates the master key. */
  masterKeyRotation: 53932563,
  /**
   * Shared by the commands that have joined an embedded database; the command that runs the database takes the lock
   * exclusively before it stops the database.
   */
  embeddedDatabase: 53932564,
  /**
   * Shared by transactions that write sealed values (`active_master_key()` in a migration); the start of a rotation
   * takes it exclusively.
   */
  activeMasterKey: 627837539,
  /** Held by a connection while it exports or prunes days of the audit log. */
  auditSegments: 66336734,
  /** Taken to number an audit chain. */
  auditChain: 66336733,
  /**
   * Shared by transactions that add keys (`keys_share_order()` in a migration); a list of keys takes it exclusively.
   */
  keyOrder: 53967337,
  /** With an account and Region: taken to count keys against their quota. */
  keyQuota: 78682,
  /** With an account and Region: taken to count aliases against their quota. */
  aliasQuota: 78683,
  /** With an account and Region: taken to count KMS keys against their quota. */
  kmsKeyQuota: 78684,
  /** With an account and Region: taken to create and change custom key stores. */
  customKeyStores: 78685,
  /** Taken by operators' changes of the XKS proxy's credentials and keys. */
  xksProxy: 78686,
  /** Taken to add a KMS container of CCKM, so that each has its own name. */
  cckmContainers: 53932566,
  /** With the ARN of a KMS key: taken to add its record in CCKM. */
  cckmKey: 78690,
  /** With the ARN of a team: taken to open a session, so that equal calls share one; with that of the rules: to set a guard. */
  approvalSessions: 78693,
  /** Held by a connection while its process verifies the audit chains. */
  auditVerification: 78691,
  /** Taken to generate a signing key of the audit log. */
  auditSigningKey: 78692,
  /** With a random number: taken by a starting process, to check that another connection sees the lock. */
  selfTest: 78694,
} as const;

const POLL_MS = 50;

/**
 * Takes a lock that the transaction holds until it ends, waiting for other holders.
 *
 * @param part limits the lock to a part of the protected data, such as one account; parts whose hashes collide share a
 *             lock
 */
export async function lockTransaction(manager: EntityManager, lock: number, part?: string): Promise<void> {
  if (part === undefined) await manager.query('SELECT pg_advisory_xact_lock($1)', [lock]);
  else await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [lock, part]);
}

/**
 * Runs work in a transaction that holds a lock, waiting for the current holder. It polls, because a query that waited
 * would run into the time limit of queries.
 *
 * @param work may be idle between its queries for up to two minutes
 */
export async function withTransactionLock<T>(
  database: DataSource,
  lock: number,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  for (;;) {
    const runner = database.createQueryRunner();
    try {
      await runner.startTransaction();
      const [answer] = await runner.manager.query<{ locked: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock($1) AS locked',
        [lock],
      );
      if (answer?.locked) {
        await runner.query(`SET LOCAL idle_in_transaction_session_timeout = '2min'`);
        const result = await work(runner);
        await runner.commitTransaction();
        return result;
      }
      await runner.rollbackTransaction();
    } catch (error) {
      // If the connection is lost, the rollback fails too, and the first error is the one to report.
      await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
    await pause(POLL_MS);
  }
}

/**
 * Runs work on a connection that holds a lock, unless another connection holds it.
 *
 * @returns false if another connection holds it, and nothing was done
 */
export async function tryWithLock(
  database: DataSource,
  lock: number,
  work: (runner: QueryRunner) => void | Promise<void>,
): Promise<boolean> {
  const runner = database.createQueryRunner();
  try {
    const [answer] = await runner.manager.query<{ locked: boolean }[]>('SELECT pg_try_advisory_lock($1) AS locked', [
      lock,
    ]);
    if (!answer?.locked) return false;
    const unlock = () => runner.query('SELECT pg_advisory_unlock($1)', [lock]);
    try {
      await work(runner);
    } catch (error) {
      // If the connection is lost, unlocking fails too, and the error of the work is the one to report.
      await unlock().catch(() => undefined);
      throw error;
    }
    await unlock();
    return true;
  } finally {
    await runner.release();
  }
}
