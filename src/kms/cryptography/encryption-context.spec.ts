import fc from 'fast-check';
import { canonicalContext } from './encryption-context.js';

const hex = (context?: Record<string, string>) => canonicalContext(context).toString('hex');

test.each<[Record<string, string> | undefined, string]>([
  [undefined, ''],
  [{}, ''],
  [{ a: '' }, '000000016100000000'],
  [{ a: 'bc' }, '0000000161000000026263'],
  // By the bytes of the names in UTF-8, in which U+FF5E comes before U+1F600.
  [
    { '😀': '1', '～': '2', b: '3' },
    '00000001620000000133' + '00000003efbd9e0000000132' + '00000004f09f98800000000131',
  ],
])('the canonical form of %j has each string after its length, by name', (context, expected) => {
  expect(hex(context)).toBe(expected);
});

test('contexts have one canonical form exactly if they have the same pairs', () => {
  const context = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 3 }), fc.string({ maxLength: 3 }), {
    maxKeys: 4,
  });
  fc.assert(
    fc.property(context, context, (a, b) => {
      const pairs = (of: object) => JSON.stringify(Object.entries(of).sort(([x], [y]) => (x < y ? -1 : 1)));
      expect(hex(a) === hex(b)).toBe(pairs(a) === pairs(b));
    }),
  );
});
