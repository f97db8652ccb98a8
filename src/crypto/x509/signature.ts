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
 * The SIGNED structure of X.509: SEQUENCE { toBeSigned, signatureAlgorithm, BIT STRING signature }.
 *
 * @param privateKey  PKCS#8 in DER, RSA or elliptic curve; stays the caller's to zeroize
 * @param toBeSigned  the encoding to sign, given the AlgorithmIdentifier, which certificates repeat inside
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
 * Takes a SIGNED structure apart.
 *
 * @param signer certificate of who must have signed it
 * @returns what is signed, and whether the signature is valid; never with an unknown algorithm
 * @throws CryptoError CERTIFICATE when it is malformed
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
    // Told below, as any other key that can't sign.
  }
  throw new CryptoError('CERTIFICATE', 'The private key must be an RSA or elliptic curve key, PKCS#8 in DER');
}
