import fc from 'fast-check';
import { globOf, matchesInParallel, textTest } from './pattern.js';

const nothing = () => undefined;
const isMatch = (text: string, value: string) => textTest(text, { wildcards: true, variables: false })(value, nothing);

const textOf = (characters: string[], maxLength: number) =>
  fc.array(fc.constantFrom(...characters), { maxLength }).map((letters) => letters.join(''));
const regexOf = (text: string) => new RegExp(`^${text.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');

test.each([12, 100])(
  'both ways to match a pattern of at most %i characters agree with a regular expression',
  (length) => {
    fc.assert(
      fc.property(textOf(['a', 'b', '*', '?'], length), textOf(['a', 'b'], length), (text, value) => {
        // A run of * is reduced to one, so that the regular expression terminates.
        const pattern = text.replaceAll(/\*+/g, '*');
        fc.pre(pattern.split('*').length < 8);
        const expected = regexOf(pattern).test(value);
        expect(matchesInParallel(globOf(text, true), value)).toBe(expected);
        expect(isMatch(text, value)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  },
);

test.each<[what: string, pattern: string, value: string, expected: boolean]>([
  ['a long run that ends otherwise', `*${'a'.repeat(4096)}b`, 'a'.repeat(8192), false],
  ['a long run at the end', `*${'a'.repeat(4096)}b`, `${'a'.repeat(8192)}b`, true],
  ['a long run with ?', `*${'a'.repeat(2000)}?${'a'.repeat(2000)}b`, 'a'.repeat(8192), false],
  ['a long run with ? that matches', `*${'a'.repeat(2000)}?${'a'.repeat(2000)}b*`, `${'a'.repeat(8192)}bc`, true],
  ['31 characters', `*${'a'.repeat(30)}b`, `${'a'.repeat(5000)}b`, true],
  ['32 characters', `*${'a'.repeat(31)}b`, `${'a'.repeat(5000)}b`, true],
  ['33 characters', `*${'a'.repeat(32)}b`, `${'a'.repeat(5000)}c`, false],
  ['a value that is too short', `*${'a'.repeat(40)}`, 'a'.repeat(39), false],
  ['the empty value', '***', '', true],
  ['the empty pattern', '', 'a', false],
])('matches %s', (_, pattern, value, expected) => {
  expect(matchesInParallel(globOf(pattern, true), value)).toBe(expected);
  expect(isMatch(pattern, value)).toBe(expected);
});
