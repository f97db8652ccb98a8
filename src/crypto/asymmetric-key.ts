import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CryptoError } from './errors.js';

/**
 * A public key, RSA or elliptic curve.
 *
 * @param der SubjectPublicKeyInfo (RFC 5280 section 4.1)
 * @throws CryptoError KEY_TYPE, also when a point isn't on its curve or is the point at infinity
 */
export function readPublicKey(der: Buffer): KeyObject {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    refuseInfinity(key);
    return key;
  } catch {
    throw new CryptoError('KEY_TYPE', 'A public key must be a DER SubjectPublicKeyInfo of RSA or a named curve');
  }
}

/**
 * A private key, RSA or elliptic curve. OpenSSL clears its copy when the garbage collector finds the object.
 *
 * @param der PKCS#8 (RFC 5208), not encrypted; stays the caller's to zeroize
 * @throws CryptoError KEY_TYPE, also when the public key inside is the point at infinity
 */
export function readPrivateKey(der: Buffer): KeyObject {
  try {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    refuseInfinity(createPublicKey(key));
    return key;
  } catch {
    throw new CryptoError('KEY_TYPE', 'A private key must be DER PKCS#8');
  }
}

/** OpenSSL reads the point at infinity but doesn't write it, and Node aborts the process when asked for its curve. */
function refuseInfinity(publicKey: KeyObject): void {
  if (publicKey.asymmetricKeyType === 'ec') publicKey.export({ format: 'der', type: 'spki' });
}
