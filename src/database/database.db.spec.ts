import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { DataSource } from 'typeorm';
import { DatabaseProxy } from '../../test/support/database-proxy.js';
import { newStore, type DatabaseStore } from '../../test/support/database.js';
import { connect, dueMigrations, migrate } from './database.js';
import { isUnreachable, primaryOf } from './primary.js';
import { checkLocks, checkTriggers } from './self-test.js';

let store: DatabaseStore;
let database: DataSource;
const nothing = () => Promise.resolve();

beforeAll(async () => {
  store = await newStore({ schema: 'none' });
  database = await connect(store.env.DATABASE_URL);
});
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

test('due migrations are refused where the start may not run them, and nothing is changed', async () => {
  const fresh = await newStore({ schema: 'none' });
  const empty = await connect(fresh.env.DATABASE_URL);
  try {
    const due = await dueMigrations(empty);
    expect(due).toHaveLength(empty.migrations.length);
    const refused = migrate(empty, nothing, nothing, false);
    await expect(refused).rejects.toThrow(
      /^The database lacks \d+ migrations \(Keys1790000000000, .*\), and KEYBLOCK_MIGRATE is off: run keyblock migrate/,
    );
    expect(await empty.query(`SELECT to_regclass('migrations') AS "table"`)).toEqual([{ table: null }]);
    expect(await migrate(empty, nothing, nothing)).toEqual(due);
    expect(await dueMigrations(empty)).toEqual([]);
    expect(await migrate(empty, nothing, nothing, false)).toEqual([]);
  } finally {
    await empty.destroy();
    await fresh.remove();
  }
});

