import { pino } from 'pino';
import { Rounds } from './rounds.js';

const HOUR_MS = 3_600_000;

/** Creates rounds, and the list of the errors that they log. */
function rounds(round: () => void | Promise<void>, intervalMs = HOUR_MS): { rounds: Rounds; logged: string[] } {
  const logged: string[] = [];
  const write = (line: string) => {
    const { error, msg } = JSON.parse(line) as { error: string; msg: string };
    logged.push(`${msg}: ${error}`);
  };
  return { rounds: new Rounds({ intervalMs, round, logger: pino({}, { write }), failure: 'not done' }), logged };
}

/** A promise with the functions that settle it. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

test('repeats until it is stopped, and does not keep the process alive', async () => {
  const third = deferred();
  let count = 0;
  const { rounds: working } = rounds(() => {
    if (++count === 3) third.resolve();
  }, 1);
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  working.start();
  expect(timers()).toBe(before);
  await third.promise;
  await working.stop();
  const stopped = count;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(count).toBe(stopped);
});

test('runs one round at a time', async () => {
  let [count, inside] = [0, 0];
  const second = deferred();
  const { rounds: working } = rounds(async () => {
    expect(++inside).toBe(1);
    if (++count === 2) second.resolve();
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside--;
  }, 1);
  working.start();
  await Promise.all([working.run(), working.run(), second.promise]);
  await working.stop();
  expect(inside).toBe(0);
});

test('waits for the round that is running when it is stopped', async () => {
  const work = deferred();
  let isDone = false;
  const { rounds: working } = rounds(async () => {
    await work.promise;
    isDone = true;
  });
  void working.run();
  const stopped = working.stop();
  expect(working.isStopped).toBe(true);
  work.resolve();
  await stopped;
  expect(isDone).toBe(true);
});

test('logs a repeated failure only once', async () => {
  const failures = ['no database', 'no database', 'read-only', 'no database', undefined, 'no database'];
  const { rounds: working, logged } = rounds(() => {
    const failure = failures.shift();
    if (failure !== undefined) throw new Error(failure);
  });
  while (failures.length > 0) await working.run();
  expect(logged).toEqual(
    ['no database', 'read-only', 'no database', 'no database'].map((message) => `not done: ${message}`),
  );
});
