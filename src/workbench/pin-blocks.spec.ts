import { hex } from '../../test/support/vectors.js';
import { xor } from '../crypto/bytes.js';
import { encodePinBlock } from '../crypto/pin-block.js';
import { fieldsOf, panField, readingsOf } from './pin-blocks.js';

const PAN = '40123456789098';
const PIN = '1234';

test.each([
  [0, 'the 12 digits before the check digit'],
  [3, 'the 12 digits before the check digit'],
] as const)('finds format %s and the part of the PAN', (format, panPart) => {
  const block = encodePinBlock(format, { pin: PIN, pan: PAN });
  expect(readingsOf(block, PAN)).toContainEqual({ format, panPart, pin: PIN });
});

test.each([
  ['the last 12 digits, with the check digit', '123456789098'],
  ['the first 12 digits', '401234567890'],
])('finds a block that was formed with %s', (panPart, digits) => {
  const block = encodePinBlock(0, { pin: PIN, pan: `${digits}0` });
  expect(readingsOf(block, PAN)).toContainEqual({ format: 0, panPart, pin: PIN });
});

test.each([1, 2] as const)('finds format %s without a PAN', (format) => {
  expect(readingsOf(encodePinBlock(format, { pin: PIN }))).toEqual([{ format, pin: PIN }]);
});

test('names the fields of a PIN field', () => {
  const block = encodePinBlock(0, { pin: PIN, pan: PAN });
  expect(panField(0, PAN).toString('hex')).toBe('0000012345678909');
  expect(fieldsOf(xor(block, panField(0, PAN)))).toEqual([
    { name: 'format', digits: '0' },
    { name: 'PIN length', digits: '4' },
    { name: 'PIN', digits: PIN },
    { name: 'fill', digits: 'FFFFFFFFFF' },
  ]);
});

test('finds nothing in a block of another kind', () => {
  expect(readingsOf(hex('FFFFFFFFFFFFFFFF'), PAN)).toEqual([]);
});

test.each([
  ['a block of 16 bytes', Buffer.alloc(16), PAN],
  ['a PAN of 11 digits', Buffer.alloc(8), '40123456789'],
])('refuses %s', (_, block, pan) => {
  expect(() => readingsOf(block, pan)).toThrow(expect.objectContaining({ name: 'CryptoError' }) as Error);
});
