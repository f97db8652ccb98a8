import fc from 'fast-check';
import { rootCall } from '../../test/support/call.js';
import { OTHER_API } from '../../test/support/other-api.js';
import { PageTokens } from './page-tokens.js';

const tokens = new PageTokens(Buffer.alloc(32, 1));
const call = rootCall('ListKeys');
const LIST = ['ListKeys', undefined];

test('a token returns the position that it was issued for', () => {
  fc.assert(
    fc.property(fc.string(), (after) => {
      expect(tokens.read(call, LIST, tokens.issue(call, LIST, after))).toBe(after);
    }),
  );
});

test.each<[string, () => unknown]>([
  ['another list', () => tokens.read(call, ['ListAliases', undefined], tokens.issue(call, LIST, '7'))],
  ['another filter', () => tokens.read(call, ['ListKeys', 'DELETE_PENDING'], tokens.issue(call, LIST, '7'))],
  ['another Region', () => tokens.read({ ...call, region: 'eu-west-1' }, LIST, tokens.issue(call, LIST, '7'))],
  [
    'another account',
    () =>
      tokens.read(
        { ...call, principal: { ...call.principal, accountId: '111111111111' } },
        LIST,
        tokens.issue(call, LIST, '7'),
      ),
  ],
  ['another deployment', () => new PageTokens(Buffer.alloc(32, 2)).read(call, LIST, tokens.issue(call, LIST, '7'))],
  ['unknown origin', () => tokens.read(call, LIST, 'nonsense')],
])('refuses a token of %s', (_, read) => {
  expect(read).toThrow(expect.objectContaining({ name: 'ValidationException' }));
});

test('refuses a token of another API with the message of the API that is called', () => {
  const other = { ...call, api: OTHER_API };
  expect(tokens.read(other, LIST, tokens.issue(other, LIST, '7'))).toBe('7');
  expect(() => tokens.read(other, LIST, tokens.issue(call, LIST, '7'))).toThrow('The marker is invalid.');
  expect(() => tokens.read(call, LIST, tokens.issue(other, LIST, '7'))).toThrow('NextToken is invalid');
});

test('refuses a token with any character changed', () => {
  const token = tokens.issue(call, LIST, '1234567890');
  for (let i = 0; i < token.length - 1; i++) {
    const forged = token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
    expect(() => tokens.read(call, LIST, forged)).toThrow('NextToken is invalid');
  }
});
