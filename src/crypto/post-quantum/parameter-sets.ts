import { bitString, decodeSequence, encode, integer, octetString, oid, oidValue, sequence, TAG } from '../asn1.js';
import { CryptoError } from '../errors.js';

/** Parameter sets of FIPS 204 and FIPS 203 by their API names. */
export type MlDsaSet = 'ML_DSA_44' | 'ML_DSA_65' | 'ML_DSA_87';
export type MlKemSet = 'ML_KEM_512' | 'ML_KEM_768' | 'ML_KEM_1024';
export type ParameterSet = MlDsaSet | MlKemSet;

interface Parameters {
  /** RFC 9881 section 2 and RFC 9935 section 3. */
  readonly oid: string;
  /** Lengths in bytes. The seed is xi of FIPS 204, or d || z of FIPS 203. */
  readonly seedBytes: number;
  readonly publicKeyBytes: number;
  /** Length of a signature, or of the ciphertext of a shared secret. */
  readonly outputBytes: number;
}

export const PARAMETERS: Readonly<Record<ParameterSet, Parameters>> = {
  ML_DSA_44: { oid: '2.16.840.1.101.3.4.3.17', seedBytes: 32, publicKeyBytes: 1312, outputBytes: 2420 },
  ML_DSA_65: { oid: '2.16.840.1.101.3.4.3.18', seedBytes: 32, publicKeyBytes: 1952, outputBytes: 3309 },
  ML_DSA_87: { oid: '2.16.840.1.101.3.4.3.19', seedBytes: 32, publicKeyBytes: 2592, outputBytes: 4627 },
  ML_KEM_512: { oid: '2.16.840.1.101.3.4.4.1', seedBytes: 64, publicKeyBytes: 800, outputBytes: 768 },
  ML_KEM_768: { oid: '2.16.840.1.101.3.4.4.2', seedBytes: 64, publicKeyBytes: 1184, outputBytes: 1088 },
  ML_KEM_1024: { oid: '2.16.840.1.101.3.4.4.3', seedBytes: 64, publicKeyBytes: 1568, outputBytes: 1568 },
};

/** Encodes a public key as DER SubjectPublicKeyInfo: RFC 9881 section 4, RFC 9935 section 4. */
export function encodePublicKey(set: ParameterSet, publicKey: Buffer): Buffer {
  return sequence(sequence(oid(PARAMETERS[set].oid)), bitString(publicKey));
}

/**
 * Decodes a DER SubjectPublicKeyInfo of one parameter set.
 *
 * @returns the bare public key, a view of `spki`
 * @throws CryptoError KEY_TYPE
 */
export function decodePublicKey(set: ParameterSet, spki: Buffer): Buffer {
  const info = decodeSequence(spki, 'SubjectPublicKeyInfo', 'KEY_TYPE');
  const algorithm = info.within(TAG.SEQUENCE, 'algorithm');
  const name = oidValue(algorithm.take(TAG.OID, 'algorithm'));
  algorithm.end();
  const publicKey = info.take(TAG.BIT_STRING, 'subjectPublicKey').content.subarray(1);
  info.end();
  if (name !== PARAMETERS[set].oid || publicKey.length !== PARAMETERS[set].publicKeyBytes)
    throw new CryptoError('KEY_TYPE', `The key must be a public key of ${set}`);
  return publicKey;
}

/**
 * Encodes a seed as DER PKCS#8, in the seed-only form: RFC 9881 section 6, RFC 9935 section 6.
 *
 * @param seed the caller zeroizes it
 * @returns 54 bytes for ML-DSA, 86 for ML-KEM; the caller must zeroize them
 * @throws CryptoError KEY_LENGTH
 */
export function encodeSeed(set: ParameterSet, seed: Buffer): Buffer {
  const { seedBytes, oid: name } = requireSeed(set, seed);
  // The seed is last. It is put in at the end, so that the encoder makes no copies of it.
  const blank = encode(TAG.PRIMITIVE_0, Buffer.alloc(seedBytes));
  const pkcs8 = sequence(integer(0), sequence(oid(name)), octetString(blank));
  seed.copy(pkcs8, pkcs8.length - seedBytes);
  return pkcs8;
}

/** @throws CryptoError KEY_LENGTH */
export function requireSeed(set: ParameterSet, seed: Buffer): Parameters {
  const parameters = PARAMETERS[set];
  if (seed.length !== parameters.seedBytes)
    throw new CryptoError('KEY_LENGTH', `A seed of ${set} must be ${parameters.seedBytes} bytes`);
  return parameters;
}
