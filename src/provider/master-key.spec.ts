import fc from 'fast-check';
import { MasterKey, SealError, sealedUnder } from './master-key.js';

const masterKey = new MasterKey(Buffer.alloc(32, 7));
const AAD = Buffer.from('associated data');

test('opens values of any length, and seals a value differently each time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array(), (clear, aad) => {
      const sealed = masterKey.seal(Buffer.from(aad), Buffer.from(clear));
      expect(masterKey.open(Buffer.from(aad), sealed)).toEqual(Buffer.from(clear));
      expect(masterKey.seal(Buffer.from(aad), Buffer.from(clear))).not.toEqual(sealed);
    }),
    { numRuns: 50 },
  );
});

test('refuses a sealed value in which any bit is flipped or any byte is missing', () => {
  const sealed = masterKey.seal(AAD, Buffer.alloc(24, 3));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => masterKey.open(AAD, flipped)).toThrow(SealError);
  }
  for (let length = 0; length < sealed.length; length++)
    expect(() => masterKey.open(AAD, sealed.subarray(0, length))).toThrow(SealError);
  expect(() => masterKey.open(Buffer.from('another'), sealed)).toThrow(SealError);
  expect(() => new MasterKey(Buffer.alloc(32, 8)).open(AAD, sealed)).toThrow('Sealed under another master key');
});

test('has an id that depends on the key', () => {
  expect(masterKey.id).toMatch(/^[0-9a-f]{16}$/);
  expect(new MasterKey(Buffer.alloc(32, 7)).id).toBe(masterKey.id);
  expect(new MasterKey(Buffer.alloc(32, 8)).id).not.toBe(masterKey.id);
});

test.each([0, 31, 33])('refuses a key of %i bytes', (length) => {
  expect(() => new MasterKey(Buffer.alloc(length))).toThrow('32 bytes');
});

describe('a keyring', () => {
  const keyring = () => {
    const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)];
    const [one, two, three] = keys.map((key) => new MasterKey(Buffer.from(key)));
    return { one: one!, two: two!, three: three!, all: new MasterKey(...(keys as [Buffer])), keys };
  };
  const clear = Buffer.from('clear value');

  test('seals under the current key and opens under the key that a value names', () => {
    const { one, two, all } = keyring();
    expect(all.ids).toEqual([one.id, two.id, keyring().three.id]);
    const before = all.seal(AAD, clear);
    all.use(two.id, one.id);
    const after = all.seal(AAD, clear);
    expect([before, after].map(sealedUnder)).toEqual([one.id, two.id]);
    expect([before, after].map((sealed) => all.open(AAD, sealed))).toEqual([clear, clear]);
    expect(sealedUnder(all.reseal(AAD, before))).toBe(two.id);
    expect(two.open(AAD, all.reseal(AAD, before))).toEqual(clear);
    expect([all.id, all.retiringId]).toEqual([two.id, one.id]);
  });

  test('unwraps a wrapped key with the other key, and under its own id only', () => {
    const { one, two, all } = keyring();
    const wrapped = all.wrap(two.id, one.id);
    expect(() => two.unwrap(two.id, wrapped)).toThrow(SealError);
    expect(() => one.unwrap(keyring().three.id, wrapped)).toThrow(SealError);
    expect(one.has(two.id)).toBe(false);
    one.unwrap(two.id, wrapped);
    expect(one.open(AAD, two.seal(AAD, clear))).toEqual(clear);
    expect(wrapped.includes(Buffer.alloc(32, 2))).toBe(false);
  });

  test('wipes retired keys, but neither of the two keys in use', () => {
    const { one, two, three, all, keys } = keyring();
    all.use(two.id, one.id);
    expect(all.retiredIds).toEqual([three.id]);
    all.wipeRetired([one.id, two.id]);
    expect(keys).toEqual([Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)]);
    all.use(two.id);
    expect(all.open(AAD, one.seal(AAD, clear))).toEqual(clear);
    all.wipeRetired();
    expect(keys).toEqual([Buffer.alloc(32), Buffer.alloc(32, 2), Buffer.alloc(32)]);
    expect(() => all.open(AAD, one.seal(AAD, clear))).toThrow('Sealed under another master key');
    expect(() => all.use(one.id)).toThrow('not in the keyring');
  });
});
