import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { ecdsaSignDigest, ecdsaVerifyDigest } from './ecdsa.js';

/**
 * True if what a private key signs is valid under a public key. OpenSSL compares neither the halves of a pair that it
 * reads from one encoding, nor the private key of an elliptic curve with the order. This takes tens of milliseconds
 * with a long RSA key.
 *
 * @param privateKey RSA, or one of an elliptic curve that ecdsaSignDigest has
 */
export function belongTogether(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const message = Buffer.from('imported key material');
  const digest = createHash('sha256').update(message).digest();
  try {
    return privateKey.asymmetricKeyType === 'ec'
      ? ecdsaVerifyDigest(publicKey, digest, ecdsaSignDigest(privateKey, digest))
      : verify('sha256', message, publicKey, sign('sha256', message, privateKey));
  } catch {
    return false;
  }
}
