import { KeyCache, type KnownKey } from './key-cache.js';

const key = (arn: string) => ({ key: { arn } }) as KnownKey;

test('reads once while what it knows is fresh, and again when it is too old', async () => {
  const cache = new KeyCache(50);
  let reads = 0;
  const read = () => Promise.resolve(key(`arn ${++reads}`));
  expect((await cache.get('a', read))?.key.arn).toBe('arn 1');
  expect((await cache.get('a', read))?.key.arn).toBe('arn 1');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect((await cache.get('a', read))?.key.arn).toBe('arn 2');
});

test('forgets a key under all its names at once, and no other', async () => {
  const cache = new KeyCache(50);
  for (const name of ['key', 'alias']) await cache.get(name, () => Promise.resolve(key('one')));
  await cache.get('other', () => Promise.resolve(key('two')));
  cache.forget('one');
  expect(await cache.get('key', () => Promise.resolve(null))).toBeNull();
  expect(await cache.get('alias', () => Promise.resolve(null))).toBeNull();
  expect((await cache.get('other', () => Promise.resolve(null)))?.key.arn).toBe('two');
});

test('does not remember what was read while a key changed', async () => {
  const cache = new KeyCache(50);
  let finish: (found: KnownKey) => void = () => undefined;
  const reading = cache.get('a', () => new Promise((resolve) => (finish = resolve)));
  cache.forget('old');
  finish(key('old'));
  expect((await reading)?.key.arn).toBe('old');
  expect((await cache.get('a', () => Promise.resolve(key('new'))))?.key.arn).toBe('new');
});

test('does not remember that there is no key', async () => {
  const cache = new KeyCache(50);
  expect(await cache.get('a', () => Promise.resolve(null))).toBeNull();
  expect((await cache.get('a', () => Promise.resolve(key('new'))))?.key.arn).toBe('new');
});

test('remembers for ever where there is no other node, and forgets all when told', async () => {
  const cache = new KeyCache(Infinity);
  await cache.get('a', () => Promise.resolve(key('one')));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await cache.get('a', () => Promise.resolve(null)))?.key.arn).toBe('one');
  cache.clear();
  expect(await cache.get('a', () => Promise.resolve(null))).toBeNull();
});
