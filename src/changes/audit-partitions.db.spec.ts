import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { auditDays, auditEvent, daysAgo, openLog } from '../../test/support/audit-days.js';
import { type DatabaseStore, newStore } from '../../test/support/database.js';
import { dayAfter, DEFAULT_PARTITION, partitions } from '../audit/partitions.js';
import { verifyTable } from '../audit/verify.js';
import { connect } from '../database/database.js';
import { LOCKS, tryWithLock } from '../database/locks.js';
import { AuditPartitions } from './audit-partitions.js';

const SECRET = Buffer.alloc(32, 5);
const TODAY = daysAgo(0);

let store: DatabaseStore;
let database: DataSource;
let logged: string[];
beforeEach(async () => {
  logged = [];
  store = await newStore();
  database = await connect(store.env.DATABASE_URL);
  for (const { name } of await ofDays()) await database.query(`DROP TABLE ${name}`);
});
afterEach(async () => {
  await database.destroy();
  await store.remove();
});

/** Starts and stops a node, which makes partitions once. */
async function round(on = database): Promise<AuditPartitions> {
  const write = (line: string) => logged.push((JSON.parse(line) as { msg: string }).msg);
  const node = new AuditPartitions(on, pino({}, { write }));
  await node.onApplicationBootstrap();
  await node.onApplicationShutdown();
  return node;
}

const ofDays = async () => (await partitions(database.manager)).filter(({ name }) => name !== DEFAULT_PARTITION);
const days = async () => (await ofDays()).map(({ from }) => from);
const weekFrom = (day: string) => Array.from({ length: 8 }, (_, i) => dayAfter(day, i));

async function record(name: string, on = database): Promise<void> {
  const log = await openLog(on, SECRET);
  log.record(auditEvent(name));
  await log.close();
}

async function daysOfRows(): Promise<unknown[]> {
  const rows = await database.query<{ day: string; table: string }[]>(
    'SELECT day::text, tableoid::regclass::text AS table FROM audit_log ORDER BY chain, first',
  );
  return rows.map(({ day, table }) => [day, table]);
}

async function expectIntact(): Promise<void> {
  const faults: unknown[] = [];
  await verifyTable(database, SECRET, ({ fault }) => faults.push(fault));
  expect(faults.every((fault) => fault === undefined)).toBe(true);
}

const tableOf = (day: string) => `audit_log_${day.replaceAll('-', '')}`;

/** Connects to the database with a clock that is days ahead. */
async function connectAhead(ahead: number): Promise<DataSource> {
  await database.query(
    `CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() + interval '${ahead} days' $$`,
  );
  const [{ name }] = await database.query<[{ name: string }]>('SELECT current_database() AS name');
  await database.query(`ALTER DATABASE ${name} SET search_path = public, pg_catalog`);
  return connect(store.env.DATABASE_URL);
}

test('a round makes the missing partitions for today and the next 7 days, and no others', async () => {
  expect((await round()).defaultRows).toBe(0);
  expect(await days()).toEqual(weekFrom(TODAY));
  await database.query(`DROP TABLE ${tableOf(daysAgo(-3))}`);
  await round();
  expect(await days()).toEqual(weekFrom(TODAY));
  expect(logged).toEqual([]);
});

test('nodes that start at once make each partition once', async () => {
  const other = await connect(store.env.DATABASE_URL);
  await Promise.all([round(), round(other), round(), round(other)]);
  await other.destroy();
  expect(await days()).toEqual(weekFrom(TODAY));
  expect(logged).toEqual([]);
});

test('a node makes none while another holds the lock, and makes them in its next round', async () => {
  expect(
    await tryWithLock(database, LOCKS.migration, async () => {
      await round();
    }),
  ).toBe(true);
  expect(await days()).toEqual([]);
  await round();
  expect(await days()).toEqual(weekFrom(TODAY));
  expect(logged).toEqual([]);
});

test('events that a node stored without a partition move to the partition of their day', async () => {
  await record('early');
  expect(await daysOfRows()).toEqual([[TODAY, DEFAULT_PARTITION]]);
  await round();
  expect(await daysOfRows()).toEqual([[TODAY, tableOf(TODAY)]]);
  await expectIntact();
});

test('partitions follow a clock that jumps ahead, and stay when it goes back', async () => {
  await round();
  await record('before');
  const ahead = await connectAhead(30);
  await record('ahead', ahead);
  const then = daysAgo(-30);
  expect(await daysOfRows()).toEqual([
    [TODAY, tableOf(TODAY)],
    [then, DEFAULT_PARTITION],
  ]);
  expect((await round(ahead)).defaultRows).toBe(0);
  await ahead.destroy();
  expect(await days()).toEqual([...weekFrom(TODAY), ...weekFrom(then)]);
  expect(await daysOfRows()).toEqual([
    [TODAY, tableOf(TODAY)],
    [then, tableOf(then)],
  ]);

  await round();
  await record('back');
  expect(await days()).toEqual([...weekFrom(TODAY), ...weekFrom(then)]);
  expect((await daysOfRows()).at(-1)).toEqual([TODAY, tableOf(TODAY)]);
  expect(logged).toEqual([]);
  await expectIntact();
});

test('rows stay in the default partition while somebody reads it: they are counted, logged and moved later', async () => {
  await round();
  await database.query(`DROP TABLE ${tableOf(TODAY)}`);
  await record('early');
  await database.transaction(async (manager) => {
    await manager.query('SELECT count(*) FROM audit_log');
    expect((await round()).defaultRows).toBe(1);
    expect(await daysOfRows()).toEqual([[TODAY, DEFAULT_PARTITION]]);
  });
  expect(logged).toEqual(['the audit log has rows of days without a partition']);
  expect((await round()).defaultRows).toBe(0);
  expect(await daysOfRows()).toEqual([[TODAY, tableOf(TODAY)]]);
});

test('past days with events are counted once one of them is exported', async () => {
  const other = await auditDays([5, 4, 2]);
  const unexported = async () => (await round(other.database)).unexportedDays;
  expect(await unexported()).toBeUndefined();
  await other.keyblock('audit', 'export', '--to', other.directory, '--day', daysAgo(5));
  expect(await unexported()).toBe(2);
  await other.keyblock('audit', 'export', '--to', other.directory);
  expect(await unexported()).toBe(0);
  await other.remove();
});

test('a node starts although the database refuses partitions, and logs why', async () => {
  await database.query(`CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'`);
  await database.query(
    `CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse()`,
  );
  await round();
  expect(await days()).toEqual([]);
  expect(logged).toEqual(['partitions of the audit log could not be made']);
  // The lock isn't kept.
  await database.query('DROP EVENT TRIGGER refuse');
  await round();
  expect(await days()).toEqual(weekFrom(TODAY));
});
