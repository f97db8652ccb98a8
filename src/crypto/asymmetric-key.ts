import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
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

/**
 * The public key in whatever form a key comes: SubjectPublicKeyInfo, the private key that it belongs to in PKCS#8, or an
 * X.509 certificate (RFC 5280).
 *
 * @param der stays the caller's to zeroize
 * @throws CryptoError KEY_TYPE
 */
export function readPublicHalf(der: Buffer): KeyObject {
  const publicKeyOfPair = () => createPublicKey(readPrivateKey(der));
  for (const read of [readPublicKey, publicKeyOfPair]) {
    try {
      return read(der);
    } catch {
      // The next form, then.
    }
  }
  return readCertifiedKey(der);
}

/** DER SubjectPublicKeyInfo (RFC 5280 section 4.1). */
export function exportPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' });
}

function readCertifiedKey(der: Buffer): KeyObject {
  try {
    return readPublicKey(exportPublicKey(new X509Certificate(der).publicKey));
  } catch {
    throw new CryptoError('KEY_TYPE', 'A key must be DER: SubjectPublicKeyInfo, PKCS#8 or an X.509 certificate');
  }
}

/** OpenSSL reads the point at infinity but doesn't write it, and Node aborts the process when asked for its curve. */
function refuseInfinity(publicKey: KeyObject): void {
  if (publicKey.asymmetricKeyType === 'ec') exportPublicKey(publicKey);
}
