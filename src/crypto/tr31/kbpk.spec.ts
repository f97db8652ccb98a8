import { hex, vectors } from '../../../test/support/vectors.js';
import { toHex } from '../bytes.js';
import type { KeyBlockVersion } from './header-values.js';
import { deriveBlockKeys, type Kbpk } from './kbpk.js';

interface Vector {
  version: KeyBlockVersion;
  kbpk: string;
  kbpkAlgorithm: Kbpk['algorithm'];
  expected: { kbek: string; kbak: string };
}

test.each(vectors<Vector>('tr31'))(
  '$id: keys of version $version, $source',
  ({ version, kbpk, kbpkAlgorithm, expected }) => {
    using keys = deriveBlockKeys(version, { algorithm: kbpkAlgorithm, key: hex(kbpk) });
    expect(toHex(keys.kbek)).toBe(expected.kbek);
    expect(toHex(keys.kbak)).toBe(expected.kbak);
  },
);

test('the keys are zeroized with the scope that holds them, the KBPK is not', () => {
  const kbpk = Buffer.alloc(16, 7);
  const keys = deriveBlockKeys('B', { algorithm: 'TDES', key: kbpk });
  expect(keys.kbek.every((byte) => byte === 0)).toBe(false);
  keys[Symbol.dispose]();
  expect(keys.kbek).toEqual(Buffer.alloc(16));
  expect(keys.kbak).toEqual(Buffer.alloc(16));
  expect(kbpk).toEqual(Buffer.alloc(16, 7));
});

test.each(['A', 'B', 'C'] as const)('version %s refuses an AES KBPK, though a TDES key can be as long', (version) => {
  expect(() => deriveBlockKeys(version, { algorithm: 'AES', key: Buffer.alloc(16) })).toThrow(
    expect.objectContaining({ code: 'KEY_BLOCK', message: expect.stringContaining('TDES') }),
  );
});

test('version D refuses a TDES KBPK', () => {
  expect(() => deriveBlockKeys('D', { algorithm: 'TDES', key: Buffer.alloc(24) })).toThrow(
    expect.objectContaining({ code: 'KEY_BLOCK', message: expect.stringContaining('AES') }),
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
