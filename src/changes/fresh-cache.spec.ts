import { FreshCache } from './fresh-cache.js';

/** Caches the ARNs of keys by the names used to look them up. */
class Names extends FreshCache<string> {
  owns(): boolean {
    return true;
  }

  protected dependsOn(arn: string, name: string, value: string): boolean {
    return name === arn || value === arn;
  }
}

const reading = (value: string | null) => () => Promise.resolve(value);

test('returns an entry while it is fresh, and nothing once it is too old', async () => {
  const [fresh, tooOld] = [new Names(Infinity), new Names(0)];
  for (const cache of [fresh, tooOld]) {
    expect(cache.known('a')).toBeUndefined();
    expect(await cache.read('a', reading('one'))).toBe('one');
  }
  expect(fresh.known('a')?.value).toBe('one');
  expect(tooOld.known('a')).toBeUndefined();
});

test('drops the entries that depend on a change, and no others', async () => {
  const cache = new Names(Infinity);
  for (const name of ['key', 'alias']) await cache.read(name, reading('one'));
  await cache.read('other', reading('two'));
  cache.forget('one');
  expect(['key', 'alias', 'other'].map((name) => cache.known(name)?.value)).toEqual([undefined, undefined, 'two']);
  cache.forget('other');
  expect(cache.known('other')).toBeUndefined();
});

test.each([
  ['something changed', (cache: Names) => cache.forget('another')],
  ['it was cleared', (cache: Names) => cache.clear()],
])('does not cache a read during which %s', async (_, change) => {
  const cache = new Names(Infinity);
  let finish: (found: string) => void = () => undefined;
  const read = cache.read('a', () => new Promise<string>((resolve) => (finish = resolve)));
  change(cache);
  finish('old');
  expect(await read).toBe('old');
  expect(cache.known('a')).toBeUndefined();
});

test('drops the previous value when a later read may be older than a change', async () => {
  const cache = new Names(Infinity);
  await cache.read('a', reading('old'));
  await cache.read('a', () => {
    cache.forget('another');
    return Promise.resolve('new');
  });
  expect(cache.known('a')).toBeUndefined();
});

test('caches neither missing values nor failures', async () => {
  const cache = new Names(Infinity);
  expect(await cache.read('a', reading(null))).toBeNull();
  expect(cache.known('a')).toBeUndefined();
  await expect(cache.read('a', () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  expect(cache.known('a')).toBeUndefined();
});

test('drops an entry that a later read no longer finds', async () => {
  const cache = new Names(Infinity);
  await cache.read('a', reading('one'));
  expect(await cache.read('a', reading(null))).toBeNull();
  expect(cache.known('a')).toBeUndefined();
});

test('keeps 20,000 entries, and drops the oldest for a new one', async () => {
  const cache = new Names(Infinity);
  for (let i = 0; i <= 20_000; i++) await cache.read(`${i}`, reading('one'));
  expect(['0', '1', '20000'].map((name) => cache.known(name)?.value)).toEqual([undefined, 'one', 'one']);
  await cache.read('1', reading('again'));
  expect(cache.known('2')?.value).toBe('one');
});

test('drops everything when it is cleared', async () => {
  const cache = new Names(Infinity);
  await cache.read('a', reading('one'));
  cache.clear();
  expect(cache.known('a')).toBeUndefined();
});
