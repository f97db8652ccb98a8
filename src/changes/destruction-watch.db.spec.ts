import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { connect } from '../database/database.js';
import { type DatabaseStore, newStore } from '../../test/support/database.js';
import { isNotHeld } from './destruction-hold.entity.js';
import { confirmDestruction, DestructionWatch } from './destruction-watch.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let store: DatabaseStore;
let database: DataSource;
beforeAll(async () => {
  store = await newStore();
  database = await connect(store.env.DATABASE_URL);
});
afterAll(async () => {
  await database.destroy();
  await store.remove();
});
beforeEach(async () => {
  await database.query('DELETE FROM destruction_holds');
  await database.query('DELETE FROM database_clock');
});

/** A monotonic clock, and the database's clock, which can be moved apart from it. */
class Clocks {
  monotonicMs = 0;
  databaseMs = Date.parse('2026-12-01T00:00:00Z');

  pass(milliseconds: number): void {
    this.monotonicMs += milliseconds;
    this.databaseMs += milliseconds;
  }
}

const log: { msg: string; reason?: string }[] = [];
const logger = pino({}, { write: (line) => log.push(JSON.parse(line) as (typeof log)[number]) });

/** Starts a process, whose monotonic clock has an origin of its own. */
function started(clocks: Clocks): DestructionWatch {
  const offset = Math.random() * DAY;
  const read = () => Promise.resolve(new Date(clocks.databaseMs));
  return new DestructionWatch(database, { read }, logger, () => clocks.monotonicMs + offset);
}

/** Lets time pass, with a check every ten minutes. */
async function run(watch: DestructionWatch, clocks: Clocks, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 10 * MINUTE) {
    clocks.pass(10 * MINUTE);
    await watch.look();
  }
}

const reasons = ({ holds }: DestructionWatch) => holds.map(({ reason }) => reason);

/** True if the destruction of an item that is due at this time is on hold. */
async function isHeld(dueMs: number): Promise<boolean> {
  const [row] = await database.query<{ free: boolean }[]>(
    `SELECT ${isNotHeld('due')} AS free FROM (SELECT $1::timestamptz AS due) one`,
    [new Date(dueMs)],
  );
  return row?.free === false;
}

