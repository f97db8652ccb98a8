import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
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

test('one of the nodes that start at the same time migrates, while the others wait', async () => {
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

test('the error says where to put the password if the server requires one and none is configured', async () => {
  const message = (type: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    const header = Buffer.alloc(5);
    header.write(type);
    header.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([header, body]);
  };
  const authentication = (code: number, text: string) => message('R', Buffer.from([0, 0, 0, code]), Buffer.from(text));
  const answers = [authentication(10, 'SCRAM-SHA-256\0\0'), authentication(11, 'r=x,s=eA==,i=4096')];
  const server = createServer((socket) => socket.on('data', () => socket.write(answers.shift() ?? '')));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(connect(`postgresql://keyblock@127.0.0.1:${port}/keyblock`)).rejects.toThrow(
    /requires a password, and none is in DATABASE_URL, in PGPASSWORD or in a matching line of PGPASSFILE/,
  );
  server.close();
});

test('an error before the migrations leaves the database unchanged', async () => {
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

  test('never interleave: a rollback leaves nothing, and a commit leaves everything', async () => {
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

  test('are independent: an SQL error ends only its own transaction', async () => {
    const twice = database.transaction(async (manager) => {
      await manager.query('INSERT INTO ledger VALUES (1000, 0, 0, NULL)');
      await manager.query('INSERT INTO ledger VALUES (1000, 0, 0, NULL)');
    });
    await expect(twice).rejects.toThrow(/duplicate key/);
    expect(await database.query('SELECT * FROM ledger WHERE id = 1000')).toEqual([]);
  });

  test('return bytes, large numbers and row counts as node-postgres does', async () => {
    const bytes = Buffer.from('00ff10', 'hex');
    await database.query('INSERT INTO ledger VALUES (2000, 0, $1, $2)', ['9007199254740993', bytes]);
    const [row] = await database.query<Record<string, unknown>[]>('SELECT amount, bytes FROM ledger WHERE id = 2000');
    expect(row).toEqual({ amount: '9007199254740993', bytes });
    expect(Buffer.isBuffer(row!['bytes'])).toBe(true);
    expect(await database.query('UPDATE ledger SET part = 7 WHERE id >= 2000')).toEqual([[], 1]);
    expect(await database.query('DELETE FROM ledger WHERE id >= 2000')).toEqual([[], 1]);
  });
});

test('reports an unreachable database at once', async () => {
  const nowhere = connect('postgresql://nobody@127.0.0.1:1/nothing');
  await expect(nowhere).rejects.toThrow(/ECONNREFUSED/);
});
