import fc from 'fast-check';
import { hex } from '../../test/support/vectors.js';
import { equal, padMethod1, padMethod2, padMethod3, toHex, xor } from './bytes.js';

const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

describe('equal', () => {
  test('distinguishes equal bytes from different ones, and a prefix from the whole', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        expect(equal(a, b)).toBe(a.toString('hex') === b.toString('hex'));
        expect(equal(a, Buffer.from(a))).toBe(true);
        expect(equal(a, Buffer.concat([a, Buffer.alloc(1)]))).toBe(false);
      }),
    );
  });

  test('detects a single flipped bit', () => {
    expect(equal(hex('A1C72E74'), hex('A1C72E75'))).toBe(false);
    expect(equal(hex(''), hex(''))).toBe(true);
  });
});

describe('xor', () => {
  test('XORs bit by bit into a new buffer', () => {
    const a = hex('00FF0FA5');
    const result = xor(a, hex('FFFF5A5A'));
    expect(toHex(result)).toBe('FF0055FF');
    expect(toHex(a)).toBe('00FF0FA5');
  });

  test('is its own inverse', () => {
    fc.assert(
      fc.property(anyBytes, (a) => {
        const mask = Buffer.from(a).reverse();
        expect(xor(xor(a, mask), mask)).toEqual(a);
      }),
    );
  });
});

test('toHex writes two upper-case digits per byte', () => {
  expect(toHex(Buffer.from([0, 1, 0xab, 0xff]))).toBe('0001ABFF');
});

describe.each([8, 16])('ISO/IEC 9797-1 padding to blocks of %i bytes', (blockBytes) => {
  const lengths = Array.from({ length: 3 * blockBytes + 1 }, (_, length) => length);

  test.each([
    ['method 1', padMethod1],
    ['method 2', padMethod2],
  ])('%s appends the fewest bytes that reach a whole block', (method, pad) => {
    for (const length of lengths) {
      const data = Buffer.alloc(length, 0x5a);
      const padded = pad(data, blockBytes);
      const atLeast = method === 'method 2' ? length + 1 : Math.max(1, length);
      expect(padded.length % blockBytes).toBe(0);
      expect(padded.length).toBeGreaterThanOrEqual(atLeast);
      expect(padded.length - blockBytes).toBeLessThan(atLeast);
      expect(toHex(padded.subarray(0, length))).toBe(toHex(data));
      const padding = toHex(padded.subarray(length));
      expect(padding).toBe(method === 'method 2' ? '80'.padEnd(padding.length, '0') : '0'.repeat(padding.length));
    }
  });
});

test.each([
  ['', '0000000000000000', '8000000000000000'],
  ['AB', 'AB00000000000000', 'AB80000000000000'],
  ['0102030405060708', '0102030405060708', '01020304050607088000000000000000'],
])('pads %s to %s by method 1, to %s by method 2', (data, method1, method2) => {
  expect(toHex(padMethod1(hex(data), 8))).toBe(method1);
  expect(toHex(padMethod2(hex(data), 8))).toBe(method2);
});

// ISO/IEC 9797-1:2011 section 6.3.4
test.each([
  ['', 8, '0000000000000000'],
  ['AB', 8, '0000000000000008AB00000000000000'],
  ['0102030405060708', 8, '00000000000000400102030405060708'],
  ['AB', 16, '00000000000000000000000000000008AB000000000000000000000000000000'],
])('pads %j to blocks of %i bytes by method 3', (data, blockBytes, expected) => {
  expect(toHex(padMethod3(hex(data), blockBytes))).toBe(expected);
});
