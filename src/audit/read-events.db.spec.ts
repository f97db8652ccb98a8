import type { DataSource } from 'typeorm';
import { newStore, type DatabaseStore } from '../../test/support/database.js';
import { connect } from '../database/database.js';
import { readEvents } from './read-events.js';

let store: DatabaseStore;
let database: DataSource;
/** The times that some rows have after the migration. */
let times: [from: Date | null, to: Date | null][];

beforeAll(async () => {
  store = await newStore({ schema: 'none' });
  database = await connect(store.env.DATABASE_URL);
  await database.runMigrations();
  while ((await database.query<unknown[]>(`SELECT FROM migrations WHERE name = 'AuditTimes1790000000130'`)).length > 0)
    await database.undoLastMigration();
  // The times of events in a row have no order: calls are written when they end.
  await write(1, 1, event('before 1', 7), event('before 2', 3));
  await write(2, 1, 'not an event');
  for (let first = 3; first <= 2500; first++) await write(1, first, event('many', 4));
  await database.runMigrations();
  await write(1, 2501, event('after', 5));
  const rows = await database.query<{ first: string; from: Date | null; to: Date | null }[]>(
    'SELECT first, first_time AS "from", last_time AS "to" FROM audit_log WHERE first IN (1, 1777, 2501) ORDER BY first, chain',
  );
  times = rows.map(({ from, to }) => [from, to]);
  await database.query(`DELETE FROM audit_log WHERE events LIKE '%many%'`);
});
afterAll(async () => {
  await database.destroy();
  await store.remove();
});

const time = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const event = (name: string, seconds: number) =>
  JSON.stringify({
    // A caller's text that looks like the time of an event.
    userIdentity: { userName: '","eventTime":"1999-01-01T00:00:00Z' },
    eventTime: time(seconds).toISOString().replace('.000', ''),
    eventName: name,
    readOnly: true,
  });

/** Writes a row as a version without the columns for times does. */
async function write(chain: number, first: number, ...lines: string[]): Promise<void> {
  await database.query('INSERT INTO audit_log (chain, first, count, events, mac) VALUES ($1, $2, $3, $4, $5)', [
    chain,
    first,
    lines.length,
    lines.join('\n'),
    Buffer.alloc(32),
  ]);
}

async function names(filter: Parameters<typeof readEvents>[1]): Promise<string[]> {
  const { events } = await readEvents(database, filter, { limit: 100 });
  return events.map((found) => (found as { eventName: string }).eventName);
}

test('rows of older versions have times, whether they were written before the migration or after it', () => {
  expect(times).toEqual([
    [time(3), time(7)],
    [null, null],
    [time(4), time(4)],
    [time(5), time(5)],
  ]);
});

test('finds an event by its own time, wherever its row begins and ends', async () => {
  expect(await names({})).toEqual(['before 2', 'before 1', 'after']);
  expect(await names({ from: time(4), to: time(6) })).toEqual(['after']);
  expect(await names({ from: time(3), to: time(3) })).toEqual(['before 2']);
  expect(await names({ from: time(6) })).toEqual(['before 1']);
  expect(await names({ to: time(2) })).toEqual([]);
  expect(await names({ from: time(6), to: time(4) })).toEqual([]);
});

test('reads the index, and only rows that may have events of the period', async () => {
  await database.query(
    `INSERT INTO audit_log (chain, first, count, events, mac)
     SELECT 3, n, 1, replace($1, '00:00:00', to_char(interval '1 second' * n, 'HH24:MI:SS')), '' FROM generate_series(1, 20000) AS n`,
    [event('row', 0)],
  );
  await database.query('ANALYZE audit_log');
  expect(await names({ from: time(10_000), to: time(10_002) })).toEqual(['row', 'row', 'row']);
  const plan = await database.query<{ 'QUERY PLAN': string }[]>(
    `EXPLAIN SELECT chain FROM audit_log WHERE last_time >= $1 AND first_time <= $2 AND (last_time, chain, first) <= ('infinity', 9, 9)
      ORDER BY last_time DESC, chain DESC, first DESC LIMIT 500`,
    [time(10_000), time(10_002)],
  );
  expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(
    /Index.*Scan Backward using audit_log_former_by_time/,
  );
  await database.query('DELETE FROM audit_log WHERE chain = 3');
});
