import { holdingOf, pemOf } from './holding.js';

const DER = Buffer.from('3003020105', 'hex');

test.each([
  ['PEM', pemOf(DER)],
  ['hexadecimal', '30 03 02 01 05'],
  ['base64 of PEM', Buffer.from(pemOf(DER)).toString('base64')],
])('reads DER as %s', (_, text) => {
  const holding = holdingOf(text);
  expect(holding).toHaveProperty('der');
  expect(Buffer.compare((holding as { der: Buffer }).der, DER)).toBe(0);
});

test.each(['LS0tLS1CRUdJTi!!!!', 'LS0tLS1CRUdJTiA', '-----BEGIN X-----', 'MIIB!', '30', 'x'])(
  'treats %j, which is neither, as a key block',
  (text) => {
    expect(holdingOf(text)).toEqual({ block: expect.any(String) });
  },
);

test('finds nothing in a blank text', () => {
  expect(holdingOf(' \n')).toBeUndefined();
});
