import type { EntityManager, EntityTarget, FindOptionsWhere } from 'typeorm';
import type { BoundRow } from './bound.js';

type Where<T> = FindOptionsWhere<T>;

/** Rows that one statement removes: PostgreSQL accepts 65,535 parameters. */
const CHUNK = 1000;

/** Locks bound rows, verifies them, changes some of their columns and computes new MACs. @returns the changed rows */
export async function changeRows<T extends BoundRow>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  where: Where<T>,
  change: Partial<T>,
): Promise<T[]> {
  const rows = await lockRows(manager, entity, where);
  return rows.length === 0 ? [] : manager.save(rows.map((row) => Object.assign(row, change)));
}

/** Locks bound rows, verifies them and removes them. @returns the number of rows */
export async function removeRows<T extends BoundRow>(
  manager: EntityManager,
  entity: EntityTarget<T>,
  where: Where<T>,
): Promise<number> {
  const rows = await lockRows(manager, entity, where);
  if (rows.length > 0) await manager.remove(rows, { chunk: CHUNK });
  return rows.length;
}

function lockRows<T extends BoundRow>(manager: EntityManager, entity: EntityTarget<T>, where: Where<T>): Promise<T[]> {
  return manager.find(entity, { where, lock: { mode: 'pessimistic_write' } });
}
