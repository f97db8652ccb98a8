import fc from 'fast-check';
import { hex } from '../../test/support/vectors.js';
import { CryptoError } from './errors.js';
import {
  bitString,
  dateOf,
  decodeAll,
  decodeFirst,
  decodeSequence,
  derOrder,
  encode,
  integer,
  octetString,
  oid,
  sequence,
  TAG,
  time,
  unsignedInteger,
} from './asn1.js';

const refusal = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;

describe('encoding', () => {
  test.each([
    [sequence(), '3000'],
    [integer(0), '020100'],
    [integer(200), '020200c8'],
    [unsignedInteger(hex('00000000')), '020100'],
    [unsignedInteger(hex('80')), '02020080'],
    [unsignedInteger(hex('007F')), '02017f'],
    [oid('1.2.840.113549.1.9.25.3'), '060a2a864886f70d01091903'],
    [octetString(Buffer.alloc(0)), '0400'],
    [bitString(hex('A0'), 5), '030205a0'],
    [encode(TAG.CONSTRUCTED_1, integer(1), integer(2)), 'a106020101020102'],
    [encode(TAG.PRIMITIVE_0, hex('FF')), '8001ff'],
    [octetString(Buffer.alloc(127)).subarray(0, 2), '047f'],
    [octetString(Buffer.alloc(128)).subarray(0, 3), '048180'],
    [octetString(Buffer.alloc(256)).subarray(0, 4), '04820100'],
    [octetString(Buffer.alloc(65536)).subarray(0, 5), '0483010000'],
  ])('case %# encodes to %s', (der, expected) => {
    expect(der.toString('hex')).toBe(expected);
  });

  test('derOrder sorts the elements of a SET OF by encoding', () => {
    const sorted = derOrder([hex('0402AA'), hex('0401FF'), hex('020105'), hex('0401')]);
    expect(sorted.map((der) => der.toString('hex'))).toEqual(['020105', '0401', '0401ff', '0402aa']);
  });
});

describe('decoding', () => {
  test('returns the encoded elements as views of the input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
        const der = sequence(octetString(Buffer.from(a)), encode(TAG.CONSTRUCTED_0, octetString(Buffer.from(b))));
        const { element, rest } = decodeFirst(Buffer.concat([der, hex('0500')]), 'CMS');
        expect(rest.toString('hex')).toBe('0500');
        expect(element.der).toEqual(der);
        expect(element.children.map(({ tag }) => tag)).toEqual([TAG.OCTET_STRING, TAG.CONSTRUCTED_0]);
        expect(element.children[0]!.content).toEqual(Buffer.from(a));
        expect(element.children[1]!.children[0]!.content).toEqual(Buffer.from(b));
      }),
      { numRuns: 40 },
    );
    const der = sequence(octetString(hex('0102')));
    const { content } = decodeFirst(der, 'CMS').element.children[0]!;
    der.fill(0);
    expect(content).toEqual(Buffer.alloc(2));
  });

  test.each([
    ['nothing after a tag', '30'],
    ['an end before the encoded length', '30050201'],
    ['a child longer than its parent', '300302020101'],
    ['an indefinite length', '30800201010000'],
    ['a long form of a short length', '308103020101'],
    ['a length with a leading zero', '30820003020101'],
    ['an excessive length', '3088FFFFFFFFFFFFFFFF'],
    ['a reserved length', '30FF'],
    ['a string in pieces', '240404020102'],
    ['a constructed UTF8String', '2C040C020102'],
    ['a constructed INTEGER', '2203020101'],
    ['a tag of two bytes', '3F2003020101'],
    ['a reserved tag', '0F00'],
    ['an invalid GeneralizedTime', '1803414141'],
  ])('refuses %s', (_, der) => {
    expect(() => decodeAll(hex(der), 'CMS')).toThrow(refusal('CMS'));
    expect(() => decodeAll(hex(der), 'CERTIFICATE')).toThrow(refusal('CERTIFICATE'));
  });

  test.each([
    ['nothing', ''],
    ['two sequences', '30003000'],
    ['a set', '3100'],
    ['a sequence and a byte', '300000'],
  ])('decodeSequence refuses %s', (_, der) => {
    expect(() => decodeSequence(hex(der), 'Test', 'CMS')).toThrow(refusal('CMS'));
  });

  test('refuses excessive nesting', () => {
    let nested: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 2000; depth++) nested = sequence(nested);
    expect(() => decodeAll(nested, 'CMS')).toThrow(refusal('CMS'));
  });

  test('any bytes decode or cause a CryptoError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeAll(Buffer.from(bytes), 'CMS');
        } catch (error) {
          expect(error).toBeInstanceOf(CryptoError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('fields', () => {
  const fields = () => decodeSequence(sequence(integer(1), octetString(hex('AA'))), 'Test', 'CMS');

  test('are read in order, and leftover fields are refused', () => {
    const test = fields();
    expect(test.optional(TAG.OCTET_STRING)).toBeUndefined();
    expect(() => test.end()).toThrow('Test has more than its fields');
    test.oneOf([integer(0), integer(1)], 'version');
    expect(test.take(TAG.OCTET_STRING, 'value').content).toEqual(hex('AA'));
    test.end();
    expect(() => test.take(TAG.OCTET_STRING, 'value')).toThrow('Test must have the field value');
    expect(() => test.oneOf([integer(1)], 'version')).toThrow('Test has an unsupported version');
  });

  test('are refused with an unexpected value', () => {
    expect(() => fields().oneOf([integer(0)], 'version')).toThrow(refusal('CMS'));
  });
});

describe('times', () => {
  test.each([
    ['1950-01-01T00:00:00.000Z', '170d3530303130313030303030305a'],
    ['2049-12-31T23:59:59.999Z', '170d3439313233313233353935395a'],
    ['2050-01-01T00:00:00.000Z', '180f32303530303130313030303030305a'],
  ])('encode and decode %s', (iso, expected) => {
    const der = time(new Date(iso));
    expect(der.toString('hex')).toBe(expected);
    const date = dateOf(decodeAll(der, 'CMS')[0]!, 'CMS');
    expect(date.getTime()).toBe(Math.floor(new Date(iso).getTime() / 1000) * 1000);
  });

  test.each(['an invalid date', '1949-12-31T23:59:59Z', '+010000-01-01T00:00:00Z'])('refuse to encode %s', (iso) => {
    expect(() => time(new Date(iso))).toThrow(refusal('DATA_FORMAT'));
  });

  test.each<[number, string]>([
    [TAG.UTC_TIME, '2601151200Z'],
    [TAG.UTC_TIME, '260115120000'],
    [TAG.UTC_TIME, '260115120000+0000'],
    [TAG.UTC_TIME, '261315120000Z'],
    [TAG.UTC_TIME, '260230120000Z'],
    [TAG.UTC_TIME, '260115240000Z'],
    [TAG.UTC_TIME, '20260115120000Z'],
    [TAG.GENERALIZED_TIME, '20260115120000.5Z'],
    [TAG.GENERALIZED_TIME, '20260115120000'],
    [TAG.GENERALIZED_TIME, '00500115120000Z'],
    [TAG.OCTET_STRING, '260115120000Z'],
  ])('refuse tag %i with %s', (tag, text) => {
    const element = { ...decodeAll(octetString(Buffer.from(text)), 'CMS')[0]!, tag };
    expect(() => dateOf(element, 'CMS')).toThrow(refusal('CMS'));
  });
});
