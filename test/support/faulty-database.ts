import type { DataSource, EntityManager } from 'typeorm';

/**
 * Wraps a database so that transactions, and statements without one, can fail before or after their commit.
 *
 * @param meets gets each of them
 */
export function faultyDatabase(
  database: DataSource,
  meets: (commit: () => Promise<unknown>) => Promise<unknown>,
): DataSource {
  const transaction = (work: (manager: EntityManager) => Promise<unknown>) => meets(() => database.transaction(work));
  const createQueryRunner = () => {
    const runner = database.createQueryRunner();
    const query = runner.query.bind(runner);
    return Object.assign(runner, { query: (...args: Parameters<typeof query>) => meets(() => query(...args)) });
  };
  const wrapped = { transaction: { value: transaction }, createQueryRunner: { value: createQueryRunner } };
  return Object.create(database, wrapped) as DataSource;
}

/** Wraps a database so that the answers to commits can be lost. */
export function lossyDatabase(database: DataSource, isLost: () => boolean): DataSource {
  return faultyDatabase(database, async (commit) => {
    const result = await commit();
    if (isLost()) throw new Error('Connection terminated');
    return result;
  });
}
