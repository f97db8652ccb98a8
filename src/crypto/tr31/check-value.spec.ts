import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { toHex } from '../bytes.js';
import { isCheckValueOf } from './check-value.js';
import { CIPHERS, type Kbpk } from './kbpk.js';
import type { OptionalBlock } from './optional-blocks.js';

interface Vector {
  kbpk: string;
  kbpkAlgorithm: Kbpk['algorithm'];
  expected: { key: string; algorithm: string; optionalBlocks: OptionalBlock[] };
}

/**
 * Every KC and KP of the vectors with the key it checks. Excludes HMAC keys, whose check value is computed differently.
 */
const cases = vectors<Vector>('tr31').flatMap(({ id, kbpk, kbpkAlgorithm, expected }) => {
  const about = {
    KC: { key: expected.key, algorithm: expected.algorithm === 'A' ? 'AES' : 'TDES' },
    KP: { key: kbpk, algorithm: kbpkAlgorithm },
  } as const;
  return expected.optionalBlocks.flatMap((block) =>
    block.id === 'KC' || block.id === 'KP' ? [{ id, block: block.id, data: block.data, ...about[block.id] }] : [],
  );
});

test('the vectors cover both blocks with both methods', () => {
  const kinds = cases.map(({ block, data }) => block + data.slice(0, 2));
  expect(new Set(kinds)).toEqual(new Set(['KC00', 'KC01', 'KP00', 'KP01']));
});

test.each(cases)('$block of $id is $data, and shorter values match too', ({ algorithm, key, data }) => {
  using cipher = CIPHERS[algorithm](hex(key));
  for (let chars = 4; chars <= data.length; chars += 2) expect(isCheckValueOf(data.slice(0, chars), cipher)).toBe(true);
});

test.each(cases)('$block of $id does not match any key that differs in one bit', ({ algorithm, key, data }) => {
  // The lowest bit of each byte of a TDES key is a parity bit.
  const others = bitFlips(hex(key)).filter((_, bit) => algorithm !== 'TDES' || bit % 8 !== 7);
  const same = others.filter((other) => {
    using cipher = CIPHERS[algorithm](other);
    return isCheckValueOf(data, cipher);
  });
  expect(same).toEqual([]);
});

test.each(cases)(
  '$block of $id does not match another value, another method or a value that is too long',
  ({ algorithm, key, data }) => {
    using cipher = CIPHERS[algorithm](hex(key));
    const method = data.slice(0, 2);
    for (const other of bitFlips(hex(data.slice(2)))) expect(isCheckValueOf(method + toHex(other), cipher)).toBe(false);
    expect(isCheckValueOf((method === '00' ? '01' : '00') + data.slice(2), cipher)).toBe(false);
    expect(isCheckValueOf(`${data}00`, cipher)).toBe(false);
  },
);

test('a legacy check value has at most three bytes', () => {
  // SP 800-38B appendix D.1 gives the whole encrypted zero block: 7DF76B0C...
  using cipher = CIPHERS.AES(hex('2B7E151628AED2A6ABF7158809CF4F3C'));
  expect(isCheckValueOf('007DF76B', cipher)).toBe(true);
  expect(isCheckValueOf('007DF76B0C', cipher)).toBe(false);
});
