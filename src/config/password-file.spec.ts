import { findPassword } from './password-file.js';

const URL_OF_DATABASE = 'postgresql://keyblock@db.example:5433/payments';
const find = (text: string, url = URL_OF_DATABASE) => findPassword(text, new URL(url));

test.each<[string, string, string]>([
  ['a line with every field', 'db.example:5433:payments:keyblock:secret', 'secret'],
  ['a line that ends in LF', 'db.example:5433:payments:keyblock:secret\n', 'secret'],
  ['a line that ends in CR LF', 'db.example:5433:payments:keyblock:secret\r\n', 'secret'],
  ['a line with wildcards', '*:*:*:*:secret', 'secret'],
  ['the first line that matches', 'other:*:*:*:no\n\n# *:*:*:*:no\n*:*:payments:*:secret\n*:*:*:*:no', 'secret'],
  ['an escaped colon and backslash', String.raw`*:*:*:*:a\:b\\c`, String.raw`a:b\c`],
  ['an escaped letter', String.raw`*:*:pay\ments:*:secret`, 'secret'],
  ['a line with spaces in the password', '*:*:*:*: a b ', ' a b '],
  ['a line with a sixth field', '*:*:*:*:secret:more', 'secret'],
])('finds a password in %s', (_, text, password) => {
  expect(find(text)).toBe(password);
});

test("a URL without port and database gets PostgreSQL's defaults", () => {
  expect(find('db:5432:ann:ann:secret', 'postgresql://ann@db')).toBe('secret');
});

test('user, database and IPv6 address are decoded from the URL before they are compared', () => {
  expect(find(String.raw`*:*:*:a\:b@c:secret`, 'postgresql://a%3Ab%40c@db/x')).toBe('secret');
  expect(find('*:*:my db:*:secret', 'postgresql://a@db/my%20db')).toBe('secret');
  expect(find(String.raw`fd00\:\:1:*:*:*:secret`, 'postgresql://a@[fd00::1]/x')).toBe('secret');
});

test.each<[string, string]>([
  ['an empty file', ''],
  ['a comment', '#*:*:*:*:secret'],
  ['another host', 'db.example.org:5433:payments:keyblock:secret'],
  ['another port', 'db.example:5432:payments:keyblock:secret'],
  ['another database', 'db.example:5433:payment:keyblock:secret'],
  ['another user', 'db.example:5433:payments:Keyblock:secret'],
  ['too few fields', 'db.example:5433:payments:keyblock'],
  ['an empty password', '*:*:*:*:'],
  ['an escaped wildcard', String.raw`\*:*:*:*:secret`],
  ['a wildcard within a word', 'db*:*:*:*:secret'],
  ['an escape that joins fields', String.raw`db.example\:5433:payments:keyblock:secret`],
  ['a space before the host', ' db.example:5433:payments:keyblock:secret'],
  ['a line with only a password', 'secret'],
])('finds no password in %s', (_, text) => {
  expect(find(text)).toBeUndefined();
});
