import type { EntityManager } from 'typeorm';
import type { Scope } from '../call.js';
import { lockTransaction } from './locks.js';

/** A limit on the number of resources that an account may have in a Region. */
export interface Quota {
  /** The plural noun of the limited resource, for the message. */
  what: string;
  /** One of LOCKS. */
  lock: number;
  /** SQL that returns one `count`, given account ($1), Region ($2) and the number to stop counting at ($3). */
  countSql: string;
  /** Undefined for no limit, in which case nothing is counted. */
  max: number | undefined;
  /** The exception that the API throws for an exceeded quota. */
  Exceeded: new (message: string) => Error;
}

/**
 * Checks a quota in the transaction that adds a resource, after the resource is added. Other transactions that add one
 * wait from here until this one commits, so each counts what earlier ones added, on whichever node: the quota is never
 * exceeded.
 *
 * @throws the API's exception
 */
export async function checkQuota(
  manager: EntityManager,
  { accountId, region }: Scope,
  { what, lock, countSql, max, Exceeded }: Quota,
): Promise<void> {
  if (max === undefined) return;
  await lockTransaction(manager, lock, `${accountId}/${region}`);
  // A separate statement sees commits made while this transaction waited for the lock.
  const [found] = await manager.query<{ count: number }[]>(countSql, [accountId, region, max + 1]);
  if (found && found.count > max)
    throw new Exceeded(
      `This account has the ${max} ${what} in ${region} that its quota allows: delete some, or have the quota raised.`,
    );
}
