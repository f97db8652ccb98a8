import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CryptoError } from './errors.js';

/**
 * Reads an RSA or elliptic curve public key.
 *
 * @param der SubjectPublicKeyInfo (RFC 5280 section 4.1), and nothing after it: OpenSSL would ignore that
 * @throws CryptoError KEY_TYPE, including when a point is not on its curve or is the point at infinity
 */
export function readPublicKey(der: Buffer): KeyObject {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    refuseInfinity(key);
    if (lengthOf(der) !== der.length) throw new RangeError('There are bytes after the key');
    return key;
  } catch {
    throw new CryptoError('KEY_TYPE', 'A public key must be a DER SubjectPublicKeyInfo of RSA or a named curve');
  }
}

/**
 * Reads an RSA or elliptic curve private key. OpenSSL clears its copy when the KeyObject is garbage collected.
 *
 * @param der PKCS#8 (RFC 5208), not encrypted; the caller zeroizes it
 * @throws CryptoError KEY_TYPE, including when the embedded public key is the point at infinity
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
 * Reads the public key from a SubjectPublicKeyInfo, a PKCS#8 private key or an X.509 certificate (RFC 5280).
 *
 * @param der any of these three encodings; the caller zeroizes it
 * @throws CryptoError KEY_TYPE
 */
export function readPublicHalf(der: Buffer): KeyObject {
  const publicKeyOfPair = () => createPublicKey(readPrivateKey(der));
  for (const read of [readPublicKey, publicKeyOfPair]) {
    try {
      return read(der);
    } catch {
      // Try the next encoding.
    }
  }
  return readCertifiedKey(der);
}

/** Encodes a public key as DER SubjectPublicKeyInfo (RFC 5280 section 4.1). */
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

/**
 * Rejects the point at infinity: OpenSSL reads it but cannot encode it, and Node aborts the process when asked for its
 * curve.
 */
function refuseInfinity(publicKey: KeyObject): void {
  if (publicKey.asymmetricKeyType === 'ec') exportPublicKey(publicKey);
}

/** Returns the length of the first DER element, with its header: X.690 section 8.1.3. */
function lengthOf(der: Buffer): number {
  const short = der.readUInt8(1);
  if (short < 0x80) return 2 + short;
  const octets = short & 0x7f;
  return 2 + octets + der.readUIntBE(2, octets);
}
