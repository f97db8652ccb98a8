import { hex } from '../../test/support/vectors.js';
import { macOf, macWays } from './macs.js';

const KEY = hex('0123456789ABCDEFFEDCBA9876543210');
/** ISO/IEC 9797-1:2011 Annex B.4. */
const DATA = hex('4E6F77206973207468652074696D6520666F7220616C6C20');

test('finds the algorithm of a published MAC among all that fit the key', () => {
  const ways = macWays(KEY, DATA);
  expect(ways.filter(({ mac }) => mac.toString('hex') === 'a1c72e74ea3fa9b6')).toMatchObject([
    { algorithm: 'ISO9797_ALGORITHM3', padding: 1 },
  ]);
  expect(ways).toHaveLength(10);
});

test.each([
  [24, 10],
  [32, 5],
  [8, 4],
])('leaves out the algorithms that a key of %s bytes does not fit', (bytes, ways) => {
  expect(macWays(Buffer.alloc(bytes, 1), DATA)).toHaveLength(ways);
});

test('pads only for the algorithms of ISO 9797-1', () => {
  expect(macOf('ISO9797_ALGORITHM1', KEY, hex('01'), 2).padded.toString('hex')).toBe('0180000000000000');
  expect(macOf('CMAC_TDES', KEY, hex('01'), 2)).toMatchObject({ padded: hex('01') });
  expect(() => macOf('CMAC_AES', KEY.subarray(8), DATA, 1)).toThrow('16, 24 or 32');
});
