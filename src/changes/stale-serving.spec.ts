import pg from 'pg';
import { pino } from 'pino';
import { QueryFailedError } from 'typeorm';
import { useMonotonicClock } from '../../test/support/monotonic-clock.js';
import { Clock } from '../clock.js';
import { ChangeEpoch, MAX_STALE_MS } from './change-epoch.js';
import { inTime } from './in-time.js';
import { StaleServing } from './stale-serving.js';

const LIMIT_SECONDS = 60;
/** Time by the database's clock at the time 0 of the process. */
const DATABASE_TIME = Date.UTC(2026, 10, 29);
/** The node's clock, which is wrong. */
const NODE_TIME = new Date(Date.UTC(2020, 0, 1));

const clock = useMonotonicClock();
let epoch: ChangeEpoch;
let stale: StaleServing;
let events: [string, Record<string, unknown>][];
let log: Record<string, unknown>[];
let canWrite: boolean;

const staleServing = (limitSeconds: number) =>
  new StaleServing(epoch, {
    limitSeconds,
    audit: {
      announce: (name, details) => events.push([name, details as Record<string, unknown>]),
      get takesDataWithoutTable() {
        return canWrite;
      },
    },
    clock: Object.assign(new Clock(), { now: () => NODE_TIME }),
    logger: pino({}, { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) }),
  });

beforeEach(() => {
  [events, log, canWrite] = [[], [], true];
  epoch = new ChangeEpoch(() => undefined);
  stale = staleServing(LIMIT_SECONDS);
});

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const names = () => events.map(([name]) => name);
const reasons = () => events.filter(([name]) => name === 'StaleServingEnded').map(([, { reason }]) => reason);

/** Reads the change epoch. */
function contact(n = 7): void {
  const take = epoch.ask();
  stale.reached();
  take({ n, server: 'one', time: DATABASE_TIME + clock.now });
}

/** The last contact is at 1,000, and nothing answers from 1,250 on. */
function lose(error: unknown = refused): void {
  clock.now = 1000;
  contact();
  clock.now = 1250;
  stale.failed(error);
}

/** Lets the second pass for which cached values are good. */
const begin = (error?: unknown) => {
  lose(error);
  clock.now = 2000;
};

test('a process that was paused during a read considers the database unreachable only if the next read fails, too', () => {
  clock.now = 1000;
  contact();
  // It was paused for half a minute, and its timer is the first to run.
  clock.now = 31_000;
  stale.failed(Object.assign(new Error('late'), { code: 'ETIMEDOUT' }), 30_000);
  expect(stale.servesStale()).toBe(false);
  expect(events).toEqual([]);
  stale.failed(refused, 2);
  expect(stale.servesStale()).toBe(true);
  expect(names()).toEqual(['StaleServingBegan']);
});

test('begins when the second for which cached values are good has passed, and ends at the limit', () => {
  lose();
  clock.now = 1999;
  expect(stale.servesStale()).toBe(false);
  expect(stale.state).toBeUndefined();
  expect(events).toEqual([]);
  clock.now = 2000;
  expect(stale.servesStale()).toBe(true);
  expect(stale.state).toEqual({ lastContact: new Date(DATABASE_TIME + 1000), secondsLeft: LIMIT_SECONDS - 1 });
  clock.now = 1000 + LIMIT_SECONDS * 1000 - 1;
  expect(stale.servesStale()).toBe(true);
  expect(stale.state).toMatchObject({ secondsLeft: 1 });
  clock.now += 1;
  expect(stale.servesStale()).toBe(false);
  expect(stale.state).toBeUndefined();
  expect(events).toEqual([
    ['StaleServingBegan', { lastContact: '2026-11-29T00:00:01.000Z', limitSeconds: LIMIT_SECONDS }],
    ['StaleServingEnded', { reason: 'limit', secondsSinceLastContact: LIMIT_SECONDS, calls: 0 }],
  ]);
  expect(log.map(({ level, reason }) => [level, reason])).toEqual([
    [40, undefined],
    [40, 'limit'],
  ]);
});

test('begins and ends without a call, when another attempt to read the epoch fails', () => {
  lose();
  clock.now = 2100;
  stale.failed(refused);
  expect(names()).toEqual(['StaleServingBegan']);
  clock.now = 1000 + LIMIT_SECONDS * 1000;
  stale.failed(refused);
  expect(reasons()).toEqual(['limit']);
});

