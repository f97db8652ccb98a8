import { useMonotonicClock } from '../../test/support/monotonic-clock.js';
import { ChangeEpoch, MAX_STALE_MS } from './change-epoch.js';

const clock = useMonotonicClock();
let forgotten: number;
let epoch: ChangeEpoch;
beforeEach(() => {
  forgotten = 0;
  epoch = new ChangeEpoch(() => forgotten++);
});

/** Time by the database's clock at the time 0 of the process. */
const DATABASE_TIME = 1_790_000_000_000;

const answer = (n: number, server = 'one') => epoch.ask()({ n, server, time: DATABASE_TIME + clock.now });
/** Answers a query at the given time, and returns for how long cached values are good from then on. */
const answerAt = (now: number, n: number, server?: string) => {
  clock.now = now;
  answer(n, server);
  return epoch.goodUntil - now;
};

test('no cached value may be used before the first answer', () => {
  expect(epoch.goodUntil).toBeLessThan(clock.now);
  epoch.heard(1);
  expect(epoch.goodUntil).toBeLessThan(clock.now);
});

test('the first answer clears the cache, and values that are read from then on are good for a second', () => {
  expect(answerAt(100, 7)).toBe(MAX_STALE_MS);
  expect(forgotten).toBe(1);
  expect(answerAt(350, 7)).toBe(MAX_STALE_MS);
  expect(forgotten).toBe(1);
});

test('the second begins when the query is sent', () => {
  answer(7);
  clock.now = 100;
  const take = epoch.ask();
  clock.now = 900;
  take({ n: 7, server: 'one', time: DATABASE_TIME });
  expect(epoch.goodUntil).toBe(100 + MAX_STALE_MS);
});

test('changes that the node heard of clear nothing, whether they arrive before, during or after the query', () => {
  answer(7);
  epoch.heard(8);
  expect(answerAt(250, 8)).toBe(MAX_STALE_MS);

  clock.now = 500;
  const take = epoch.ask();
  epoch.heard(9);
  epoch.heard(10);
  take({ n: 9, server: 'one', time: DATABASE_TIME });
  expect(epoch.goodUntil).toBe(500 + MAX_STALE_MS);

  expect(answerAt(750, 12)).toBe(MAX_STALE_MS - 250);
  epoch.heard(11);
  expect(epoch.goodUntil).toBe(500 + MAX_STALE_MS);
  epoch.heard(12);
  expect(epoch.goodUntil).toBe(750 + MAX_STALE_MS);
  expect(forgotten).toBe(1);
});

test('a node may hear of its own changes before those of others, and twice', () => {
  answer(7);
  for (const n of [9, 8, 9, 11, 10, 11]) epoch.heard(n);
  expect(answerAt(250, 11)).toBe(MAX_STALE_MS);
  expect(forgotten).toBe(1);
});

test('a change that the node has still not heard of at the next answer clears the cache', () => {
  answer(7);
  expect(answerAt(250, 8)).toBe(MAX_STALE_MS - 249);
  expect(forgotten).toBe(1);
  expect(answerAt(500, 8)).toBe(MAX_STALE_MS);
  expect(forgotten).toBe(2);
});

test('a gap among the changes that the node heard of clears the cache once', () => {
  answer(7);
  for (const n of [8, 10, 11]) epoch.heard(n);
  expect(answerAt(250, 10)).toBe(MAX_STALE_MS - 249);
  expect(answerAt(500, 10)).toBe(MAX_STALE_MS);
  expect(forgotten).toBe(2);
  // The changes after the gap are accounted for now.
  expect(answerAt(750, 11)).toBe(MAX_STALE_MS);
  expect(forgotten).toBe(2);
});

test('cached values are no longer good while the answer is late', () => {
  answer(7);
  clock.now = 2000;
  expect(epoch.goodUntil).toBeLessThan(clock.now);
  expect(answerAt(2000, 7)).toBe(MAX_STALE_MS);
  expect(forgotten).toBe(1);
});

test.each([
  ['another server answers', 10, 'two'],
  ['the change number goes back', 7, 'one'],
])('the cache is cleared if %s, and earlier notifications no longer count', (_, n, server) => {
  answer(7);
  for (const heard of [8, 9, 10]) epoch.heard(heard);
  expect(answerAt(250, n, server)).toBe(MAX_STALE_MS);
  expect(forgotten).toBe(2);
  // This change has the number of one that was lost.
  expect(answerAt(500, n + 1, server)).toBe(MAX_STALE_MS - 250);
});
