import { hex } from '../../test/support/vectors.js';
import { aes } from '../crypto/aes.js';
import { toHex, xor } from '../crypto/bytes.js';
import { tdes } from '../crypto/des.js';
import { encodePinBlock } from '../crypto/pin-block.js';
import { decodeSteps, encodeSteps, fieldsOf, panField, readingsOf } from './pin-blocks.js';

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

describe('the steps of a PIN block', () => {
  const key = hex('00112233445566778899AABBCCDDEEFF');
  const pan = '1234567890123456789';

  test('of format 4 are two encryptions', () => {
    using cipher = aes(key);
    const steps = encodeSteps(4, { pin: PIN, pan, cipher }, () => 0xff);
    expect(toHex(steps.pinField)).toBe('441234AAAAAAAAAAFFFFFFFFFFFFFFFF');
    expect(toHex(steps.panField!)).toBe('71234567890123456789000000000000');
    expect(toHex(steps.encrypted!)).toBe('28B41FDDD29B743E93124BD8E32D921E');
    expect(decodeSteps(4, { block: steps.encrypted!, pan, cipher })).toEqual(steps);
    expect(fieldsOf(steps.pinField).at(-1)).toEqual({ name: 'random', digits: 'FFFFFFFFFFFFFFFF' });
  });

  test.each([0, 1, 2, 3] as const)('of format %s encode and decode', (format) => {
    using cipher = tdes(key);
    const steps = encodeSteps(format, { pin: PIN, pan: PAN, cipher });
    expect(decodeSteps(format, { block: steps.encrypted!, pan: PAN, cipher })).toEqual(steps);
    expect(steps.pin).toBe(PIN);
    expect(steps.panField === undefined).toBe(format === 1 || format === 2);
  });

  test('of a block that does not decode have no PIN', () => {
    expect(decodeSteps(0, { block: Buffer.alloc(8, 0xff), pan: PAN })).not.toHaveProperty('pin');
  });

  test.each([
    ['format 4 without a key', () => decodeSteps(4, { block: Buffer.alloc(16), pan })],
    ['format 0 without a PAN', () => decodeSteps(0, { block: Buffer.alloc(8) })],
    ['a block of 16 bytes in format 3', () => decodeSteps(3, { block: Buffer.alloc(16), pan })],
    ['a PIN of 13 digits', () => encodeSteps(1, { pin: '1234567890123' })],
  ])('are refused for %s', (_, compute) => {
    expect(compute).toThrow(expect.objectContaining({ name: 'CryptoError' }) as Error);
  });
});
