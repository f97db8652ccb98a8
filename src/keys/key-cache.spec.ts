import { KeyCache } from './key-cache.js';
import type { Key } from './key.entity.js';

const key = (arn: string) => ({ arn }) as Key;

test('reads once while what it knows is fresh, and again when it is too old', async () => {
  const cache = new KeyCache(50);
  let reads = 0;
  const read = () => Promise.resolve(key(`arn ${++reads}`));
  expect((await cache.get('a', read))?.arn).toBe('arn 1');
  expect((await cache.get('a', read))?.arn).toBe('arn 1');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect((await cache.get('a', read))?.arn).toBe('arn 2');
});

test('forgets a key under all its names at once, and no other', async () => {
  const cache = new KeyCache(50);
  for (const name of ['key', 'alias']) await cache.get(name, () => Promise.resolve(key('one')));
  await cache.get('other', () => Promise.resolve(key('two')));
  cache.forget('one');
  expect(await cache.get('key', () => Promise.resolve(null))).toBeNull();
  expect(await cache.get('alias', () => Promise.resolve(null))).toBeNull();
  expect((await cache.get('other', () => Promise.resolve(null)))?.arn).toBe('two');
});

test('does not remember what was read while a key changed', async () => {
  const cache = new KeyCache(50);
  let finish: (found: Key) => void = () => undefined;
  const reading = cache.get('a', () => new Promise((resolve) => (finish = resolve)));
  cache.forget('old');
  finish(key('old'));
  expect((await reading)?.arn).toBe('old');
  expect((await cache.get('a', () => Promise.resolve(key('new'))))?.arn).toBe('new');
});

test('does not remember that there is no key', async () => {
  const cache = new KeyCache(50);
  expect(await cache.get('a', () => Promise.resolve(null))).toBeNull();
  expect((await cache.get('a', () => Promise.resolve(key('new'))))?.arn).toBe('new');
});

test('remembers for ever where there is no other node, and forgets all when told', async () => {
  const cache = new KeyCache(Infinity);
  await cache.get('a', () => Promise.resolve(key('one')));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await cache.get('a', () => Promise.resolve(null)))?.arn).toBe('one');
  cache.clear();
  expect(await cache.get('a', () => Promise.resolve(null))).toBeNull();
});
