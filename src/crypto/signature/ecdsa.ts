import type { KeyObject } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { decodeSequence, TAG } from '../asn1.js';
import { exportPublicKey } from '../asymmetric-key.js';
import { CryptoError } from '../errors.js';

/** By OpenSSL's names. */
const CURVES = new Map(Object.entries({ prime256v1: p256, secp384r1: p384, secp521r1: p521, secp256k1 }));

/** Signatures with a high s are valid, too, as in OpenSSL. */
const OPTIONS = { prehash: false, lowS: false, format: 'der' } as const;

/**
 * Signs a digest with ECDSA: FIPS 186-5 section 6.4, with the deterministic nonce of section 6.3.2. It is written in
 * JavaScript, because Node hashes what it signs; its duration depends on the key.
 *
 * @param privateKey on P-256, P-384, P-521 or secp256k1
 * @returns DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3)
 * @throws CryptoError KEY_TYPE
 */
export function ecdsaSignDigest(privateKey: KeyObject, digest: Buffer): Buffer {
  const curve = curveOf(privateKey);
  const sec1 = privateKey.export({ format: 'der', type: 'sec1' });
  try {
    const key = decodeSequence(sec1, 'ECPrivateKey', 'KEY_TYPE');
    key.take(TAG.INTEGER, 'version');
    const scalar = key.take(TAG.OCTET_STRING, 'privateKey').content;
    return Buffer.from(curve.sign(digest, scalar, OPTIONS));
  } finally {
    sec1.fill(0);
  }
}

/** Verifies an ECDSA signature over a digest: FIPS 186-5 section 6.4.2. @throws CryptoError KEY_TYPE */
export function ecdsaVerifyDigest(publicKey: KeyObject, digest: Buffer, signature: Buffer): boolean {
  const curve = curveOf(publicKey);
  const info = decodeSequence(exportPublicKey(publicKey), 'SubjectPublicKeyInfo', 'KEY_TYPE');
  info.take(TAG.SEQUENCE, 'algorithm');
  const point = info.take(TAG.BIT_STRING, 'subjectPublicKey').content.subarray(1);
  try {
    return curve.verify(signature, digest, point, OPTIONS);
  } catch {
    // The signature isn't DER.
    return false;
  }
}

function curveOf({ asymmetricKeyDetails }: KeyObject) {
  const curve = CURVES.get(asymmetricKeyDetails?.namedCurve ?? '');
  if (!curve) throw new CryptoError('KEY_TYPE', 'The key must be on P-256, P-384, P-521 or secp256k1');
  return curve;
}
