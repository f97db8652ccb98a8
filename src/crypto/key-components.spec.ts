import { hex } from '../../test/support/vectors.js';
import { checkComponent, combineComponents, componentCheckValue, generateComponent } from './key-components.js';

const refused = (words: RegExp) =>
  expect.objectContaining({ code: 'KEY_COMPONENTS', message: expect.stringMatching(words) }) as Error;
const filled = (byte: number) => Buffer.alloc(32, byte);

test('the key is the XOR of two or three components in any order, and the components are not modified', () => {
  const [a, b, c] = [generateComponent(), generateComponent(), generateComponent()];
  const copies = [a, b, c].map((component) => Buffer.from(component));
  const expected = Buffer.from(a.map((byte, i) => byte ^ b[i]! ^ c[i]!));
  expect(combineComponents([a, b, c])).toEqual(expected);
  expect(combineComponents([c, a, b])).toEqual(expected);
  expect(combineComponents([filled(0x0f), filled(0xf1)])).toEqual(filled(0xfe));
  expect([a, b, c]).toEqual(copies);
});

test.each<[string, Buffer[], RegExp]>([
  ['one', [filled(1)], /two or three/],
  ['four components', [filled(1), filled(2), filled(4), filled(8)], /two or three/],
  ['a short component', [filled(1), Buffer.alloc(16, 2)], /32 bytes/],
  ['a component of zeros', [filled(1), filled(0)], /of zeros leaves the key/],
  ['two equal components', [filled(1), filled(1)], /cancel each other out: each has/],
  ['two equal components of three', [filled(1), filled(2), filled(1)], /cancel each other out: each has/],
  ['three components that combine to zeros', [filled(1), filled(2), filled(3)], /a key of zeros/],
])('refuses %s', (_, components, words) => {
  expect(() => combineComponents(components)).toThrow(refused(words));
});

test('checkComponent refuses an invalid component', () => {
  expect(() => checkComponent(filled(0))).toThrow(refused(/zeros/));
  expect(() => checkComponent(generateComponent())).not.toThrow();
});

test('the check value is the CMAC of a block of zeros', () => {
  // echo -n 00000000000000000000000000000000 | xxd -r -p | openssl mac -cipher aes-256-cbc -macopt hexkey:… CMAC
  const key = hex('000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
  expect(componentCheckValue(key)).toBe('377822');
});
