import { toHex } from './bytes.js';
import { hash } from './hash.js';

// FIPS 180-4's and RFC 1321's examples of "abc".
test.each([
  ['MD5', '900150983CD24FB0D6963F7D28E17F72'],
  ['SHA1', 'A9993E364706816ABA3E25717850C26C9CD0D89D'],
  ['SHA224', '23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7'],
  ['SHA256', 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD'],
] as const)('%s of "abc"', (name, digest) => {
  expect(toHex(hash(name, Buffer.from('abc')))).toBe(digest);
});

test.each([
  ['SHA384', 48],
  ['SHA512', 64],
] as const)('%s has %i bytes', (name, bytes) => {
  expect(hash(name, Buffer.alloc(0))).toHaveLength(bytes);
});
