import { randomBytes, randomInt } from 'node:crypto';
import { MaskedKeys } from './masked-keys.js';

test.each([1, 15, 16, 17, 24, 32, 128, 2400])('returns %i bytes, every time', (length) => {
  const keys = new MaskedKeys();
  const key = {};
  const clear = randomBytes(length);
  keys.remember(key, clear);
  const lent = keys.get(key);
  expect(lent).toEqual(clear);
  lent?.fill(0);
  clear.fill(0, 0, 1);
  expect(keys.get(key)?.subarray(1)).toEqual(clear.subarray(1));
});

test('keeps keys apart', () => {
  const keys = new MaskedKeys();
  const known = Array.from({ length: 300 }, (_, i) => ({ key: {}, clear: Buffer.alloc(32, i) }));
  for (const { key, clear } of known) keys.remember(key, clear);
  for (const { key, clear } of known) expect(keys.get(key)).toEqual(clear);
  expect(keys.get({})).toBeUndefined();
});

test('replaces the bytes of a key', () => {
  const keys = new MaskedKeys();
  const key = {};
  keys.remember(key, Buffer.alloc(32, 1));
  keys.remember(key, Buffer.alloc(16, 2));
  expect(keys.get(key)).toEqual(Buffer.alloc(16, 2));
});

test('forgets the oldest keys when it is full, and keeps the others apart', () => {
  const keys = new MaskedKeys();
  const known = Array.from({ length: 5000 }, () => ({ key: {}, clear: randomBytes(16 + randomInt(2400)) }));
  for (const { key, clear } of known) keys.remember(key, clear);
  const found = known.map(({ key }) => keys.get(key));
  const forgotten = found.lastIndexOf(undefined) + 1;
  expect(found.slice(0, forgotten).filter((lent) => lent !== undefined)).toEqual([]);
  expect(known.slice(forgotten).filter(({ clear }, i) => !found[forgotten + i]?.equals(clear))).toEqual([]);
  const bytes = known.slice(forgotten).reduce((sum, { clear }) => sum + clear.length, 0);
  expect(bytes).toBeGreaterThan(1_000_000);
  expect(bytes).toBeLessThanOrEqual(1_048_576);
});
