import { hex } from '../../test/support/vectors.js';
import { pinKeySteps, validateKek, workingKeySteps } from './as2805.js';

const digits = (bytes: Buffer) => bytes.toString('hex').toUpperCase();
const KEK = hex('4AB370255BCD3EF8495BADE9EC547949');

test('shows both sides of a KEK validation', () => {
  const steps = validateKek(KEK, 'VARIANT_MASK_82', { randomKeySend: hex('A38975367BB59B248718F8EFCF89EC6E') });
  expect(digits(steps.sendKey)).toBe('C831F2A7D94FBC7ACBD92F6B6ED6FBCB');
  expect(digits(steps.randomKey)).toBe('F262E9CE9BA25E37DC16F298A7F107C8');
  expect(digits(steps.inverse)).toBe('0D9D1631645DA1C823E90D67580EF837');
  expect(digits(steps.randomKeyReceive)).toBe('75F4E9E3A53D0BC98B2E7B097113C881');
});

test('unwraps what it wraps', () => {
  const kek = hex('2A5E6D9B19B315924A6BBA5EF8EAC420');
  const cryptogram = hex('C79447A57F25CCF5004598072E59DA07');
  const { key, mask } = workingKeySteps(kek, 'PIN_ENCRYPTION_KEY_VARIANT_28', { cryptogram });
  expect([digits(key), mask]).toEqual(['C1DC64DCF79D45CD9E94C4E9D5E0259D', '28C0']);
  expect(workingKeySteps(kek, 'PIN_ENCRYPTION_KEY_VARIANT_28', { key }).cryptogram).toEqual(cryptogram);
});

test('names the diversification data of a PIN key', () => {
  const { input } = pinKeySteps(KEK, { stan: '000438', amount: '000000000328' });
  expect(input.map((part) => part.digits).join('')).toBe('00043800000000000000000000000328');
});

test.each([
  ['a random key of 7 bytes', () => validateKek(KEK, 'VARIANT_MASK_82', { randomKey: hex('00'.repeat(7)) })],
  ['a working key of 8 bytes', () => workingKeySteps(KEK, 'TERMINAL_MAJOR_KEY_VARIANT_00', { key: Buffer.alloc(8) })],
  ['a STAN of 5 digits', () => pinKeySteps(KEK, { stan: '00043', amount: '000000000328' })],
])('refuses %s', (_, compute) => {
  expect(compute).toThrow(expect.objectContaining({ name: 'CryptoError' }) as Error);
});
