import { useMonotonicClock } from '../../test/support/monotonic-clock.js';
import { MAX_STALE_MS } from './change-epoch.js';
import { FreshCache } from './fresh-cache.js';

/** Caches the ARNs of keys under the names used to look them up. */
class Names extends FreshCache<string> {
  owns(): boolean {
    return true;
  }

  protected sourceOf(value: string): string {
    return value;
  }
}

const FRESH = { goodUntil: Infinity, servesStale: () => false };
const reading = (value: string | null) => () => Promise.resolve(value);

/** A load function that counts its calls, and whose result the test settles. */
function pending() {
  let end: (found: string | null) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const result = new Promise<string | null>((resolve, reject) => ([end, fail] = [resolve, reject]));
  const read = { count: 0, end, fail, load };
  function load() {
    read.count++;
    return result;
  }
  return read;
}

test('returns values only while they are fresh, and again once their freshness is extended', async () => {
  const freshness = { ...FRESH };
  const cache = new Names(freshness);
  expect(cache.known('a')).toBeUndefined();
  expect(await cache.read('a', reading('one'))).toBe('one');
  expect(cache.known('a')?.value).toBe('one');
  freshness.goodUntil = performance.now();
  expect(cache.known('a')).toBeUndefined();
  freshness.goodUntil = Infinity;
  expect(cache.known('a')?.value).toBe('one');
});

test('drops the values that a change invalidates, and no others', async () => {
  const cache = new Names(FRESH);
  for (const name of ['one', 'alias', 'another alias']) await cache.read(name, reading('one'));
  await cache.read('other', reading('two'));
  const known = () => ['one', 'alias', 'another alias', 'other'].map((name) => cache.known(name)?.value);
  cache.forget('alias');
  expect(known()).toEqual(['one', undefined, 'one', 'two']);
  cache.forget('one');
  expect(known()).toEqual([undefined, undefined, undefined, 'two']);
  cache.forget('other');
  expect(cache.known('other')).toBeUndefined();
});

test('drops a value when the source that it was last read from changes', async () => {
  const cache = new Names(FRESH);
  await cache.read('alias', reading('one'));
  await cache.read('alias', reading('two'));
  cache.forget('one');
  expect(cache.known('alias')?.value).toBe('two');
  cache.forget('two');
  expect(cache.known('alias')).toBeUndefined();
});

test.each([
  ['something changed', (cache: Names) => cache.forget('another')],
  ['the cache was cleared', (cache: Names) => cache.clear()],
])('does not cache a value if %s while it was read', async (_, change) => {
  const cache = new Names(FRESH);
  const { load, end } = pending();
  const read = cache.read('a', load);
  change(cache);
  end('old');
  expect(await read).toBe('old');
  expect(cache.known('a')).toBeUndefined();
});

test('drops the previous value when a later read may be older than a change', async () => {
  const cache = new Names(FRESH);
  await cache.read('a', reading('old'));
  await cache.read('a', () => {
    cache.forget('another');
    return Promise.resolve('new');
  });
  expect(cache.known('a')).toBeUndefined();
});

