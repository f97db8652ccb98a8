import { altered } from './altered.js';

test.each([
  ['7', '0'],
  ['0', '1'],
  ['123', '103'],
  ['5A00', '5A10'],
  ['5AB7', '5A07'],
])('%s becomes %s', (text, other) => {
  expect(altered(text)).toBe(other);
});

test.each(['base64', 'base64url'] as const)('changes the bytes that the shortest texts of %s carry', (encoding) => {
  for (let byte = 0; byte < 256; byte++)
    for (let length = 1; length < 7; length++) {
      const bytes = Buffer.alloc(length, byte);
      const text = altered(bytes.toString(encoding));
      const other = Buffer.from(text, encoding);
      expect(other).toHaveLength(length);
      expect(other).not.toEqual(bytes);
      // The text is canonical, so it is not refused for its form.
      expect(text).toHaveLength(bytes.toString(encoding).length);
    }
});
