import { createHmac, createSecretKey } from 'node:crypto';
import { HeldKey } from '../../crypto/held-key.js';
import { keyForDecryption, keyForEncryption } from './message-keys.js';

const material = (byte: number) => new HeldKey(Buffer.alloc(32, byte));

test('a key for messages is HMAC-SHA-256 of the material over its nonce', () => {
  const held = material(1);
  const { nonce, key } = keyForEncryption(held);
  const expected = createSecretKey(createHmac('sha256', Buffer.alloc(32, 1)).update(nonce).digest());
  expect(nonce).toHaveLength(16);
  expect(key.equals(expected)).toBe(true);
  expect(keyForDecryption(material(1), nonce).equals(expected)).toBe(true);
  expect(keyForDecryption(material(2), nonce).equals(expected)).toBe(false);
});

test('a key encrypts a million messages, and the next has another', () => {
  const held = material(3);
  const { key } = keyForEncryption(held);
  for (let i = 1; i < 1_048_576; i++) keyForEncryption(held);
  expect(keyForEncryption(held).key.equals(key)).toBe(false);
});

test('two processes, or a material that was opened again, have keys of their own', () => {
  expect(keyForEncryption(material(4)).nonce).not.toEqual(keyForEncryption(material(4)).nonce);
});

test('keys are derived again for more ciphertexts than the cache holds', () => {
  const held = material(5);
  const nonces = Array.from({ length: 200 }, (_, i) => Buffer.alloc(16, i));
  const first = nonces.map((nonce) => keyForDecryption(held, nonce));
  nonces.forEach((nonce, i) => expect(keyForDecryption(held, nonce).equals(first[i]!)).toBe(true));
});