describe('while a process runs', () => {
  test('nothing is put on hold while both clocks advance together', async () => {
    const clocks = new Clocks();
    const watch = started(clocks);
    await watch.look();
    await run(watch, clocks, 2 * DAY);
    expect(reasons(watch)).toEqual([]);
    expect(await isHeld(clocks.databaseMs)).toBe(false);
  });

  test.each([
    ['4 days ahead', 4 * DAY],
    ['61 seconds ahead', 61_000],
    ['4 days back', -4 * DAY],
  ])('a step of %s puts everything that is due on hold', async (_, step) => {
    const clocks = new Clocks();
    const watch = started(clocks);
    await watch.look();
    const before = clocks.databaseMs;
    clocks.databaseMs += step;
    await watch.look();
    expect(reasons(watch)).toEqual(['step']);
    for (const due of [before - DAY, before, before + Math.abs(step), before + 30 * DAY])
      expect(await isHeld(due)).toBe(true);
    expect(log.at(-1)?.msg).toMatch(/^the database's clock jumped (ahead|back) by .* keyblock destruction confirm$/);
  });

  test.each([
    ['a minute ahead', MINUTE],
    ['half a minute back', -MINUTE / 2],
  ])('a step of %s puts nothing on hold', async (_, step) => {
    const clocks = new Clocks();
    const watch = started(clocks);
    await watch.look();
    clocks.databaseMs += step;
    await watch.look();
    expect(reasons(watch)).toEqual([]);
  });

  test('small steps that add up to more than a minute within an hour put everything on hold', async () => {
    const clocks = new Clocks();
    const watch = started(clocks);
    await watch.look();
    for (let i = 0; i < 4; i++) {
      clocks.pass(MINUTE);
      clocks.databaseMs += 20_000;
      await watch.look();
    }
    expect(reasons(watch)).toEqual(['step']);
  });

  test("nothing is put on hold if the database answers late, or doesn't answer for hours", async () => {
    const clocks = new Clocks();
    let answer: () => Promise<Date> = () => Promise.resolve(new Date(clocks.databaseMs));
    const watch = new DestructionWatch(database, { read: () => answer() }, logger, () => clocks.monotonicMs);
    await watch.look();
    answer = () => Promise.reject(new Error('connection refused'));
    await expect(watch.look()).rejects.toThrow('connection refused');
    clocks.pass(5 * HOUR);
    answer = () => {
      const read = new Date(clocks.databaseMs);
      clocks.pass(9000);
      return Promise.resolve(read);
    };
    await watch.look();
    expect(reasons(watch)).toEqual([]);
  });

  test('the hold ends after 24 hours of running, and another step starts it anew', async () => {
    const clocks = new Clocks();
    const watch = started(clocks);
    await watch.look();
    clocks.databaseMs += 4 * DAY;
    await watch.look();
    await run(watch, clocks, 12 * HOUR);
    clocks.databaseMs -= 4 * DAY;
    await run(watch, clocks, 23 * HOUR);
    expect(reasons(watch)).toEqual(['step']);
    await run(watch, clocks, 2 * HOUR);
    expect(reasons(watch)).toEqual([]);
    expect(await isHeld(clocks.databaseMs)).toBe(false);
  });

  test('a process that starts during the hold waits for 24 hours of its own running time', async () => {
    const clocks = new Clocks();
    const watch = started(clocks);
    await watch.look();
    clocks.databaseMs += HOUR / 2;
    await watch.look();
    await run(watch, clocks, 20 * HOUR);
    const next = started(clocks);
    await next.look();
    await run(next, clocks, 20 * HOUR);
    expect(reasons(next)).toEqual(['step']);
    await run(next, clocks, 5 * HOUR);
    expect(reasons(next)).toEqual([]);
  });

  test('an operator can end the hold', async () => {
    const clocks = new Clocks();
    const watch = started(clocks);
    await watch.look();
    clocks.databaseMs += 4 * DAY;
    await watch.look();
    expect(await confirmDestruction(database.manager, new Date(clocks.databaseMs))).toEqual(['step']);
    await watch.look();
    expect(reasons(watch)).toEqual([]);
    expect(await isHeld(clocks.databaseMs)).toBe(false);
    expect(await confirmDestruction(database.manager, new Date(clocks.databaseMs))).toEqual([]);
  });
});

describe('at the start', () => {
  test.each([
    ['an hour', HOUR],
    ['no time at all', 0],
    ['minus one day, because the clock was set back,', -DAY],
  ])('a gap of %s puts nothing on hold', async (_, gap) => {
    const clocks = new Clocks();
    await started(clocks).look();
    clocks.databaseMs += gap;
    const next = started(clocks);
    await next.look();
    expect(reasons(next)).toEqual([]);
  });

  test('a gap of more than an hour puts everything that fell due within it on hold for 24 hours', async () => {
    const clocks = new Clocks();
    await started(clocks).look();
    const [seen] = [clocks.databaseMs];
    clocks.databaseMs += 4 * DAY;
    const next = started(clocks);
    await next.look();
    expect(reasons(next)).toEqual(['gap']);
    expect(await isHeld(seen)).toBe(false);
    expect(await isHeld(seen + 1)).toBe(true);
    expect(await isHeld(clocks.databaseMs)).toBe(true);
    expect(await isHeld(clocks.databaseMs + 1)).toBe(false);
    expect(log.at(-1)?.msg).toMatch(/^no node has seen the database's clock for 96 h 0 min: keys due/);
    await run(next, clocks, 25 * HOUR);
    expect(reasons(next)).toEqual([]);
  });

  test('a second gap extends the hold of the first', async () => {
    const clocks = new Clocks();
    await started(clocks).look();
    const seen = clocks.databaseMs;
    for (let i = 0; i < 2; i++) {
      clocks.databaseMs += 2 * DAY;
      await started(clocks).look();
    }
    expect(await isHeld(seen + HOUR)).toBe(true);
    expect(await isHeld(seen + 4 * DAY)).toBe(true);
  });

  test('processes that start together notice a gap, and a process that starts beside a running one does not', async () => {
    const clocks = new Clocks();
    await started(clocks).look();
    clocks.databaseMs += DAY;
    const watches = Array.from({ length: 4 }, () => started(clocks));
    await Promise.all(watches.map((watch) => watch.look()));
    await watches[0]?.look();
    expect(reasons(watches[0]!)).toEqual(['gap']);
    await confirmDestruction(database.manager, new Date(clocks.databaseMs));
    await run(watches[0]!, clocks, 5 * HOUR);
    const late = started(clocks);
    await late.look();
    expect(reasons(late)).toEqual([]);
  });
});

test('the number of destructions on hold is logged when it changes', () => {
  const watch = started(new Clocks());
  log.length = 0;
  for (const count of [0, 2, 2, 3]) watch.report('keys', count);
  expect(log).toMatchObject([
    { msg: 'destruction is on hold', kind: 'keys', count: 2 },
    { msg: 'destruction is on hold', kind: 'keys', count: 3 },
  ]);
});
