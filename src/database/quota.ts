import type { EntityManager } from 'typeorm';
import type { Scope } from '../call.js';
import { lockTransaction } from './locks.js';

/** A limit on what an account may have in a Region. */
export interface Quota {
  /** The plural noun of the limited resource, for the message. */
  what: string;
  /** One of LOCKS. */
  lock: number;
  /** SQL that returns one `count`, given account ($1), Region ($2) and the number to stop counting at ($3). */
  countSql: string;
  /** Undefined for no limit; nothing is counted then. */
  max: number | undefined;
  /** The exception of the API. */
  Exceeded: new (message: string) => Error;
}

/**
 * Checks a quota in the transaction that adds to it, after it has added. Other transactions that add wait from here until it
 * commits, so each counts what those before it added, on whichever node: the quota is never exceeded.
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
  // A separate statement sees what was committed while this transaction waited for the lock.
  const [found] = await manager.query<{ count: number }[]>(countSql, [accountId, region, max + 1]);
  if (found && found.count > max)
    throw new Exceeded(
      `This account has the ${max} ${what} in ${region} that its quota allows: delete some, or have the quota raised.`,
    );
}
