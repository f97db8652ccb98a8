import { diffLines } from './text-diff.js';

test.each<[before: string, after: string, lines: string[]]>([
  ['a\nb', 'a\nb', ['  a', '  b']],
  ['a\nb\nc', 'a\nc', ['  a', '- b', '  c']],
  ['a\nc', 'a\nb\nc', ['  a', '+ b', '  c']],
  ['a\nb\nc', 'a\nx\nc', ['  a', '- b', '+ x', '  c']],
  ['', 'a', ['- ', '+ a']],
  ['a', 'b', ['- a', '+ b']],
])('%j becomes %j', (before, after, lines) => {
  expect(diffLines(before, after)).toEqual(lines);
});
