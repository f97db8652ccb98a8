import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import { toHex } from './bytes.js';
import { cvv } from './cvv.js';
import { cardholderVerificationValue, dcvv, discoverDcvc } from './dcvv.js';
import { decimalize } from './decimalize.js';
import { iccMasterKey, type MajorKeyDerivation } from './emv/icc-master-key.js';
import { retailMac } from './retail-mac.js';

interface DcvvVector {
  imk: string;
  majorKeyDerivation: MajorKeyDerivation;
  pan: string;
  panSequenceNumber: string;
  expiry: string;
  serviceCode: string;
  atc: string;
  expected: { value: string; digits5: string; iccKey: string };
}

const iccKey = hex('DCE992BCE398C264F7858AFD4C4A324A');
const card = { pan: '1234567890123456', expiry: '1310', serviceCode: '226', atc: hex('3210') };
const dynamic = { ...card, un: hex('CAFE0001') };

describe('dcvv', () => {
  test.each(vectors<DcvvVector>('cardvalidation', 'Visa dCVV'))(
    '$id is $expected.value: $source',
    ({ imk, majorKeyDerivation, pan, panSequenceNumber, expiry, serviceCode, atc, expected }) => {
      const key = iccMasterKey(hex(imk), { majorKeyDerivation, pan, psn: panSequenceNumber });
      expect(toHex(key)).toBe(expected.iccKey);
      expect(dcvv(key, { pan, expiry, serviceCode, atc: hex(atc) })).toBe(expected.value);
      expect(dcvv(key, { pan, expiry, serviceCode, atc: hex(atc) }, 5)).toBe(expected.digits5);
    },
  );

  test('is the CVV of the PAN with the counter as its first digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{12,19}$/), fc.stringMatching(/^[0-9]{4}$/), (pan, atc) => {
        expect(dcvv(iccKey, { ...card, pan, atc: hex(atc) }, 5)).toBe(
          cvv(iccKey, { ...card, pan: atc + pan.slice(4) }, 5),
        );
      }),
    );
  });
});

// No published values exist for these two, so the expected digits follow from the docstrings.
test('discoverDcvc puts the counter before the PAN digits and the unpredictable number after the expiry date', () => {
  const expected = decimalize(retailMac(iccKey, hex('3210567890123456' + '1310' + 'CAFE0001' + '0000')));
  expect(discoverDcvc(iccKey, dynamic, 5)).toBe(expected.slice(0, 5));
  expect(discoverDcvc(iccKey, dynamic)).toBe(expected.slice(0, 3));
});

test('cardholderVerificationValue puts the counter and the unpredictable number after the PAN', () => {
  const expected = decimalize(retailMac(iccKey, hex('1234567890123456' + '3210' + 'CAFE0001' + '0000')));
  expect(cardholderVerificationValue(iccKey, dynamic, 5)).toBe(expected.slice(0, 5));
  expect(cardholderVerificationValue(iccKey, dynamic)).toBe(expected.slice(0, 3));
});

test.each([12, 16, 19])('computes every value for a PAN of %i digits', (digits) => {
  const pan = '4'.repeat(digits);
  for (const length of [3, 4, 5])
    for (const value of [dcvv, discoverDcvc, cardholderVerificationValue])
      expect(value(iccKey, { ...dynamic, pan }, length)).toMatch(new RegExp(`^[0-9]{${length}}$`));
});

describe.each(Object.entries({ dcvv, discoverDcvc, cardholderVerificationValue }))('%s', (_, value) => {
  test.each<[string, string, () => string]>([
    ['a key of 8 bytes', 'KEY_LENGTH', () => value(iccKey.subarray(8), dynamic)],
    ['a key of 24 bytes', 'KEY_LENGTH', () => value(Buffer.alloc(24), dynamic)],
    ['a PAN of 11 digits', 'PAN', () => value(iccKey, { ...dynamic, pan: '12345678901' })],
    ['a PAN of 20 digits', 'PAN', () => value(iccKey, { ...dynamic, pan: '12345678901234567890' })],
    ['a PAN with a letter', 'PAN', () => value(iccKey, { ...dynamic, pan: '123456789012345A' })],
    ['a counter of 1 byte', 'DATA_LENGTH', () => value(iccKey, { ...dynamic, atc: hex('32') })],
    ['a counter of 3 bytes', 'DATA_LENGTH', () => value(iccKey, { ...dynamic, atc: hex('321000') })],
    ['2 digits', 'DATA_LENGTH', () => value(iccKey, dynamic, 2)],
    ['6 digits', 'DATA_LENGTH', () => value(iccKey, dynamic, 6)],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});

test.each<[string, string, () => string]>([
  ['an expiry date of 3 digits', 'DIGITS', () => dcvv(iccKey, { ...dynamic, expiry: '131' })],
  ['an expiry date with a letter', 'DIGITS', () => discoverDcvc(iccKey, { ...dynamic, expiry: '131O' })],
  ['a service code of 4 digits', 'DIGITS', () => dcvv(iccKey, { ...dynamic, serviceCode: '2260' })],
  ['a service code with a letter', 'DIGITS', () => dcvv(iccKey, { ...dynamic, serviceCode: '22A' })],
  ['a short unpredictable number', 'DATA_LENGTH', () => discoverDcvc(iccKey, { ...dynamic, un: hex('CAFE00') })],
  [
    'a long unpredictable number',
    'DATA_LENGTH',
    () => cardholderVerificationValue(iccKey, { ...dynamic, un: hex('CAFE000100') }),
  ],
])('refuses %s', (_, code, act) => {
  expect(act).toThrow(expect.objectContaining({ code }));
});