test('an error after the migrations leaves the database without them', async () => {
  const fresh = await newStore({ schema: 'none' });
  const empty = await connect(fresh.env.DATABASE_URL);
  try {
    await expect(migrate(empty, nothing, () => Promise.reject(new Error('too late')))).rejects.toThrow('too late');
    expect(await dueMigrations(empty)).toHaveLength(empty.migrations.length);
  } finally {
    await empty.destroy();
    await fresh.remove();
  }
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

describe('concurrent transactions', () => {
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

describe('the check of a database', () => {
  /** Runs a check on a new connection with a setting that a PostgreSQL server has for its databases or tables. */
  const checked = async (sql: string[], undo: string[], check: (other: DataSource) => Promise<void>) => {
    const name = new URL(store.env.DATABASE_URL).pathname.slice(1);
    for (const statement of sql) await database.query(statement.replace('$DB', name));
    const other = await connect(store.env.DATABASE_URL);
    try {
      await check(other);
    } finally {
      await other.destroy();
      for (const statement of undo) await database.query(statement.replace('$DB', name));
    }
  };

  test('accepts an unmodified PostgreSQL', async () => {
    await migrate(database, nothing, nothing);
    await Promise.all([checkLocks(database), checkLocks(database)]);
    await checkTriggers(database);
  });

  test('refuses a database that ignores the locks of transactions', async () => {
    const ignoring = [
      'CREATE SCHEMA ignoring',
      `CREATE FUNCTION ignoring.pg_try_advisory_xact_lock(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
      'ALTER DATABASE $DB SET search_path = ignoring, pg_catalog, public',
    ];
    const undo = ['ALTER DATABASE $DB RESET search_path', 'DROP SCHEMA ignoring CASCADE'];
    await checked(ignoring, undo, (other) =>
      expect(checkLocks(other)).rejects.toThrow(
        /^The database ignores advisory locks of transactions, on which quotas/,
      ),
    );
  });

  test('refuses a database that keeps the locks of transactions that have ended', async () => {
    const keeping = [
      'CREATE SCHEMA keeping',
      `CREATE FUNCTION keeping.pg_try_advisory_xact_lock(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT false'`,
      'ALTER DATABASE $DB SET search_path = keeping, pg_catalog, public',
    ];
    const undo = ['ALTER DATABASE $DB RESET search_path', 'DROP SCHEMA keeping CASCADE'];
    await checked(keeping, undo, (other) =>
      expect(checkLocks(other)).rejects.toThrow('The database keeps the advisory lock of a transaction that has ended'),
    );
  });

  test.each<[string, string, string, RegExp]>([
    [
      'lacks a trigger',
      'ALTER TRIGGER keys_share_order ON keys RENAME TO other',
      'ALTER TRIGGER other ON keys RENAME TO keys_share_order',
      /^The database lacks triggers, or has them disabled: keys\.keys_share_order\. /,
    ],
    [
      'has a trigger disabled',
      'ALTER TABLE access_keys DISABLE TRIGGER sealed_under_active',
      'ALTER TABLE access_keys ENABLE TRIGGER sealed_under_active',
      /has them disabled: access_keys\.sealed_under_active\. Restore it/,
    ],
    [
      'has a trigger enabled for replicas only',
      'ALTER TABLE keys ENABLE REPLICA TRIGGER sealed_under_active',
      'ALTER TABLE keys ENABLE TRIGGER sealed_under_active',
      /has them disabled: keys\.sealed_under_active\. Restore it/,
    ],
    [
      'runs no triggers for the user',
      'ALTER DATABASE $DB SET session_replication_role = replica',
      'ALTER DATABASE $DB RESET session_replication_role',
      /^The database runs no triggers for this user/,
    ],
  ])('is refused if it %s', async (_, sql, undo, problem) => {
    await migrate(database, nothing, nothing);
    await checked([sql], [undo], (other) => expect(checkTriggers(other)).rejects.toThrow(problem));
  });
});

describe('several hosts', () => {
  const REFUSING = 'postgresql://nobody@127.0.0.1:1/nothing';

  test('are tried in their order, until one is a primary', async () => {
    const several = await connect([REFUSING, store.env.DATABASE_URL], 4);
    expect(primaryOf(several).url).toBe(store.env.DATABASE_URL);
    expect(await several.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(Object.fromEntries(primaryOf(several).errors)).toEqual({ ECONNREFUSED: 1 });
    await several.destroy();
  });

  test('are out of reach if nothing answers at one of them, and not if all answer', async () => {
    const name = new URL(store.env.DATABASE_URL).pathname.slice(1);
    await database.query('CREATE SCHEMA standby');
    await database.query(`CREATE FUNCTION standby.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'`);
    await database.query(`ALTER DATABASE ${name} SET search_path = standby, pg_catalog, public`);
    const standby = store.env.DATABASE_URL;
    const wrong = Object.assign(new URL(standby), { pathname: '/there_is_none' }).href;
    const isOutOfReach = async (...urls: string[]) =>
      connect(urls).then(
        () => undefined,
        (error: unknown) => isUnreachable(error),
      );
    try {
      expect(await isOutOfReach(REFUSING)).toBe(true);
      expect(await isOutOfReach(REFUSING, 'postgresql://nobody@127.0.0.1:2/nothing')).toBe(true);
      expect(await isOutOfReach(REFUSING, standby)).toBe(true);
      expect(await isOutOfReach(standby, REFUSING)).toBe(true);
      expect(await isOutOfReach(standby)).toBe(false);
      expect(await isOutOfReach(standby, standby)).toBe(false);
      expect(await isOutOfReach(wrong)).toBe(false);
      expect(await isOutOfReach(REFUSING, wrong)).toBe(false);
    } finally {
      await database.query(`ALTER DATABASE ${name} RESET search_path`);
      await database.query('DROP SCHEMA standby CASCADE');
    }
  });

  test('are all named if none answers', async () => {
    await expect(connect([REFUSING, 'postgresql://nobody@127.0.0.1:2/nothing'])).rejects.toThrow(
      /^no host of DATABASE_URL is a primary that answers: 127\.0\.0\.1:1: .*ECONNREFUSED.*; 127\.0\.0\.1:2: .*ECONNREFUSED/,
    );
  });

  test('share the time limit: one that does not answer is left for the next', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const several = await connect([`postgresql://nobody@127.0.0.1:${port}/nothing`, store.env.DATABASE_URL]);
    expect(primaryOf(several).url).toBe(store.env.DATABASE_URL);
    await several.destroy();
    server.close();
  });

  test('are not used at the same time: connections to one that no longer answers end when another is the primary', async () => {
    const proxy = new DatabaseProxy(store.env.DATABASE_URL);
    await proxy.open();
    const several = await connect([proxy.url, store.env.DATABASE_URL]);
    try {
      expect(primaryOf(several).url).toBe(proxy.url);
      proxy.freeze();
      const hanging = several.query('SELECT 1 AS one');
      const [lost, served] = await Promise.allSettled([hanging, several.query('SELECT 2 AS two')]);
      // Before the time limit of the query.
      expect(lost).toMatchObject({ reason: { message: 'Connection terminated unexpectedly' } });
      expect(served).toEqual({ status: 'fulfilled', value: [{ two: 2 }] });
      expect([...primaryOf(several).clients].map(({ url }) => url)).toEqual([store.env.DATABASE_URL]);
    } finally {
      await several.destroy();
      await proxy.remove();
    }
  });

  test('are not tried after one that answers with an error', async () => {
    const wrong = Object.assign(new URL(store.env.DATABASE_URL), { pathname: '/there_is_none' }).href;
    await expect(connect([wrong, store.env.DATABASE_URL])).rejects.toThrow(/"there_is_none" does not exist/);
  });

  test('a connection whose write is refused as read-only is dropped, and the others stay', async () => {
    const other = await connect(store.env.DATABASE_URL, 4);
    const pidOf = async () => (await other.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid'))[0]!.pid;
    const first = await pidOf();
    await other.query('SET default_transaction_read_only = on');
    await expect(other.query('CREATE TABLE refused (id int)')).rejects.toMatchObject({ code: '25006' });
    expect(await pidOf()).not.toBe(first);
    await other.query('CREATE TABLE refused (id int)');
    await other.query('DROP TABLE refused');
    // Any other error leaves the connection.
    const second = await pidOf();
    await expect(other.query('SELECT nonsense')).rejects.toThrow(/nonsense/);
    expect(await pidOf()).toBe(second);
    await other.destroy();
  });
});

test('reports an unreachable database immediately', async () => {
  const nowhere = connect('postgresql://nobody@127.0.0.1:1/nothing');
  await expect(nowhere).rejects.toThrow(/ECONNREFUSED/);
});