test('does not begin again after the limit until the database has answered', () => {
  begin();
  expect(stale.servesStale()).toBe(true);
  clock.now = 61_000;
  for (const wait of [0, 1, 250, 1e6]) {
    clock.now += wait;
    stale.failed(refused);
    expect(stale.servesStale()).toBe(false);
  }
  contact();
  clock.now += 1500;
  stale.failed(refused);
  expect(stale.servesStale()).toBe(true);
  expect(names()).toEqual(['StaleServingBegan', 'StaleServingEnded', 'StaleServingBegan']);
});

test('does not begin by default', () => {
  stale = staleServing(0);
  begin();
  expect(stale.servesStale()).toBe(false);
  expect(events).toEqual([]);
});

test('does not begin in a process that never reached the database', () => {
  clock.now = 5000;
  stale.failed(refused);
  expect(stale.servesStale()).toBe(false);
  expect(events).toEqual([]);
});

test('does not begin while the epoch is merely late', () => {
  clock.now = 1000;
  contact();
  clock.now = 10_000;
  expect(stale.servesStale()).toBe(false);
});

const failedQuery = (error: Error) => new QueryFailedError('SELECT 1', [], error);
const network = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

test.each<[string, unknown]>([
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOENT',
  ].map((code): [string, unknown] => [code, network(code)]),
  ['several addresses that refuse', Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })],
  ['a connection that ended', new Error('Connection terminated unexpectedly')],
  [
    'a connection that ended before the query',
    new Error('Client has encountered a connection error and is not queryable'),
  ],
  ['a connection that took too long', new Error('Connection terminated due to connection timeout')],
  ['a query that took too long', new Error('Query read timeout')],
  ['a query of the pool whose connection was reset', failedQuery(network('ECONNRESET'))],
  ['a query of the pool that took too long', failedQuery(new Error('Query read timeout'))],
])('begins after %s', (_, error) => {
  begin(error);
  expect(stale.servesStale()).toBe(true);
});

test('begins after a read that exceeded the time limit', async () => {
  const late = await inTime(new Promise(() => undefined)).catch((error: unknown) => error);
  begin(late);
  expect(stale.servesStale()).toBe(true);
});

