import type { EntityManager } from 'typeorm';
import type { Scope } from '../../call.js';
import { LOCKS } from '../../database/locks.js';
import { checkQuota } from '../../database/quota.js';
import { LimitExceededException } from '../exceptions.js';

const COUNT_KEYS = `SELECT count(*)::int AS count FROM (SELECT FROM kms_keys WHERE account_id = $1 AND region = $2
  LIMIT $3) AS counted`;

/** The quotas of an account and Region for KMS. See `checkQuota` for when to check them. */
export class KmsQuotas {
  /** @param maxKeys undefined for no limit */
  constructor(private readonly maxKeys: number | undefined) {}

  /** @throws LimitExceededException */
  async checkKeys(manager: EntityManager, scope: Scope): Promise<void> {
    await checkQuota(manager, scope, {
      what: 'KMS keys',
      lock: LOCKS.kmsKeyQuota,
      countSql: COUNT_KEYS,
      max: this.maxKeys,
      Exceeded: LimitExceededException,
    });
  }
}
