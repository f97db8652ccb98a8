import type { DataSource } from 'typeorm';
import { type AuditDays, auditDays, auditEvent, daysAgo, openLog } from '../../test/support/audit-days.js';
import { newStore } from '../../test/support/database.js';
import { connect } from '../database/database.js';
import { makePartitions, partitions } from './partitions.js';
import { readEvents } from './read-events.js';
import { verifyTable } from './verify.js';

const SECRET = Buffer.alloc(32, 5);
const name = (day: string) => `audit_log_${day.replaceAll('-', '')}`;

describe('a log of several days', () => {
  let days: AuditDays;
  beforeAll(async () => {
    days = await auditDays([9, 8, 7, 6, 1]);
  });
  afterAll(() => days.remove());

  /** Returns the partitions that the queries of `readEvents` read. */
  async function partitionsRead(filter: Parameters<typeof readEvents>[1]): Promise<string[]> {
    const plans: string[] = [];
    const explained = Object.create(days.database) as DataSource;
    explained.query = async (sql: string, parameters?: unknown[]) => {
      const plan = await days.database.query<{ 'QUERY PLAN': string }[]>(`EXPLAIN ${sql}`, parameters);
      plans.push(...plan.map((line) => line['QUERY PLAN']));
      return days.database.query<never>(sql, parameters);
    };
    await readEvents(explained, filter, { limit: 1 });
    // Bitmap scans name indexes in the same way.
    const read = plans.join('\n').match(/ on audit_log_(?:\d+|default)\b/g) ?? [];
    return [...new Set(read.map((match) => match.slice(4)))].sort();
  }

  test('a search over a period reads only the partitions of its days', async () => {
    const noon = (ago: number) => new Date(`${daysAgo(ago)}T12:00:00Z`);
    expect(await partitionsRead({ from: noon(8), to: noon(8) })).toEqual([9, 8, 7].map((ago) => name(daysAgo(ago))));
    expect(await partitionsRead({ to: noon(8) })).not.toContain(name(daysAgo(6)));
    expect(await partitionsRead({ from: noon(0) })).not.toContain(name(daysAgo(6)));
    expect(await partitionsRead({})).toContain(name(daysAgo(9)));
  });

  test('a verification with --since reads only the partitions of its days', async () => {
    const read: string[] = [];
    const { manager } = days.database;
    const query = async (sql: string, parameters?: unknown[]) => {
      if (sql.includes('audit_log WHERE')) {
        const plan = await manager.query<object[]>(`EXPLAIN ${sql}`, parameters);
        read.push(...(JSON.stringify(plan).match(/ on audit_log_\w+/g) ?? []).map((match) => match.slice(4)));
      }
      return manager.query<unknown>(sql, parameters);
    };
    const watched = Object.assign(Object.create(days.database) as DataSource, {
      transaction: (_: string, work: (manager: { query: typeof query }) => Promise<unknown>) => work({ query }),
    });
    await verifyTable(watched, days.secret, () => undefined, { since: daysAgo(6) });
    expect(read).toContain(name(daysAgo(6)));
    expect(read).not.toContain(name(daysAgo(7)));
  });

  test('there are partitions for today and the next 7 days, and no duplicates', async () => {
    await makePartitions(days.database.manager);
    const names = (await partitions(days.database.manager)).map((partition) => partition.name);
    const next = Array.from({ length: 8 }, (_, i) => name(daysAgo(-i)));
    expect(names).toEqual([...[9, 8, 7, 6, 1].map((ago) => name(daysAgo(ago))), ...next, 'audit_log_default']);
  });

  test('partitions are made while the table is written and read, and left for later while a reader holds one', async () => {
    const last = name(daysAgo(-7));
    await days.database.query(`DROP TABLE ${last}`);
    const names = async () => (await partitions(days.database.manager)).map((partition) => partition.name);
    await days.database.transaction(async (manager) => {
      await manager.query('SELECT count(*) FROM audit_log');
      await makePartitions(days.database.manager);
      expect(await names()).not.toContain(last);
      // Writers don't wait for the one that gave up.
      const log = await openLog(days.database, days.secret);
      await log.close();
    });
    await makePartitions(days.database.manager);
    expect(await names()).toContain(last);
  });

  test('events are not written to a day that is exported, even if the clock of the database went back', async () => {
    await days.database.query(
      `INSERT INTO audit_segments (number, day, manifest, chains, events, bytes, exported_at, exported_by, mac)
       VALUES (1, $1, '', '[]', 0, 0, now(), '', '')`,
      [daysAgo(-2)],
    );
    const log = await openLog(days.database, days.secret);
    log.record(auditEvent('later'));
    await log.close();
    const [row] = await days.database.query<[{ day: string }]>('SELECT max(day)::text AS day FROM audit_log');
    expect(row.day).toBe(daysAgo(-3));
  });
});

async function verified(database: DataSource, secret: Buffer) {
  const reports: { chain: number; events: number; fault: unknown }[] = [];
  await verifyTable(database, secret, (report) => reports.push(report));
  return reports;
}

test('the table of an older version becomes the partition of all days up to now, and older versions still write', async () => {
  const store = await newStore();
  const database = await connect(store.env.DATABASE_URL);
  const undone = async () =>
    (await database.query<unknown[]>(`SELECT FROM migrations WHERE name = 'AuditPartitions1790000000143'`)).length ===
    0;
  const log = await openLog(database, SECRET);
  log.record('{"eventTime":"2026-01-01T00:00:00Z","eventName":"first"}');
  await log.flush();
  while (!(await undone())) await database.undoLastMigration();
  await database.runMigrations();
  await makePartitions(database.manager);
  const all = await partitions(database.manager);
  expect(all[0]).toEqual({ name: name(daysAgo(0)), from: undefined, to: daysAgo(-1) });
  log.record('{"eventTime":"2026-01-01T00:00:00Z","eventName":"second"}');
  await log.close();
  const reports = await verified(database, SECRET);
  expect(reports).toMatchObject([{ chain: 1, events: 2, fault: undefined }]);
  // An older version names no day, and no times.
  await database.query(`INSERT INTO audit_log (chain, first, count, events, mac) VALUES (1, 3, 1, '{}', '')`);
  const rows = await database.query<{ day: string }[]>('SELECT day::text FROM audit_log ORDER BY first');
  expect(rows.map(({ day }) => day)).toEqual(Array(3).fill(daysAgo(0)));
  const { events } = await readEvents(database, { to: new Date('2026-01-02') }, { limit: 9 });
  expect(events).toMatchObject([{ eventName: 'second' }, { eventName: 'first' }]);
  await database.destroy();
  await store.remove();
});
