import { createHash, createPrivateKey } from 'node:crypto';
import { bitFlips, hex, vectors } from '../../test/support/vectors.js';
import rsaVectors from '../../test/vectors/rsa.json' with { type: 'json' };
import { aes } from './aes.js';
import { equal, toHex } from './bytes.js';
import { tdes } from './des.js';
import type { HmacHash } from './hmac.js';
import { kcvCmac, kcvEcb, kcvHmac, kcvPublicKey } from './kcv.js';
import { publicKeyOf } from './rsa.js';

const cipherOf = (keyAlgorithm: string, key: string) => (keyAlgorithm.startsWith('TDES') ? tdes : aes)(hex(key));

interface KcvVector {
  key: string;
  keyAlgorithm: string;
  expected: { kcv: string };
}

test.each(vectors<KcvVector>('kcv', 'KCV ANSI_X9_24'))('matches $id by ECB, $keyAlgorithm: $source', (vector) => {
  using cipher = cipherOf(vector.keyAlgorithm, vector.key);
  expect(toHex(kcvEcb(cipher))).toBe(vector.expected.kcv);
});

test.each(vectors<KcvVector>('kcv', 'KCV CMAC'))('matches $id by CMAC, $keyAlgorithm: $source', (vector) => {
  using cipher = cipherOf(vector.keyAlgorithm, vector.key);
  expect(toHex(kcvCmac(cipher))).toBe(vector.expected.kcv);
});

test.each(vectors<KcvVector>('kcv', 'KCV HMAC'))(
  'matches $id, $keyAlgorithm: $source',
  ({ key, keyAlgorithm, expected }) => {
    expect(toHex(kcvHmac(keyAlgorithm.replace('HMAC_', '') as HmacHash, hex(key)))).toBe(expected.kcv);
  },
);

test.each(vectors<KcvVector>('kcv'))('$id, $keyAlgorithm: does not match any key that differs in one bit', (vector) => {
  const { algorithm, keyAlgorithm, key, expected } = vector;
  const kcvOf = (other: Buffer) => {
    if (algorithm === 'KCV HMAC') return kcvHmac(keyAlgorithm.replace('HMAC_', '') as HmacHash, other);
    using cipher = cipherOf(keyAlgorithm, toHex(other));
    return algorithm === 'KCV CMAC' ? kcvCmac(cipher) : kcvEcb(cipher);
  };
  // The lowest bit of each byte of a TDES key is a parity bit.
  const others = bitFlips(hex(key)).filter((_, bit) => !keyAlgorithm.startsWith('TDES') || bit % 8 !== 7);
  expect(others.filter((other) => equal(kcvOf(other), hex(expected.kcv)))).toEqual([]);
});

interface KeyCheckValueVector {
  operation: string;
  inputs: { keyAlgorithm: string; key: string };
  expected: { keyCheckValue: string; keyCheckValueAlgorithm: string };
}

test.each(vectors<KeyCheckValueVector>('rsa').filter(({ operation }) => operation === 'KeyCheckValue'))(
  'matches $id by $expected.keyCheckValueAlgorithm',
  ({ inputs: { keyAlgorithm, key }, expected: { keyCheckValue, keyCheckValueAlgorithm } }) => {
    if (keyCheckValueAlgorithm === 'HMAC') {
      expect(toHex(kcvHmac(keyAlgorithm.replace('HMAC_', '') as HmacHash, hex(key)))).toBe(keyCheckValue);
    } else {
      using cipher = cipherOf(keyAlgorithm, key);
      expect(toHex((keyCheckValueAlgorithm === 'CMAC' ? kcvCmac : kcvEcb)(cipher))).toBe(keyCheckValue);
    }
  },
);

const tdesAndAes = vectors<KcvVector>('kcv', 'KCV ANSI_X9_24', 'KCV CMAC');

test.each(tdesAndAes)('$id, $keyAlgorithm: differs from the check value of the other method', (vector) => {
  using cipher = cipherOf(vector.keyAlgorithm, vector.key);
  const other = vector.algorithm === 'KCV CMAC' ? kcvEcb : kcvCmac;
  expect(toHex(other(cipher))).not.toBe(vector.expected.kcv);
});

test('a public key that differs in one bit has a different check value', () => {
  const pkcs8 = createPrivateKey(rsaVectors.pki.RSA_2048.privateKeyPem).export({ format: 'der', type: 'pkcs8' });
  const spki = publicKeyOf(pkcs8);
  expect(bitFlips(spki).filter((other) => equal(kcvPublicKey(other), kcvPublicKey(spki)))).toEqual([]);
});

test('the check value does not depend on the parity of a TDES key but on the order of its parts', () => {
  const kcv = (key: string) => {
    using cipher = tdes(hex(key));
    return toHex(kcvEcb(cipher));
  };
  expect(kcv('0022446688AACCEEFEDCBA9876543210')).toBe(kcv('0123456789ABCDEFFFDDBB9977553311'));
  expect(kcv('0123456789ABCDEFFEDCBA9876543210')).toBe('08D7B4');
  expect(kcv('FEDCBA98765432100123456789ABCDEF')).not.toBe('08D7B4');
});

test('the check value methods give different values', () => {
  using cipher = aes(hex('00112233445566778899AABBCCDDEEFF'));
  expect(toHex(kcvEcb(cipher))).toBe('FDE4FB');
  expect(toHex(kcvCmac(cipher))).toBe('53E107');
  expect(toHex(kcvHmac('SHA256', hex('00112233445566778899AABBCCDDEEFF')))).toBe('E8A065');
  expect(toHex(kcvHmac('SHA512', hex('00112233445566778899AABBCCDDEEFF')))).not.toBe('E8A065');
});

test('the check value of a public key is four bytes of the SHA-1 of its SubjectPublicKeyInfo', () => {
  const pkcs8 = createPrivateKey(rsaVectors.pki.RSA_2048.privateKeyPem).export({ format: 'der', type: 'pkcs8' });
  const spki = publicKeyOf(pkcs8);
  expect(kcvPublicKey(spki)).toHaveLength(4);
  expect(toHex(kcvPublicKey(spki))).toBe(createHash('sha1').update(spki).digest('hex').slice(0, 8).toUpperCase());
  // FIPS 180-4: SHA-1 of "abc".
  expect(toHex(kcvPublicKey(Buffer.from('abc')))).toBe('A9993E36');
});
