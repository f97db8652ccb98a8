import fc from 'fast-check';
import { MasterKey, SealError, sealedUnder } from './master-key.js';

const masterKey = new MasterKey(Buffer.alloc(32, 7));
const BOUND = Buffer.from('what it belongs to');

test('opens what it sealed, of any length, and seals never alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array(), (clear, bound) => {
      const sealed = masterKey.seal(Buffer.from(bound), Buffer.from(clear));
      expect(masterKey.open(Buffer.from(bound), sealed)).toEqual(Buffer.from(clear));
      expect(masterKey.seal(Buffer.from(bound), Buffer.from(clear))).not.toEqual(sealed);
    }),
    { numRuns: 50 },
  );
});

test('every bit counts', () => {
  const sealed = masterKey.seal(BOUND, Buffer.alloc(24, 3));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => masterKey.open(BOUND, flipped)).toThrow(SealError);
  }
  for (let length = 0; length < sealed.length; length++)
    expect(() => masterKey.open(BOUND, sealed.subarray(0, length))).toThrow(SealError);
  expect(() => masterKey.open(Buffer.from('another'), sealed)).toThrow(SealError);
  expect(() => new MasterKey(Buffer.alloc(32, 8)).open(BOUND, sealed)).toThrow('Sealed under another master key');
});

test('has an id that is its own', () => {
  expect(masterKey.id).toMatch(/^[0-9a-f]{16}$/);
  expect(new MasterKey(Buffer.alloc(32, 7)).id).toBe(masterKey.id);
  expect(new MasterKey(Buffer.alloc(32, 8)).id).not.toBe(masterKey.id);
});

test.each([0, 31, 33])('is not made of %i bytes', (length) => {
  expect(() => new MasterKey(Buffer.alloc(length))).toThrow('32 bytes');
});

describe('a ring', () => {
  const ring = () => {
    const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)];
    const [one, two, three] = keys.map((key) => new MasterKey(Buffer.from(key)));
    return { one: one!, two: two!, three: three!, all: new MasterKey(...(keys as [Buffer])), keys };
  };
  const clear = Buffer.from('what is kept');

  test('seals under the current key and opens under whichever is named', () => {
    const { one, two, all } = ring();
    expect(all.ids).toEqual([one.id, two.id, ring().three.id]);
    const before = all.seal(BOUND, clear);
    all.use(two.id, one.id);
    const after = all.seal(BOUND, clear);
    expect([before, after].map(sealedUnder)).toEqual([one.id, two.id]);
    expect([before, after].map((sealed) => all.open(BOUND, sealed))).toEqual([clear, clear]);
    expect(sealedUnder(all.reseal(BOUND, before))).toBe(two.id);
    expect(two.open(BOUND, all.reseal(BOUND, before))).toEqual(clear);
    expect([all.id, all.retiringId]).toEqual([two.id, one.id]);
  });

  test('a key goes to who has another, as that key and no other', () => {
    const { one, two, all } = ring();
    const wrapped = all.wrap(two.id, one.id);
    expect(() => two.unwrap(two.id, wrapped)).toThrow(SealError);
    expect(() => one.unwrap(ring().three.id, wrapped)).toThrow(SealError);
    expect(one.has(two.id)).toBe(false);
    one.unwrap(two.id, wrapped);
    expect(one.open(BOUND, two.seal(BOUND, clear))).toEqual(clear);
    expect(wrapped.includes(Buffer.alloc(32, 2))).toBe(false);
  });

  test('what is retired is wiped when it is told, and neither of the two in use', () => {
    const { one, two, three, all, keys } = ring();
    all.use(two.id, one.id);
    expect(all.retiredIds).toEqual([three.id]);
    all.wipeRetired([one.id, two.id]);
    expect(keys).toEqual([Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)]);
    all.use(two.id);
    expect(all.open(BOUND, one.seal(BOUND, clear))).toEqual(clear);
    all.wipeRetired();
    expect(keys).toEqual([Buffer.alloc(32), Buffer.alloc(32, 2), Buffer.alloc(32)]);
    expect(() => all.open(BOUND, one.seal(BOUND, clear))).toThrow('Sealed under another master key');
    expect(() => all.use(one.id)).toThrow('not in the ring');
  });
});
