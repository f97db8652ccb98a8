import { type KeyObject, sign, verify } from 'node:crypto';
import { readPrivateKey } from '../asymmetric-key.js';
import { CryptoError } from '../errors.js';
import { bitString, type Element, type Fields, NULL, oid, sequence, TAG } from '../asn1.js';
import type { Certificate, KeyType } from './certificate.js';

export type SignatureHash = 'SHA224' | 'SHA256' | 'SHA384' | 'SHA512';

/** Signature AlgorithmIdentifiers: RSASSA-PKCS1-v1_5 of RFC 4055 section 5, ECDSA of RFC 5758 section 3.2. */
const ALGORITHMS: Record<KeyType, Record<SignatureHash, Buffer>> = {
  RSA: {
    SHA224: sequence(oid('1.2.840.113549.1.1.14'), NULL),
    SHA256: sequence(oid('1.2.840.113549.1.1.11'), NULL),
    SHA384: sequence(oid('1.2.840.113549.1.1.12'), NULL),
    SHA512: sequence(oid('1.2.840.113549.1.1.13'), NULL),
  },
  EC: {
    SHA224: sequence(oid('1.2.840.10045.4.3.1')),
    SHA256: sequence(oid('1.2.840.10045.4.3.2')),
    SHA384: sequence(oid('1.2.840.10045.4.3.3')),
    SHA512: sequence(oid('1.2.840.10045.4.3.4')),
  },
};

/**
 * Signs an X.509 SIGNED structure: SEQUENCE { toBeSigned, signatureAlgorithm, BIT STRING signature }.
 *
 * @param privateKey PKCS#8 in DER, RSA or elliptic curve; the caller zeroizes it
 * @param toBeSigned returns the encoding to sign, given the AlgorithmIdentifier, which certificates repeat inside it
 * @throws CryptoError CERTIFICATE
 */
export function signed(
  { privateKey, hash }: { privateKey: Buffer; hash: SignatureHash },
  toBeSigned: (algorithm: Buffer) => Buffer,
): Buffer {
  const key = signingKey(privateKey);
  const algorithm = ALGORITHMS[key.asymmetricKeyType === 'rsa' ? 'RSA' : 'EC'][hash];
  const tbs = toBeSigned(algorithm);
  return sequence(tbs, algorithm, bitString(sign(hash, tbs, key)));
}

/**
 * Parses a SIGNED structure and verifies its signature.
 *
 * @param signer certificate that must have signed the structure
 * @returns the signed encoding, and whether the signature is valid; with an unknown algorithm it never is
 * @throws CryptoError CERTIFICATE when the structure is malformed
 */
export function readSigned(structure: Fields, signer: Certificate): { toBeSigned: Element; isValid: boolean } {
  const toBeSigned = structure.take(TAG.SEQUENCE, 'toBeSigned');
  const algorithm = structure.take(TAG.SEQUENCE, 'signatureAlgorithm').der;
  const signature = structure.take(TAG.BIT_STRING, 'signature').content.subarray(1);
  structure.end();

  const key = { key: signer.publicKey, format: 'der', type: 'spki' } as const;
  const [hash] =
    Object.entries(ALGORITHMS[signer.keyType]).find(([, identifier]) => identifier.equals(algorithm)) ?? [];
  return { toBeSigned, isValid: hash !== undefined && verify(hash, toBeSigned.der, key, signature) };
}

function signingKey(privateKey: Buffer): KeyObject {
  try {
    const key = readPrivateKey(privateKey);
    if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec') return key;
  } catch {
    // Reported below, like any other key that cannot sign.
  }
  throw new CryptoError('CERTIFICATE', 'The private key must be an RSA or elliptic curve key, PKCS#8 in DER');
}
