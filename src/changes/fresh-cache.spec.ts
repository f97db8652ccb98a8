import { FreshCache } from './fresh-cache.js';

/** Remembers names of keys by the names that they are asked for. */
class Names extends FreshCache<string> {
  owns(): boolean {
    return true;
  }

  protected dependsOn(arn: string, name: string, value: string): boolean {
    return name === arn || value === arn;
  }
}

const reading = (value: string | null) => () => Promise.resolve(value);

test('knows what was read while it is fresh, and nothing once it is too old', async () => {
  const [fresh, tooOld] = [new Names(Infinity), new Names(0)];
  for (const cache of [fresh, tooOld]) {
    expect(cache.known('a')).toBeUndefined();
    expect(await cache.read('a', reading('one'))).toBe('one');
  }
  expect(fresh.known('a')?.value).toBe('one');
  expect(tooOld.known('a')).toBeUndefined();
});

test('forgets what depends on a change, and nothing else', async () => {
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
])('does not remember what was read while %s', async (_, change) => {
  const cache = new Names(Infinity);
  let finish: (found: string) => void = () => undefined;
  const read = cache.read('a', () => new Promise<string>((resolve) => (finish = resolve)));
  change(cache);
  finish('old');
  expect(await read).toBe('old');
  expect(cache.known('a')).toBeUndefined();
});

test('forgets an older value when what was read after it may be older than a change', async () => {
  const cache = new Names(Infinity);
  await cache.read('a', reading('old'));
  await cache.read('a', () => {
    cache.forget('another');
    return Promise.resolve('new');
  });
  expect(cache.known('a')).toBeUndefined();
});

test('does not remember that there is nothing, nor what failed', async () => {
  const cache = new Names(Infinity);
  expect(await cache.read('a', reading(null))).toBeNull();
  expect(cache.known('a')).toBeUndefined();
  await expect(cache.read('a', () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  expect(cache.known('a')).toBeUndefined();
});

test('forgets what is read again and no longer there', async () => {
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

test('forgets everything when it is cleared', async () => {
  const cache = new Names(Infinity);
  await cache.read('a', reading('one'));
  cache.clear();
  expect(cache.known('a')).toBeUndefined();
});
