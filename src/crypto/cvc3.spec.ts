import { hex, vectors } from '../../test/support/vectors.js';
import { toHex } from './bytes.js';
import { cvc3, ivcvc3 } from './cvc3.js';
import { iccMasterKey, type MajorKeyDerivation } from './emv/icc-master-key.js';

interface Cvc3Vector {
  imk: string;
  majorKeyDerivation: MajorKeyDerivation;
  pan: string;
  panSequenceNumber: string;
  trackData: string;
  atc: string;
  un: string;
  expected: { value: string; cvc3: string; ivcvc3: string; iccKey: string };
}

const iccKey = hex('6D6425FB9401C21AA1F80451AB85DA3B');
const data = {
  trackData: hex('5123456789012345D35121010000000000000F'),
  un: hex('00000899'),
  atc: hex('005E'),
};

describe('cvc3', () => {
  test.each(vectors<Cvc3Vector>('cardvalidation', 'Mastercard CVC3 (dynamic CVC)'))(
    '$id is $expected.cvc3: $source',
    ({ imk, majorKeyDerivation, pan, panSequenceNumber, trackData, atc, un, expected }) => {
      const key = iccMasterKey(hex(imk), { majorKeyDerivation, pan, psn: panSequenceNumber });
      const inputs = { trackData: hex(trackData), un: hex(un), atc: hex(atc) };
      expect(toHex(key)).toBe(expected.iccKey);
      expect(toHex(ivcvc3(key, inputs.trackData))).toBe(expected.ivcvc3);
      expect(cvc3(key, inputs)).toBe(expected.value);
      expect(cvc3(key, inputs, 4)).toBe(expected.cvc3.slice(1));
      expect(cvc3(key, inputs, 5)).toBe(expected.cvc3);
    },
  );

  test.each<[string, string, () => unknown]>([
    ['a key of 24 bytes', 'KEY_LENGTH', () => cvc3(Buffer.alloc(24), data)],
    ['a key of 8 bytes', 'KEY_LENGTH', () => ivcvc3(iccKey.subarray(8), data.trackData)],
    ['empty track data', 'DATA_LENGTH', () => cvc3(iccKey, { ...data, trackData: Buffer.alloc(0) })],
    ['an unpredictable number of 3 bytes', 'DATA_LENGTH', () => cvc3(iccKey, { ...data, un: Buffer.alloc(3) })],
    ['an unpredictable number of 5 bytes', 'DATA_LENGTH', () => cvc3(iccKey, { ...data, un: Buffer.alloc(5) })],
    ['a counter of 1 byte', 'DATA_LENGTH', () => cvc3(iccKey, { ...data, atc: Buffer.alloc(1) })],
    ['a counter of 3 bytes', 'DATA_LENGTH', () => cvc3(iccKey, { ...data, atc: Buffer.alloc(3) })],
    ['2 digits', 'DATA_LENGTH', () => cvc3(iccKey, data, 2)],
    ['6 digits', 'DATA_LENGTH', () => cvc3(iccKey, data, 6)],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});
