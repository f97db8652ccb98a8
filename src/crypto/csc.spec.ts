import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import { cscVersion1, cscVersion2 } from './csc.js';

interface CscVector {
  cvk: string;
  pan: string;
  expiry: string;
  block: string;
  expected: { csc5: string; csc4: string; csc3: string; ciphertext: string };
}

const csck = hex('0123456789ABCDEFFEDCBA9876543210');
const card = { pan: '371234567890123', expiry: '9912' };
const withServiceCode = { ...card, serviceCode: '702' };

describe('cscVersion1', () => {
  test.each(vectors<CscVector>('cardvalidation', 'Amex CSC version 1'))(
    'matches $id: $source',
    ({ cvk, expected, ...data }) => {
      expect(cscVersion1(hex(cvk), data, 5)).toBe(expected.csc5);
      expect(cscVersion1(hex(cvk), data, 4)).toBe(expected.csc4);
      expect(cscVersion1(hex(cvk), data, 3)).toBe(expected.csc3);
      expect(cscVersion1(hex(cvk), data)).toBe(expected.csc3);
    },
  );

  test('accepts a triple-length key', () => {
    const tripled = Buffer.concat([csck, csck.subarray(0, 8)]);
    expect(cscVersion1(tripled, card, 5)).toBe('61247');
  });

  test('pads a short account number with zeros and ignores digits after the fourteenth', () => {
    expect(cscVersion1(csck, { ...card, pan: '371234567890' }, 5)).toBe(
      cscVersion1(csck, { ...card, pan: '371234567890007' }, 5),
    );
  });

  test('decimalizes letters by their position', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^3[47][0-9]{13}$/), fc.stringMatching(/^[0-9]{4}$/), (pan, expiry) => {
        const account = pan.slice(2, 14);
        const block = hex(pan.startsWith('34') ? account + expiry : expiry + account);
        const digits = createCipheriv('des-ede', csck, null).setAutoPadding(false).update(block).toString('hex');
        let expected = digits.replace(/[^0-9]/g, '');
        for (const [i, digit] of Array.from(digits).entries())
          if (digit > '9') expected += (i < 5 ? '123456' : '678901').charAt('abcdef'.indexOf(digit));
        const codes = [5, 4, 3].map((length) => cscVersion1(csck, { pan, expiry }, length));
        expect(codes.join('')).toBe(expected.slice(0, 12));
      }),
    );
  });
});

describe('cscVersion2', () => {
  test('is version 1 over two blocks chained in CBC', () => {
    // 9912123456789012, then 702 and zeros; node:crypto's own CBC provides the expected value.
    const chained = createCipheriv('des-ede-cbc', csck, Buffer.alloc(8))
      .setAutoPadding(false)
      .update(hex('99121234567890127020000000000000'))
      .subarray(8);
    expect(chained.toString('hex')).toBe('2a13345eec06d822');
    expect(cscVersion2(csck, withServiceCode, 5)).toBe('21334');
    expect(cscVersion2(csck, withServiceCode, 4)).toBe('5068');
    expect(cscVersion2(csck, withServiceCode)).toBe('221');
  });

  test('depends on every field', () => {
    const codes = [
      cscVersion2(csck, withServiceCode, 5),
      cscVersion2(csck, { ...withServiceCode, serviceCode: '999' }, 5),
      cscVersion2(csck, { ...withServiceCode, expiry: '9911' }, 5),
      cscVersion2(csck, { ...withServiceCode, pan: '371234567890223' }, 5),
      cscVersion1(csck, withServiceCode, 5),
    ];
    expect(new Set(codes).size).toBe(codes.length);
  });
});

test.each<[string, string, () => string]>([
  ['a CSCK of 8 bytes', 'KEY_LENGTH', () => cscVersion1(csck.subarray(8), card)],
  ['a CSCK of 32 bytes', 'KEY_LENGTH', () => cscVersion2(Buffer.alloc(32), withServiceCode)],
  ['a PAN of 11 digits', 'PAN', () => cscVersion1(csck, { ...card, pan: '37123456789' })],
  ['a PAN of 20 digits', 'PAN', () => cscVersion2(csck, { ...withServiceCode, pan: '37123456789012345678' })],
  ['a PAN with a letter', 'PAN', () => cscVersion1(csck, { ...card, pan: '37123456789012E' })],
  ['an expiry date of 3 digits', 'DIGITS', () => cscVersion1(csck, { ...card, expiry: '991' })],
  ['an expiry date with letters', 'DIGITS', () => cscVersion2(csck, { ...withServiceCode, expiry: 'ABCD' })],
  ['a service code of 2 digits', 'DIGITS', () => cscVersion2(csck, { ...card, serviceCode: '70' })],
  ['a service code of 4 digits', 'DIGITS', () => cscVersion2(csck, { ...card, serviceCode: '7020' })],
  ['a service code with a letter', 'DIGITS', () => cscVersion2(csck, { ...card, serviceCode: '7O2' })],
  ['2 digits', 'DATA_LENGTH', () => cscVersion1(csck, card, 2)],
  ['6 digits', 'DATA_LENGTH', () => cscVersion1(csck, card, 6)],
  ['2 digits in version 2', 'DATA_LENGTH', () => cscVersion2(csck, withServiceCode, 2)],
])('refuses %s', (_, code, act) => {
  expect(act).toThrow(expect.objectContaining({ code }));
});
