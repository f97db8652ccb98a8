import type { EntityManager } from 'typeorm';
import type { Scope } from '../../call.js';
import { LOCKS } from '../../database/locks.js';
import { checkQuota } from '../../database/quota.js';
import { ServiceQuotaExceededException as Exceeded } from '../../errors/exceptions.js';

/** Every key counts except deleted keys, whose rows remain. */
const COUNT_KEYS = `SELECT count(*)::int AS count FROM (SELECT FROM keys WHERE account_id = $1 AND region = $2
  AND state IN ('CREATE_IN_PROGRESS', 'CREATE_COMPLETE', 'DELETE_PENDING') LIMIT $3) AS counted`;
const COUNT_ALIASES = `SELECT count(*)::int AS count FROM (SELECT FROM aliases WHERE account_id = $1 AND region = $2
  LIMIT $3) AS counted`;

/** The quotas of an account and Region. See `checkQuota` for when to check them. */
export class Quotas {
  constructor(private readonly limits: { maxKeys?: number; maxAliases?: number }) {}

  /** @throws ServiceQuotaExceededException */
  async checkKeys(manager: EntityManager, scope: Scope): Promise<void> {
    const { maxKeys: max } = this.limits;
    await checkQuota(manager, scope, { what: 'keys', lock: LOCKS.keyQuota, countSql: COUNT_KEYS, max, Exceeded });
  }

  /** @throws ServiceQuotaExceededException */
  async checkAliases(manager: EntityManager, scope: Scope): Promise<void> {
    const { maxAliases: max } = this.limits;
    await checkQuota(manager, scope, {
      what: 'aliases',
      lock: LOCKS.aliasQuota,
      countSql: COUNT_ALIASES,
      max,
      Exceeded,
    });
  }
}