test('caches neither missing values nor failures', async () => {
  const cache = new Names(FRESH);
  expect(await cache.read('a', reading(null))).toBeNull();
  expect(cache.known('a')).toBeUndefined();
  await expect(cache.read('a', () => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
  expect(cache.known('a')).toBeUndefined();
  expect(await cache.read('a', reading('one'))).toBe('one');
});

test('drops a value that a later read no longer finds', async () => {
  const cache = new Names(FRESH);
  await cache.read('a', reading('one'));
  expect(await cache.read('a', reading(null))).toBeNull();
  expect(cache.known('a')).toBeUndefined();
});

test('drops everything when it is cleared', async () => {
  const cache = new Names(FRESH);
  await cache.read('a', reading('one'));
  cache.clear();
  expect(cache.known('a')).toBeUndefined();
});

describe('a call that finds a value', () => {
  const away = Object.assign(new Error('no database'), { code: 'ECONNREFUSED' });
  const refused = Object.assign(new Error('permission denied'), { code: '42501' });
  const failing = (error: Error) => () => Promise.reject<string>(error);
  const never = () => Promise.reject<string>(new Error('it was read'));

  /** A cache with one value that may be outdated by now. */
  async function outdated(servesStale = true) {
    const freshness = { goodUntil: Infinity, servesStale: () => servesStale };
    const cache = new Names(freshness);
    await cache.read('a', reading('one'));
    freshness.goodUntil = performance.now();
    return { cache, freshness };
  }

  test.each([true, false])('gets a fresh value without a promise (in the data plane: %s)', async (mayBeStale) => {
    const cache = new Names(FRESH);
    expect(await cache.find('a', mayBeStale, reading('one'))).toBe('one');
    expect(cache.find('a', mayBeStale, never)).toBe('one');
  });

  test('gets a value that may be outdated if the call is in the data plane and the database is unreachable', async () => {
    const { cache } = await outdated();
    expect(cache.find('a', true, never)).toBe('one');
    expect(cache.lookups).toMatchObject({ hit: 1, miss: 1 });
  });

  test.each([
    ['the call is on another plane', true, false],
    ['the database is reachable', false, true],
  ])('reads the value if %s', async (_, servesStale, mayBeStale) => {
    const { cache } = await outdated(servesStale);
    expect(await cache.find('a', mayBeStale, reading('two'))).toBe('two');
    await expect(cache.find('a', mayBeStale, failing(away))).rejects.toBe(away);
  });

  test.each([
    ['was never cached', 'b', () => undefined],
    ['was dropped because of a change', 'a', (cache: Names) => cache.forget('one')],
    ['was dropped with all others', 'a', (cache: Names) => cache.clear()],
  ])('fails if the value %s', async (_, name, change) => {
    const { cache } = await outdated();
    change(cache);
    await expect(cache.find(name, true, failing(away))).rejects.toBe(away);
  });

  test('gets the value even if the database turns out to be unreachable during the read', async () => {
    let isAway = false;
    const freshness = { goodUntil: 0, servesStale: () => isAway };
    const cache = new Names(freshness);
    await cache.read('a', reading('one'));
    const { load, fail } = pending();
    const found = Promise.allSettled([true, false].map(async (mayBeStale) => cache.find('a', mayBeStale, load)));
    isAway = true;
    fail(away);
    expect(await found).toEqual([
      { status: 'fulfilled', value: 'one' },
      { status: 'rejected', reason: away },
    ]);
  });

  test('fails if the database answers the read with an error', async () => {
    let isAway = false;
    const cache = new Names({ goodUntil: 0, servesStale: () => isAway });
    await cache.read('a', reading('one'));
    const { load, fail } = pending();
    const found = cache.find('a', true, load);
    isAway = true;
    fail(refused);
    await expect(found).rejects.toBe(refused);
  });

  test('does not get a cached absence: the value may exist by now', async () => {
    class Some extends FreshCache<string | undefined> {
      owns(): boolean {
        return true;
      }

      protected sourceOf(): string {
        return 'none';
      }
    }
    const freshness = { goodUntil: Infinity, servesStale: () => true };
    const cache = new Some(freshness);
    expect(await cache.find('a', true, () => Promise.resolve(undefined))).toBeUndefined();
    expect(cache.find('a', true, never)).toBeUndefined();
    freshness.goodUntil = 0;
    await expect(cache.find('a', true, failing(away))).rejects.toBe(away);
  });
});

describe('calls that need a value while it is being read', () => {
  test('share the read if they need the same name', async () => {
    const cache = new Names(FRESH);
    const slow = pending();
    const reads = Array.from({ length: 100 }, () => cache.read('a', slow.load));
    expect(await cache.read('b', reading('two'))).toBe('two');
    slow.end('one');
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['one']));
    expect(slow.count).toBe(1);
    // The next read loads the value again.
    expect(await cache.read('a', reading('three'))).toBe('three');
  });

  test('share its failure, and the next call reads again', async () => {
    const cache = new Names(FRESH);
    const failing = pending();
    const reads = [cache.read('a', failing.load), cache.read('a', failing.load)];
    failing.fail(new Error('no database'));
    for (const read of reads) await expect(read).rejects.toThrow('no database');
    expect(failing.count).toBe(1);
    expect(await cache.read('a', reading('one'))).toBe('one');
  });

  test.each([
    ['something changed', (cache: Names) => cache.forget('another')],
    ['everything was cleared', (cache: Names) => cache.clear()],
  ])('read again if %s since the read began', async (_, change) => {
    const cache = new Names(FRESH);
    const { load, end } = pending();
    const before = cache.read('a', load);
    change(cache);
    expect(await cache.read('a', reading('new'))).toBe('new');
    end('old');
    expect(await before).toBe('old');
  });

  describe('a second later', () => {
    const clock = useMonotonicClock();

    test('read again', async () => {
      const cache = new Names(FRESH);
      const slow = pending();
      const before = cache.read('a', slow.load);
      clock.now += MAX_STALE_MS - 1;
      const shared = cache.read('a', slow.load);
      clock.now += 1;
      expect(await cache.read('a', reading('new'))).toBe('new');
      slow.end('old');
      expect(await Promise.all([before, shared])).toEqual(['old', 'old']);
      expect(slow.count).toBe(1);
    });
  });
});

describe('a full cache', () => {
  const known = (cache: Names, names: string[]) => names.filter((name) => cache.known(name));

  test('holds 20,000 values by default, and drops the oldest value that was not used', async () => {
    const cache = new Names(FRESH);
    for (let i = 0; i < 20_000; i++) await cache.read(`${i}`, reading('one'));
    cache.known('0');
    await cache.read('new', reading('one'));
    expect(known(cache, ['0', '1', '2', '19999', 'new'])).toEqual(['0', '2', '19999', 'new']);
  });

  test('keeps values that are used while other names pass through', async () => {
    const cache = new Names(FRESH, 10);
    for (const name of ['a', 'b', 'c']) await cache.read(name, reading('one'));
    for (let i = 0; i < 1000; i++) {
      await cache.read(`${i}`, reading('two'));
      expect(known(cache, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    }
    cache.forget('one');
    expect(known(cache, ['a', 'b', 'c', '999'])).toEqual(['999']);
  });

  test('drops a value even if all values are used', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `${i}`);
    const cache = new Names(FRESH, names.length);
    for (const name of names) await cache.read(name, reading('one'));
    known(cache, names);
    await cache.read('new', reading('one'));
    expect(known(cache, [...names, 'new'])).toHaveLength(names.length);
    expect(cache.known('new')).toBeDefined();
  });

  test('drops nothing for a value that it holds already', async () => {
    const cache = new Names(FRESH, 2);
    for (const name of ['a', 'b', 'b', 'a', 'b']) await cache.read(name, reading('one'));
    expect(known(cache, ['a', 'b'])).toEqual(['a', 'b']);
  });
});