const answered = (code: string, message = 'no') => Object.assign(new pg.DatabaseError(message, 1, 'error'), { code });
const ANSWERS: [string, unknown][] = [
  ['an administrator stops it', answered('57P01', 'terminating connection due to administrator command')],
  ['it crashed', answered('57P02')],
  ['it is starting', answered('57P03', 'the database system is starting up')],
  ['it is a standby', Object.assign(new Error('the server is a standby'), { code: '57P03' })],
  ['it is read-only', answered('25006')],
  ['the password is wrong', answered('28P01')],
  ['the role may not log in', answered('28000')],
  ['there is no such database', answered('3D000')],
  ['too many connections', answered('53300')],
  ['no permission for the table', failedQuery(answered('42501'))],
  ['the table is gone', failedQuery(answered('42P01'))],
  ['a pooler has no server', answered('08P01')],
  ['the certificate is not trusted', Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
  ['the row is missing', new Error('The row of change_epoch is missing')],
];

test.each(ANSWERS)('does not begin if the database answers: %s', (_, error) => {
  begin(error);
  expect(stale.servesStale()).toBe(false);
  expect(events).toEqual([]);
});

test.each(ANSWERS)('ends if the database answers: %s', (_, error) => {
  begin();
  expect(stale.servesStale()).toBe(true);
  stale.failed(error);
  expect(stale.servesStale()).toBe(false);
  expect(reasons()).toEqual(['refused']);
});

test('ends at once when the database can be reached, even if it reports a change that the node has not heard of', () => {
  begin();
  expect(stale.servesStale()).toBe(true);
  contact(9);
  expect(stale.servesStale()).toBe(false);
  expect(events.at(-1)).toEqual(['StaleServingEnded', { reason: 'reached', secondsSinceLastContact: 1, calls: 0 }]);
});

test('continues until the same limit if a connection was open for a moment without an answer', () => {
  begin();
  expect(stale.servesStale()).toBe(true);
  stale.reached();
  expect(stale.servesStale()).toBe(false);
  clock.now = 60_999;
  stale.failed(refused);
  expect(stale.servesStale()).toBe(true);
  clock.now = 61_000;
  expect(stale.servesStale()).toBe(false);
});

test.each<[string, () => void]>([
  ['it has asked for', () => contact(8)],
  ['came with a gap', () => epoch.heard(9)],
])('does not begin while the effect of a change is unknown: one that %s', (_, change) => {
  clock.now = 1000;
  contact();
  change();
  clock.now = 1250;
  stale.failed(refused);
  clock.now = 2000;
  expect(stale.servesStale()).toBe(false);
  expect(events).toEqual([]);
});

test('begins if the node knows what every change affected', () => {
  clock.now = 1000;
  contact();
  for (const n of [9, 8]) epoch.heard(n);
  stale.failed(refused);
  clock.now = 2000;
  expect(stale.servesStale()).toBe(true);
});

test('ends when the node hears of a change after a gap', () => {
  begin();
  expect(stale.servesStale()).toBe(true);
  epoch.heard(9);
  expect(stale.servesStale()).toBe(false);
  expect(reasons()).toEqual(['changed']);
});

test('requires that events can be written, and resumes when they can be again', () => {
  canWrite = false;
  begin();
  expect(stale.servesStale()).toBe(false);
  canWrite = true;
  expect(stale.servesStale()).toBe(true);
  canWrite = false;
  expect(stale.servesStale()).toBe(false);
  expect(reasons()).toEqual(['audit']);
  canWrite = true;
  expect(stale.servesStale()).toBe(true);
  expect(names()).toEqual(['StaleServingBegan', 'StaleServingEnded', 'StaleServingBegan']);
});

describe('an operator', () => {
  test('ends it, and it does not begin again after another contact', () => {
    begin();
    expect(stale.servesStale()).toBe(true);
    stale.switchOff();
    expect(stale.servesStale()).toBe(false);
    expect(reasons()).toEqual(['operator']);
    contact();
    clock.now += 1500;
    stale.failed(refused);
    expect(stale.servesStale()).toBe(false);
    expect(names()).toEqual(['StaleServingBegan', 'StaleServingEnded']);
  });

  test('prevents it before it begins', () => {
    stale.switchOff();
    begin();
    expect(stale.servesStale()).toBe(false);
    expect(events).toEqual([]);
    expect(log.map(({ msg }) => msg)).toEqual([expect.stringContaining('SIGUSR2')]);
  });
});

test('ends when the service stops', () => {
  begin();
  expect(stale.servesStale()).toBe(true);
  stale.stop();
  stale.failed(refused);
  expect(stale.servesStale()).toBe(false);
  expect(reasons()).toEqual(['stopping']);
});

describe('the time of a call', () => {
  test('is that of the database at the last contact, plus the time since then, and the call is counted', () => {
    begin();
    clock.now = 31_500;
    expect(stale.now(true)).toEqual(new Date(DATABASE_TIME + 31_500));
    clock.now = 32_000;
    expect(stale.now(true)).toEqual(new Date(DATABASE_TIME + 32_000));
    stale.reached();
    expect(events.at(-1)).toEqual(['StaleServingEnded', { reason: 'reached', secondsSinceLastContact: 31, calls: 2 }]);
    expect(stale.calls).toBe(2);
  });

  test('takes the time of the answer as that of the query, so that nothing is good for longer', () => {
    clock.now = 1000;
    const take = epoch.ask();
    clock.now = 1400;
    take({ n: 7, server: 'one', time: DATABASE_TIME });
    stale.failed(refused);
    clock.now = 3000;
    expect(stale.now(true)).toEqual(new Date(DATABASE_TIME + 2000));
  });

  test.each<[string, () => void, boolean]>([
    ['on another plane', begin, false],
    ['while values are good anyway', lose, true],
    ['while the database is reachable', contact, true],
    [
      'after the limit',
      () => {
        begin();
        clock.now = 61_000;
      },
      true,
    ],
  ])("is the node's %s", (_, arrange, mayBeStale) => {
    arrange();
    expect(stale.now(mayBeStale)).toBe(NODE_TIME);
    expect(stale.calls).toBe(0);
  });
});

test('never extends the second for which values are good', () => {
  begin();
  expect(stale.servesStale()).toBe(true);
  expect(stale.goodUntil).toBe(1000 + MAX_STALE_MS);
});
