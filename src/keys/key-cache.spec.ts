import { KeyCache, MAX_STALE_MS } from './key-cache.js';
import type { Key } from './key.entity.js';

const key = (arn: string) => ({ arn }) as Key;

test('reads once while what it knows is fresh, and again when it is too old', async () => {
  const cache = new KeyCache();
  let reads = 0;
  const read = () => Promise.resolve(key(`arn ${++reads}`));
  expect((await cache.get('a', read))?.arn).toBe('arn 1');
  expect((await cache.get('a', read))?.arn).toBe('arn 1');
  await new Promise((resolve) => setTimeout(resolve, MAX_STALE_MS + 20));
  expect((await cache.get('a', read))?.arn).toBe('arn 2');
});

test('forgets a key under all its names at once, and no other', async () => {
  const cache = new KeyCache();
  for (const name of ['key', 'alias']) await cache.get(name, () => Promise.resolve(key('one')));
  await cache.get('other', () => Promise.resolve(key('two')));
  cache.forget('one');
  expect(await cache.get('key', () => Promise.resolve(null))).toBeNull();
  expect(await cache.get('alias', () => Promise.resolve(null))).toBeNull();
  expect((await cache.get('other', () => Promise.resolve(null)))?.arn).toBe('two');
});

test('does not remember what was read while a key changed', async () => {
  const cache = new KeyCache();
  let finish: (found: Key) => void = () => undefined;
  const reading = cache.get('a', () => new Promise((resolve) => (finish = resolve)));
  cache.forget('old');
  finish(key('old'));
  expect((await reading)?.arn).toBe('old');
  expect((await cache.get('a', () => Promise.resolve(key('new'))))?.arn).toBe('new');
});

test('does not remember that there is no key', async () => {
  const cache = new KeyCache();
  expect(await cache.get('a', () => Promise.resolve(null))).toBeNull();
  expect((await cache.get('a', () => Promise.resolve(key('new'))))?.arn).toBe('new');
});
