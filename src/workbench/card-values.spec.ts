import { hex } from '../../test/support/vectors.js';
import { cvv } from '../crypto/cvv.js';
import { cardValueWays } from './card-values.js';

const CVK = hex('0123456789ABCDEFFEDCBA9876543210');
const PAN = '4123456789012345';

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
