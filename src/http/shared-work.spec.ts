import { setImmediate as turn } from 'node:timers/promises';
import { sharedWork } from './shared-work.js';

test('is done once for all who ask meanwhile, and again for those who ask later', async () => {
  let times = 0;
  const work = sharedWork(async () => {
    times++;
    await turn();
    return times;
  });
  expect(await Promise.all([work(), work(), work()])).toEqual([1, 1, 1]);
  expect(await Promise.all([work(), work()])).toEqual([2, 2]);
});

test('is done again after a failure', async () => {
  const faults = [new Error('first')];
  const work = sharedWork(async () => {
    await turn();
    const fault = faults.pop();
    if (fault) throw fault;
    return 'done';
  });
  const failed = [work(), work()];
  for (const each of failed) await expect(each).rejects.toThrow('first');
  expect(await work()).toBe('done');
});
