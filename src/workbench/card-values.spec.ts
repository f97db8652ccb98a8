import { hex } from '../../test/support/vectors.js';
import { cvv } from '../crypto/cvv.js';
import { cardSecurityCodes, cardValueWays, cvc3Steps, cvvSteps, dcvvSteps } from './card-values.js';

const CVK = hex('0123456789ABCDEFFEDCBA9876543210');
const PAN = '4123456789012345';
const DYNAMIC = { pan: '1234567890123456', psn: '00', atc: hex('3210'), un: hex('00000899') };

// A published test case: CVV 561 for 8701 and service code 101.
test('finds the date and the service code of a published value', () => {
  expect(cvv(CVK, { pan: PAN, expiry: '8701', serviceCode: '101' })).toBe('561');
  const ways = cardValueWays(CVK, { pan: PAN, expiry: '0187' }, '561');
  expect(ways).toContainEqual({ expiry: '8701', serviceCode: '101' });
});

test.each(['000', '101', '201', '999', '120'])('finds service code %s', (serviceCode) => {
  const value = cvv(CVK, { pan: PAN, expiry: '2911', serviceCode }, 5);
  expect(cardValueWays(CVK, { pan: PAN, expiry: '2911', serviceCode: '120' }, value)).toContainEqual({
    expiry: '2911',
    serviceCode,
  });
});

test('finds nothing for a value of another card', () => {
  const value = cvv(CVK, { pan: '4123456789012346', expiry: '2911', serviceCode: '101' }, 5);
  expect(cardValueWays(CVK, { pan: PAN, expiry: '2911' }, value)).toEqual([]);
});

test.each([
  ['2 digits', { pan: PAN, expiry: '2911' }, '12'],
  ['a date of 3 digits', { pan: PAN, expiry: '291' }, '123'],
  ['a PAN with a letter', { pan: '41234567890123AB', expiry: '2911' }, '123'],
])('refuses %s', (_, card, value) => {
  expect(() => cardValueWays(CVK, card, value)).toThrow(expect.objectContaining({ name: 'CryptoError' }) as Error);
});

test('shows how a CVV is computed', () => {
  const { input, encrypted, decimalized } = cvvSteps(hex('CCCCDDDDEEEEFFFFAAAABBBBCCCCDDDD'), {
    pan: '4123456789012345',
    expiry: '0225',
    serviceCode: '000',
  });
  expect(input.map(({ digits }) => digits)).toEqual(['4123456789012345', '0225', '000', '000000000']);
  expect(encrypted.toString('hex').toUpperCase()).toBe('111545E8E5AC5115');
  expect(decimalized).toBe('1115458551154402');
});

test('computes the codes of American Express', () => {
  const card = { pan: '371234567890123', expiry: '9912' };
  const key = hex('0123456789ABCDEFFEDCBA9876543210');
  expect(cardSecurityCodes(key, card).map(({ value }) => value)).toEqual(['61247', '8720', '552']);
  expect(cardSecurityCodes(key, { ...card, serviceCode: '201' })).toHaveLength(6);
});

test.each([
  ['a counter of 1 byte', () => dcvvSteps(CVK, { ...DYNAMIC, expiry: '1310', serviceCode: '226', atc: hex('32') })],
  ['an unpredictable number of 3 bytes', () => cvc3Steps(CVK, { ...DYNAMIC, trackData: hex('51'), un: hex('000899') })],
  ['a service code of 2 digits', () => cvvSteps(CVK, { pan: DYNAMIC.pan, expiry: '1310', serviceCode: '22' })],
])('refuses %s', (_, compute) => {
  expect(compute).toThrow(expect.objectContaining({ name: 'CryptoError' }) as Error);
});
