import { CryptoError } from '../errors.js';
import type { Encapsulation } from './implementation.js';
import { NOBLE, signMu, verifyMu } from './noble.js';
import { OPENSSL } from './openssl.js';
import {
  decodePublicKey,
  encodePublicKey,
  type MlDsaSet,
  type MlKemSet,
  type ParameterSet,
  PARAMETERS,
  requireSeed,
} from './parameter-sets.js';

/** Node's own where it has one: it is faster, and takes the same time for every key. */
const { publicKey, sign, verify, encapsulate, decapsulate } = OPENSSL ?? NOBLE;

/** Length in bytes of mu, the digest that ML-DSA signs: FIPS 204 algorithm 7, line 6. */
export const MU_BYTES = 64;

/**
 * Computes the public key of a seed: ML-DSA.KeyGen_internal of FIPS 204 section 6.1, ML-KEM.KeyGen_internal of FIPS 203 section 6.1.
 *
 * @param seed xi, or d || z; the caller zeroizes it
 * @returns DER SubjectPublicKeyInfo
 * @throws CryptoError KEY_LENGTH
 */
export function postQuantumPublicKey(set: ParameterSet, seed: Buffer): Buffer {
  requireSeed(set, seed);
  return encodePublicKey(set, publicKey(set, seed));
}

/**
 * Signs with ML-DSA, hedged and with an empty context: FIPS 204 section 5.2.
 *
 * @param seed the caller zeroizes it
 * @throws CryptoError KEY_LENGTH
 */
export function mlDsaSign(set: MlDsaSet, seed: Buffer, message: Buffer): Buffer {
  requireSeed(set, seed);
  return sign(set, seed, message);
}

/**
 * Signs a message with ML-DSA, as `mlDsaSign` does, given only its mu.
 *
 * @param mu 64 bytes: SHAKE256(SHAKE256(public key, 64) || 00 00 || message, 64)
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function mlDsaSignMu(set: MlDsaSet, seed: Buffer, mu: Buffer): Buffer {
  requireSeed(set, seed);
  requireMu(mu);
  return signMu(set, seed, mu);
}

/** Verifies a signature of `mlDsaSign`: FIPS 204 section 5.3. @param spki DER @throws CryptoError KEY_TYPE */
export function mlDsaVerify(set: MlDsaSet, spki: Buffer, message: Buffer, signature: Buffer): boolean {
  const bare = decodePublicKey(set, spki);
  return signature.length === PARAMETERS[set].outputBytes && verify(set, bare, message, signature);
}

/** Verifies a signature over a message of which only mu is given. @throws CryptoError KEY_TYPE, DATA_LENGTH */
export function mlDsaVerifyMu(set: MlDsaSet, spki: Buffer, mu: Buffer, signature: Buffer): boolean {
  const bare = decodePublicKey(set, spki);
  requireMu(mu);
  return signature.length === PARAMETERS[set].outputBytes && verifyMu(set, bare, mu, signature);
}

/**
 * Makes a fresh shared secret for the owner of a public key: ML-KEM.Encaps, FIPS 203 section 7.2.
 *
 * @param spki DER SubjectPublicKeyInfo
 * @throws CryptoError KEY_TYPE
 */
export function mlKemEncapsulate(set: MlKemSet, spki: Buffer): Encapsulation {
  const bare = decodePublicKey(set, spki);
  try {
    return encapsulate(set, bare);
  } catch {
    throw new CryptoError('KEY_TYPE', 'The coefficients of the public key must be smaller than the modulus');
  }
}

/**
 * Recovers a shared secret: ML-KEM.Decaps, FIPS 203 section 7.3. A ciphertext that wasn't made for this key gives a secret nobody
 * else has, the same one each time.
 *
 * @param seed d || z; the caller zeroizes it
 * @returns 32 bytes; the caller must zeroize them
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function mlKemDecapsulate(set: MlKemSet, seed: Buffer, ciphertext: Buffer): Buffer {
  const { outputBytes } = requireSeed(set, seed);
  if (ciphertext.length !== outputBytes)
    throw new CryptoError('DATA_LENGTH', `A ciphertext of ${set} must be ${outputBytes} bytes`);
  return decapsulate(set, seed, ciphertext);
}

function requireMu(mu: Buffer): void {
  if (mu.length !== MU_BYTES) throw new CryptoError('DATA_LENGTH', `mu must be ${MU_BYTES} bytes`);
}
