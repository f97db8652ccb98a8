import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { equal, toHex } from '../bytes.js';
import type { KeyBlockVersion } from './header-values.js';
import { deriveBlockKeys, type Kbpk } from './kbpk.js';

interface Vector {
  version: KeyBlockVersion;
  kbpk: string;
  kbpkAlgorithm: Kbpk['algorithm'];
  expected: { kbek: string; kbak: string };
}

test.each(vectors<Vector>('tr31'))(
  '$id: derives the keys of version $version, $source',
  ({ version, kbpk, kbpkAlgorithm, expected }) => {
    using keys = deriveBlockKeys(version, { algorithm: kbpkAlgorithm, key: hex(kbpk) });
    expect(toHex(keys.kbek)).toBe(expected.kbek);
    expect(toHex(keys.kbak)).toBe(expected.kbak);
  },
);

const ALGORITHM_OTHER_THAN = { TDES: 'AES', AES: 'TDES' } as const;

test.each(vectors<Vector>('tr31'))(
  '$id: refuses a KBPK of another algorithm or length',
  ({ version, kbpk, kbpkAlgorithm }) => {
    const key = hex(kbpk);
    const derive = (other: Partial<Kbpk>) => deriveBlockKeys(version, { algorithm: kbpkAlgorithm, key, ...other });
    expect(() => derive({ algorithm: ALGORITHM_OTHER_THAN[kbpkAlgorithm] })).toThrow(
      expect.objectContaining({ code: 'MODE' }),
    );
    for (const length of [0, 8, key.length - 1, key.length + 1, 48])
      expect(() => derive({ key: Buffer.alloc(length, key) })).toThrow(expect.objectContaining({ code: 'KEY_LENGTH' }));
  },
);

test.each(vectors<Vector>('tr31'))(
  '$id: a KBPK that differs in one bit derives different keys',
  ({ version, kbpk, kbpkAlgorithm, expected }) => {
    // Key derivation ignores the parity of a TDES key; the variant method preserves it.
    const counts = (bit: number) => version !== 'B' || bit % 8 !== 7;
    const others = bitFlips(hex(kbpk)).filter((_, bit) => counts(bit));
    const same = others.filter((key) => {
      using keys = deriveBlockKeys(version, { algorithm: kbpkAlgorithm, key });
      return equal(keys.kbek, hex(expected.kbek)) || equal(keys.kbak, hex(expected.kbak));
    });
    expect(same).toEqual([]);
  },
);

test('zeroizes the keys at the end of their scope, but not the KBPK', () => {
  const kbpk = Buffer.alloc(16, 7);
  const keys = deriveBlockKeys('B', { algorithm: 'TDES', key: kbpk });
  expect(keys.kbek.every((byte) => byte === 0)).toBe(false);
  keys[Symbol.dispose]();
  expect(keys.kbek).toEqual(Buffer.alloc(16));
  expect(keys.kbak).toEqual(Buffer.alloc(16));
  expect(kbpk).toEqual(Buffer.alloc(16, 7));
});

test.each(['A', 'B', 'C'] as const)('version %s refuses an AES KBPK, even of a length that TDES allows', (version) => {
  expect(() => deriveBlockKeys(version, { algorithm: 'AES', key: Buffer.alloc(16) })).toThrow(
    expect.objectContaining({ code: 'MODE', message: expect.stringContaining('TDES') }),
  );
});

test('version D refuses a TDES KBPK', () => {
  expect(() => deriveBlockKeys('D', { algorithm: 'TDES', key: Buffer.alloc(24) })).toThrow(
    expect.objectContaining({ code: 'MODE', message: expect.stringContaining('AES') }),
  );
});

test.each([
  ['A', 'TDES', 8],
  ['B', 'TDES', 8],
  ['B', 'TDES', 32],
  ['C', 'TDES', 0],
  ['D', 'AES', 8],
  ['D', 'AES', 31],
  ['D', 'AES', 48],
] as const)('version %s refuses a %s KBPK of %i bytes', (version, algorithm, bytes) => {
  expect(() => deriveBlockKeys(version, { algorithm, key: Buffer.alloc(bytes) })).toThrow(
    expect.objectContaining({ code: 'KEY_LENGTH' }),
  );
});
