import type { DataSource } from 'typeorm';
import { newStore, type DatabaseStore } from '../../test/support/database.js';
import { connect, migrate } from './database.js';

let store: DatabaseStore;
let database: DataSource;
const nothing = () => Promise.resolve();

beforeAll(async () => {
  store = await newStore({ schema: 'none' });
  database = await connect(store.env.DATABASE_URL);
}, 60_000);
afterAll(async () => {
  await database.destroy();
  await store.remove();
});

test('of nodes that start at the same time, one migrates while the others wait', async () => {
  const nodes = await Promise.all([1, 2, 3].map(() => connect(store.env.DATABASE_URL)));
  let inside = 0;
  const exclusive = async () => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside--;
  };
  await Promise.all([database, database, ...nodes].map((node) => migrate(node, exclusive, exclusive)));
  const applied = await database.query<{ count: string }[]>('SELECT count(*) FROM migrations');
  expect(applied[0]?.count).toBe(String(database.migrations.length));
  for (const node of nodes) await node.destroy();
});

test('an error before the migrations leaves the database as it was', async () => {
  const refused = migrate(database, () => Promise.reject(new Error('not this one')), nothing);
  await expect(refused).rejects.toThrow('not this one');
  // The lock is free again.
  await migrate(database, nothing, nothing);
});

test('the entities and the migrations agree', async () => {
  await migrate(database, nothing, nothing);
  const { upQueries } = await database.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

test('a migration can be reverted and run again', async () => {
  await migrate(database, nothing, nothing);
  await database.undoLastMigration();
  await migrate(database, nothing, nothing);
  expect(await database.query('SELECT * FROM keys')).toEqual([]);
});

describe('transactions that run at once', () => {
  beforeAll(async () => {
    await database.query(
      'CREATE TABLE ledger (id int PRIMARY KEY, part int NOT NULL, amount bigint NOT NULL, bytes bytea)',
    );
  });

  test('never interleave: a rollback leaves nothing, and a commit everything', async () => {
    const transfer = (id: number) =>
      database.transaction(async (manager) => {
        for (const part of [0, 1, 2]) {
          await manager.query('INSERT INTO ledger VALUES ($1, $2, $3, NULL)', [3 * id + part, part, id]);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
        }
        if (id % 2 === 1) throw new Error('rolled back');
      });
    const results = await Promise.allSettled(Array.from({ length: 60 }, (_, id) => transfer(id)));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(30);

    const rows = await database.query<{ id: number; amount: string }[]>('SELECT id, amount FROM ledger ORDER BY id');
    const expected = Array.from({ length: 60 }, (_, id) => id)
      .filter((id) => id % 2 === 0)
      .flatMap((id) => [0, 1, 2].map((part) => ({ id: 3 * id + part, amount: String(id) })));
    expect(rows).toEqual(expected);
  });

  test('an SQL error ends its own transaction only', async () => {
    const twice = database.transaction(async (manager) => {
      await manager.query('INSERT INTO ledger VALUES (1000, 0, 0, NULL)');
      await manager.query('INSERT INTO ledger VALUES (1000, 0, 0, NULL)');
    });
    await expect(twice).rejects.toThrow(/duplicate key/);
    expect(await database.query('SELECT * FROM ledger WHERE id = 1000')).toEqual([]);
  });

  test('bytes, large numbers and row counts are returned as node-postgres returns them', async () => {
    const bytes = Buffer.from('00ff10', 'hex');
    await database.query('INSERT INTO ledger VALUES (2000, 0, $1, $2)', ['9007199254740993', bytes]);
    const [row] = await database.query<Record<string, unknown>[]>('SELECT amount, bytes FROM ledger WHERE id = 2000');
    expect(row).toEqual({ amount: '9007199254740993', bytes });
    expect(Buffer.isBuffer(row!['bytes'])).toBe(true);
    expect(await database.query('UPDATE ledger SET part = 7 WHERE id >= 2000')).toEqual([[], 1]);
    expect(await database.query('DELETE FROM ledger WHERE id >= 2000')).toEqual([[], 1]);
  });
});

test('an unreachable database is reported at once', async () => {
  const nowhere = connect('postgresql://nobody@127.0.0.1:1/nothing');
  await expect(nowhere).rejects.toThrow(/ECONNREFUSED/);
});
