import { createCipheriv, createHash } from 'node:crypto';
import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { equal, toHex } from '../bytes.js';
import { tdes, withOddParity } from '../des.js';
import { kcvEcb } from '../kcv.js';
import { type Card, iccMasterKey, type MajorKeyDerivation } from './icc-master-key.js';

interface IccKeyVector {
  imk: string;
  majorKeyDerivation: MajorKeyDerivation;
  pan: string;
  panSequenceNumber: string;
  expected: { iccKey: string; kcv: string };
}

const imk = hex('0123456789ABCDEFFEDCBA9876543210');
const optionA: Card = { majorKeyDerivation: 'EMV_OPTION_A', pan: '12345678901234567', psn: '01' };
const optionB: Card = { ...optionA, majorKeyDerivation: 'EMV_OPTION_B' };

const psn = fc.stringMatching(/^[0-9]{2}$/);

describe('iccMasterKey', () => {
  test.each(vectors<IccKeyVector>('emv', 'ICC master key'))(
    '$id is $expected.iccKey: $majorKeyDerivation, $source',
    ({ imk, majorKeyDerivation, pan, panSequenceNumber, expected }) => {
      const key = iccMasterKey(hex(imk), { majorKeyDerivation, pan, psn: panSequenceNumber });
      using cipher = tdes(key);
      expect(toHex(key)).toBe(expected.iccKey);
      expect(toHex(kcvEcb(cipher))).toBe(expected.kcv);
    },
  );

  test.each(vectors<IccKeyVector>('emv', 'ICC master key'))(
    '$id: an issuer key that differs in one bit derives a different key',
    ({ imk, majorKeyDerivation, pan, panSequenceNumber: psn, expected }) => {
      const card = { majorKeyDerivation, pan, psn };
      // The lowest bit of each key byte is a parity bit.
      const others = bitFlips(hex(imk)).filter((_, bit) => bit % 8 !== 7);
      expect(others.filter((other) => equal(iccMasterKey(other, card), hex(expected.iccKey)))).toEqual([]);
    },
  );

  test('matches pyemv for option B and a PAN of 17 digits', () => {
    expect(toHex(iccMasterKey(imk, optionB))).toBe('AD406D7F6D7570916D75E5DCAB8CF737');
  });

  test('option B maps letters to 0 to 5 when the hash has too few decimal digits', () => {
    const card: Card = { majorKeyDerivation: 'EMV_OPTION_B', pan: '400000000000000033', psn: '00' };
    const hash = createHash('sha1').update(hex('40000000000000003300')).digest('hex');
    expect(hash).toBe('8dff9aaa0aa10ebedc4ef3cc3f19dfcef15c6af8');
    const y = hex('8901043319156835'); // 14 digits, then d and f
    const halves = Buffer.concat([y, y.map((byte) => byte ^ 0xff)]);
    const expected = createCipheriv('des-ede', imk, null).setAutoPadding(false).update(halves);
    expect(toHex(iccMasterKey(imk, card))).toBe(toHex(withOddParity(expected)));
  });

  test('option A uses only the rightmost 16 digits of PAN and sequence number', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{14}$/), fc.stringMatching(/^[0-9]{0,5}$/), psn, (last14, leading, psn) => {
        const key = iccMasterKey(imk, { ...optionA, pan: leading + last14, psn });
        expect(key).toEqual(iccMasterKey(imk, { ...optionA, pan: last14, psn }));
        expect(key).not.toEqual(iccMasterKey(imk, { ...optionA, pan: last14, psn: psn === '00' ? '01' : '00' }));
      }),
    );
  });

  test('the key has odd parity and 16 bytes for any PAN and option', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9]{17,19}$/),
        psn,
        fc.constantFrom<MajorKeyDerivation>('EMV_OPTION_A', 'EMV_OPTION_B'),
        (pan, psn, majorKeyDerivation) => {
          const key = iccMasterKey(imk, { majorKeyDerivation, pan, psn });
          expect(key).toHaveLength(16);
          expect(key).toEqual(withOddParity(key));
        },
      ),
    );
  });

  test.each<[string, string, () => Buffer]>([
    ['an issuer master key of 8 bytes', 'KEY_LENGTH', () => iccMasterKey(imk.subarray(8), optionA)],
    ['an issuer master key of 24 bytes', 'KEY_LENGTH', () => iccMasterKey(Buffer.alloc(24), optionA)],
    ['a PAN of 11 digits', 'PAN', () => iccMasterKey(imk, { ...optionA, pan: '12345678901' })],
    ['a PAN of 20 digits', 'PAN', () => iccMasterKey(imk, { ...optionA, pan: '12345678901234567890' })],
    ['a PAN with a letter', 'PAN', () => iccMasterKey(imk, { ...optionA, pan: '1234567890123F' })],
    ['a PAN of 16 digits with option B', 'PAN', () => iccMasterKey(imk, { ...optionB, pan: '1234567890123456' })],
    ['a PAN of 12 digits with option B', 'PAN', () => iccMasterKey(imk, { ...optionB, pan: '123456789012' })],
    ['a sequence number of 1 digit', 'DIGITS', () => iccMasterKey(imk, { ...optionA, psn: '1' })],
    ['a sequence number of 3 digits', 'DIGITS', () => iccMasterKey(imk, { ...optionA, psn: '001' })],
    ['no sequence number', 'DIGITS', () => iccMasterKey(imk, { ...optionA, psn: '' })],
    ['a sequence number with a letter', 'DIGITS', () => iccMasterKey(imk, { ...optionA, psn: '0A' })],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});
