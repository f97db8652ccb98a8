import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import { xor } from './bytes.js';
import { cvv, CVV2_SERVICE_CODE, ICVV_SERVICE_CODE, verificationValue } from './cvv.js';
import { decimalize } from './decimalize.js';
import { des } from './des.js';

interface CvvVector {
  cvk: string;
  pan: string;
  expiry: string;
  serviceCode: string;
  expected: { value: string; digits5: string; ciphertext: string };
}

const cvk = hex('0123456789ABCDEFFEDCBA9876543210');
const card = { pan: '1234567890123456', expiry: '9912', serviceCode: '220' };

describe('cvv', () => {
  const cases = vectors<CvvVector>('cardvalidation', 'CVV', 'CVV2', 'iCVV', 'CAVV-like');

  test.each(cases)('$id is $expected.value: $algorithm, $source', ({ cvk, expected, ...data }) => {
    expect(cvv(hex(cvk), data)).toBe(expected.value);
    expect(cvv(hex(cvk), data, 4)).toBe(expected.digits5.slice(0, 4));
    expect(cvv(hex(cvk), data, 5)).toBe(expected.digits5);
    expect(decimalize(hex(expected.ciphertext)).slice(0, 5)).toBe(expected.digits5);
  });

  test('CVV2 and iCVV differ from the CVV in their service code', () => {
    const live = { cvk: hex('CCCCDDDDEEEEFFFFAAAABBBBCCCCDDDD'), pan: '4123456789012345', expiry: '0225' };
    expect(cvv(live.cvk, { ...live, serviceCode: CVV2_SERVICE_CODE })).toBe('111');
    expect(ICVV_SERVICE_CODE).toBe('999');
    expect(cvv(cvk, card)).toBe('170'); // psec
  });

  test("equals the result of the algorithm's individual steps, for any card", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.stringMatching(/^[0-9]{12,19}$/),
        fc.stringMatching(/^[0-9]{4}$/),
        fc.stringMatching(/^[0-9]{3}$/),
        (keyBytes, pan, expiry, serviceCode) => {
          const key = Buffer.from(keyBytes);
          const digits = hex((pan + expiry + serviceCode).padEnd(32, '0'));
          using keyA = des(key.subarray(0, 8));
          const twice = xor(keyA.encrypt(digits.subarray(0, 8)), digits.subarray(8));
          const result = createCipheriv('des-ede', key, null).setAutoPadding(false).update(twice).toString('hex');
          const candidates = Array.from(result);
          const decimal = candidates.filter((digit) => digit <= '9');
          const letters = candidates.filter((digit) => digit > '9').map((digit) => 'abcdef'.indexOf(digit));
          expect(cvv(key, { pan, expiry, serviceCode }, 5)).toBe([...decimal, ...letters].slice(0, 5).join(''));
        },
      ),
    );
  });

  test.each<[string, string, () => string]>([
    ['a CVK of 8 bytes', 'KEY_LENGTH', () => cvv(cvk.subarray(8), card)],
    ['a CVK of 24 bytes', 'KEY_LENGTH', () => cvv(Buffer.alloc(24), card)],
    ['no CVK', 'KEY_LENGTH', () => cvv(Buffer.alloc(0), card)],
    ['a PAN of 11 digits', 'PAN', () => cvv(cvk, { ...card, pan: '12345678901' })],
    ['a PAN of 20 digits', 'PAN', () => cvv(cvk, { ...card, pan: '12345678901234567890' })],
    ['a PAN with a letter', 'PAN', () => cvv(cvk, { ...card, pan: '123456789012345A' })],
    ['a PAN with spaces', 'PAN', () => cvv(cvk, { ...card, pan: '1234 5678 9012 34' })],
    ['a PAN with a line feed', 'PAN', () => cvv(cvk, { ...card, pan: '1234567890123456\n' })],
    ['a PAN of full-width digits', 'PAN', () => cvv(cvk, { ...card, pan: '１２３４５６７８９０１２３' })],
    ['an empty PAN', 'PAN', () => cvv(cvk, { ...card, pan: '' })],
    ['an expiry date of 3 digits', 'DIGITS', () => cvv(cvk, { ...card, expiry: '991' })],
    ['an expiry date of 5 digits', 'DIGITS', () => cvv(cvk, { ...card, expiry: '99120' })],
    ['an expiry date with a slash', 'DIGITS', () => cvv(cvk, { ...card, expiry: '9/12' })],
    ['a service code of 2 digits', 'DIGITS', () => cvv(cvk, { ...card, serviceCode: '22' })],
    ['a service code of 4 digits', 'DIGITS', () => cvv(cvk, { ...card, serviceCode: '2200' })],
    ['a service code with a letter', 'DIGITS', () => cvv(cvk, { ...card, serviceCode: '22F' })],
    ['a service code with a line feed', 'DIGITS', () => cvv(cvk, { ...card, serviceCode: '22\n' })],
    ['2 digits', 'DATA_LENGTH', () => cvv(cvk, card, 2)],
    ['6 digits', 'DATA_LENGTH', () => cvv(cvk, card, 6)],
    ['3.5 digits', 'DATA_LENGTH', () => cvv(cvk, card, 3.5)],
    ['NaN digits', 'DATA_LENGTH', () => cvv(cvk, card, NaN)],
    ['a key of 24 bytes for any derived value', 'KEY_LENGTH', () => verificationValue(Buffer.alloc(24), '12', 3)],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });

  test('no error message contains digits of the card', () => {
    expect(() => cvv(cvk, { ...card, pan: '98765432109' })).toThrow(/^(?!.*9876)/);
    expect(() => cvv(cvk, { ...card, expiry: '98765' })).toThrow(/^(?!.*9876)/);
  });
});

describe('decimalize', () => {
  test.each([
    ['0123456789ABCDEF', '0123456789012345'],
    ['FEDCBA9876543210', '9876543210543210'],
    ['AAAAAAAAAAAAAAAA', '0000000000000000'],
    ['ABCDEF', '012345'],
    ['', ''],
  ])('%s is %s', (bytes, digits) => {
    expect(decimalize(hex(bytes))).toBe(digits);
  });
});
