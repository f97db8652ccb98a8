import { toXml } from './xml.js';

test('nests elements under a root with a namespace', () => {
  expect(toXml('A', 'urn:x', { B: { C: '1', D: '2' }, E: '' })).toBe(
    '<A xmlns="urn:x"><B><C>1</C><D>2</D></B><E></E></A>\n',
  );
});

test.each([
  ['markup', `<b a="1">&</b>`, '&lt;b a=&quot;1&quot;&gt;&amp;&lt;/b&gt;'],
  ['characters that XML 1.0 lacks', 'a\u0000b\u001fc\ufffe', 'a\ufffdb\ufffdc\ufffd'],
  ['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
  ['other text unchanged', 'é\t\u{1F600}', 'é\t\u{1F600}'],
])('escapes %s', (_, text, escaped) => {
  expect(toXml('A', 'urn:x', { B: text })).toBe(`<A xmlns="urn:x"><B>${escaped}</B></A>\n`);
});
