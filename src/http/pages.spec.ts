import { isBrowser } from './pages.js';

test.each([
  ['text/html', true],
  ['text/html;level=1;q=0.001', true],
  ['application/json;q=0, Text/HTML ; Q=1.0', true],
  ['text/html;q=0', false],
  ['text/html;q=0.', false],
  ['*/*, TEXT/HTML; level=1 ; Q=0.000', false],
  ['text/plain;q=text/html', false],
  [undefined, false],
])('a request that accepts %s comes from a browser: %s', (accept, expected) => {
  expect(isBrowser({ method: 'GET', headers: { accept } })).toBe(expected);
});

test.each(['HEAD', 'POST'])('a %s request does not come from a browser', (method) => {
  expect(isBrowser({ method, headers: { accept: 'text/html' } })).toBe(false);
});

test('a request with X-Amz-Target does not come from a browser', () => {
  expect(isBrowser({ method: 'GET', headers: { accept: 'text/html', 'x-amz-target': 'x' } })).toBe(false);
});
