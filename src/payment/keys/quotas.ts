import type { EntityManager } from 'typeorm';
import { ServiceQuotaExceededException } from '../../errors/exceptions.js';
import type { Scope } from '../../call.js';

/** Any numbers that nothing else in the database locks: "quota" on a telephone's keys, and the next. */
const KEYS_LOCK = 78682;
const ALIASES_LOCK = 78683;

/** What counts: every key but the deleted ones, whose records stay. */
const COUNT_KEYS = `SELECT count(*)::int AS count FROM (SELECT FROM keys WHERE account_id = $1 AND region = $2
  AND state IN ('CREATE_IN_PROGRESS', 'CREATE_COMPLETE', 'DELETE_PENDING') LIMIT $3) AS counted`;
const COUNT_ALIASES = `SELECT count(*)::int AS count FROM (SELECT FROM aliases WHERE account_id = $1 AND region = $2
  LIMIT $3) AS counted`;

/** How much an account may have in a Region; where nothing is set, nothing is counted. */
export class Quotas {
  constructor(private readonly limits: { maxKeys?: number; maxAliases?: number }) {}

  /**
   * To be asked in the transaction that adds keys, after it has added them. Others who add wait from here to its commit:
   * each sees what those before added, so the quota is never exceeded, whichever nodes they are on.
   *
   * @throws ServiceQuotaExceededException
   */
  async checkKeys(manager: EntityManager, scope: Scope): Promise<void> {
    await check(manager, scope, { what: 'keys', lock: KEYS_LOCK, count: COUNT_KEYS, max: this.limits.maxKeys });
  }

  /** Like `checkKeys`, for aliases, which all count. @throws ServiceQuotaExceededException */
  async checkAliases(manager: EntityManager, scope: Scope): Promise<void> {
    const { maxAliases: max } = this.limits;
    await check(manager, scope, { what: 'aliases', lock: ALIASES_LOCK, count: COUNT_ALIASES, max });
  }
}

async function check(
  manager: EntityManager,
  { accountId, region }: Scope,
  { what, lock, count, max }: { what: string; lock: number; count: string; max: number | undefined },
): Promise<void> {
  if (max === undefined) return;
  await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [lock, `${accountId}/${region}`]);
  // A query of its own: it sees what was committed while the lock was waited for.
  const [found] = await manager.query<{ count: number }[]>(count, [accountId, region, max + 1]);
  if (found && found.count > max)
    throw new ServiceQuotaExceededException(
      `This account has the ${max} ${what} in ${region} that its quota allows: delete some, or have the quota raised.`,
    );
}
