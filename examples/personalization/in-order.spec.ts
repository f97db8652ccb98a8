import { setTimeout as sleep } from 'node:timers/promises';
import { inOrder } from './in-order.js';

async function all<T>(results: AsyncGenerator<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const result of results) list.push(result);
  return list;
}

test.each([1, 2, 7, 20, 50])(
  'with a limit of %i: yields results in order, processes each item once and keeps the limit',
  async (limit) => {
    const items = Array.from({ length: 20 }, (_, i) => i);
    let [underWay, most] = [0, 0];
    const started: number[] = [];
    const work = async (item: number) => {
      started.push(item);
      most = Math.max(most, ++underWay);
      await sleep((item * 7) % 5);
      underWay--;
      return -item;
    };
    expect(await all(inOrder(items, limit, work))).toEqual(items.map((item) => -item));
    expect(started).toEqual(items);
    expect(most).toBe(Math.min(limit, 20));
  },
);

test('yields nothing for no items', async () => {
  expect(await all(inOrder([], 3, () => Promise.resolve(1)))).toEqual([]);
});

test('yields the results before a failure, then throws', async () => {
  const given: number[] = [];
  const work = (item: number) => (item === 3 ? Promise.reject(new Error('of 3')) : Promise.resolve(item));
  const take = async () => {
    for await (const result of inOrder([0, 1, 2, 3, 4, 5], 4, work)) given.push(result);
  };
  await expect(take()).rejects.toThrow('of 3');
  expect(given).toEqual([0, 1, 2]);
});
