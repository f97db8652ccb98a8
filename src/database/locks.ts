import type { DataSource, QueryRunner } from 'typeorm';

/** Advisory locks that a connection holds while it works. The numbers are any that other users of the database don't take. */
export const LOCKS = { migration: 53932562, masterKeyRotation: 53932563 } as const;

const POLL_MS = 50;

/**
 * Runs work on a connection that holds a lock, waiting for whoever has it. It asks repeatedly, because a query that waited
 * would meet the time limit of queries.
 */
export async function withLock(
  database: DataSource,
  lock: number,
  work: (runner: QueryRunner) => void | Promise<void>,
): Promise<void> {
  while (!(await tryWithLock(database, lock, work))) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/**
 * Runs work on a connection that holds a lock, unless another has it.
 *
 * @returns false where another has it, and nothing was done
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
      // Where the connection is lost, this fails too, and what the work met says why.
      await unlock().catch(() => undefined);
      throw error;
    }
    await unlock();
    return true;
  } finally {
    await runner.release();
  }
}
