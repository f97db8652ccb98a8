import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { HmacSha256 } from './hmac-sha256.js';

test('agrees with OpenSSL for any key of up to one block and any message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: 'binary' }), (key, message) => {
      const expected = createHmac('sha256', key).update(message).digest('hex');
      expect(new HmacSha256(Buffer.from(key)).mac(message)).toBe(expected);
    }),
  );
});

test('matches RFC 4231 test case 2', () => {
  const mac = new HmacSha256(Buffer.from('Jefe')).mac('what do ya want for nothing?');
  expect(mac).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
});

test('refuses a key longer than a block', () => {
  expect(() => new HmacSha256(Buffer.alloc(65))).toThrow(RangeError);
});
