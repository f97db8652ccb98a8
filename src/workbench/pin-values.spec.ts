import { hex } from '../../test/support/vectors.js';
import { ibm3624Steps, intermediateOf, pvvSteps } from './pin-values.js';

const PVK = hex('0123456789ABCDEFFEDCBA9876543210');
const IBM = { validationData: '1122334455667788', padCharacter: 'F', decimalizationTable: '1234567890123456' };

test('shows how a PVV is computed', () => {
  const { input, encrypted, decimalized, value } = pvvSteps(PVK, { pan: '1122334455667788', pvki: 1, pin: '4524' });
  expect(input.map(({ digits }) => digits)).toEqual(['33445566778', '1', '4524']);
  expect(encrypted.toString('hex')).toBe('c8fbf5fe2370ddcf');
  expect(decimalized.slice(0, 4)).toBe(value);
  expect(value).toBe('8523');
});

test('gives the offset of a PIN, and the PIN of an offset', () => {
  const steps = ibm3624Steps(PVK, { ...IBM, pin: '4525' });
  expect(steps).toMatchObject({ naturalPin: '4524', offset: '0001', isWeakTable: false });
  expect(intermediateOf(steps)).toBe('3EB3');
  expect(ibm3624Steps(PVK, { ...IBM, offset: '0001' })).toMatchObject({ pin: '4525' });
});

test('says that a decimalization table is weak', () => {
  expect(ibm3624Steps(PVK, { ...IBM, decimalizationTable: '0'.repeat(16), pin: '1234' }).isWeakTable).toBe(true);
});

test.each([
  ['an index of 7', () => pvvSteps(PVK, { pan: '1122334455667788', pvki: 7, pin: '4524' })],
  ['a PIN of 3 digits', () => pvvSteps(PVK, { pan: '1122334455667788', pvki: 1, pin: '452' })],
  ['a table of 15 digits', () => ibm3624Steps(PVK, { ...IBM, decimalizationTable: '0'.repeat(15), pin: '1234' })],
  ['an offset with a letter', () => ibm3624Steps(PVK, { ...IBM, offset: '000A' })],
])('refuses %s', (_, compute) => {
  expect(compute).toThrow(expect.objectContaining({ name: 'CryptoError' }) as Error);
});
