import { createHash, diffieHellman } from 'node:crypto';
import { readPrivateKey, readPublicKey } from './asymmetric-key.js';
import { CryptoError } from './errors.js';

/** P-256, P-384 and P-521 of FIPS 186, by OpenSSL's names. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

export interface EcdhParties {
  /** Our private key, DER PKCS#8; the caller zeroizes it. */
  privateKey: Buffer;
  /** The peer's public key on the same curve, DER SubjectPublicKeyInfo. The caller must have authenticated it. */
  peerPublicKey: Buffer;
}

/** Key derivation functions by their API names. */
export type EcdhKdf = 'NIST_SP800' | 'ANSI_X963';

/** Hash functions of the key derivation by their API names. */
export type EcdhHash = 'SHA_256' | 'SHA_384' | 'SHA_512';

export interface EcdhDerivation {
  kdf: EcdhKdf;
  hash: EcdhHash;
  /** FixedInfo of SP 800-56C or SharedInfo of X9.63: any bytes, hashed as given. */
  sharedInfo: Buffer;
  /** Length of the derived key in bytes, 1 or more. */
  length: number;
}

const HASHES = {
  SHA_256: { name: 'sha256', digestBytes: 32 },
  SHA_384: { name: 'sha384', digestBytes: 48 },
  SHA_512: { name: 'sha512', digestBytes: 64 },
} as const;

/**
 * Derives the key that two parties agree on: `ecdhSharedSecret`, then `ecdhKdf`. Does not adjust the parity of a TDES
 * key.
 *
 * @returns the derived key; the caller must zeroize it
 * @throws CryptoError KEY_TYPE, KEY_LENGTH
 */
export function ecdhKey(parties: EcdhParties, derivation: EcdhDerivation): Buffer {
  const z = ecdhSharedSecret(parties);
  try {
    return ecdhKdf(derivation, z);
  } finally {
    z.fill(0);
  }
}

/**
 * Computes the shared secret with the ECC CDH primitive: NIST SP 800-56A revision 3, section 5.7.1.2 (also ANSI X9.63),
 * on P-256, P-384 or P-521.
 *
 * @returns Z, the x coordinate of the shared point in the full length of the field, 32, 48 or 66 bytes including
 *   leading zeros; the caller must zeroize it
 * @throws CryptoError KEY_TYPE when a key is not on one of these curves or the two keys are on different curves
 */
export function ecdhSharedSecret({ privateKey: pkcs8, peerPublicKey: spki }: EcdhParties): Buffer {
  const privateKey = readPrivateKey(pkcs8);
  const publicKey = readPublicKey(spki);
  const curve = privateKey.asymmetricKeyDetails?.namedCurve;
  if (curve === undefined || !CURVES.includes(curve))
    throw new CryptoError('KEY_TYPE', 'The private key must be on P-256, P-384 or P-521');
  if (publicKey.asymmetricKeyDetails?.namedCurve !== curve)
    throw new CryptoError('KEY_TYPE', "The peer's public key must be on the curve of the private key");
  return diffieHellman({ privateKey, publicKey });
}

/**
 * Derives a key from a shared secret by hashing, with one of two functions: the one-step function of NIST SP 800-56C
 * revision 2, section 4.1, option 1, H(counter || Z || FixedInfo), or the function of ANSI X9.63 (SEC 1 section 3.6.1),
 * H(Z || counter || SharedInfo). The counter has 4 bytes and starts at 1. The key is the leftmost bytes of the
 * concatenated digests.
 *
 * @param z shared secret; the caller zeroizes it
 * @returns the derived key; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH
 */
export function ecdhKdf({ kdf, hash, sharedInfo, length }: EcdhDerivation, z: Buffer): Buffer {
  if (!Number.isInteger(length) || length < 1)
    throw new CryptoError('KEY_LENGTH', 'A derived key must be 1 byte or more');
  const { name, digestBytes } = HASHES[hash];
  const key = Buffer.alloc(length);
  const counter = Buffer.alloc(4);
  const [first, second] = kdf === 'NIST_SP800' ? [counter, z] : [z, counter];
  for (let i = 0; i * digestBytes < length; i++) {
    counter.writeUInt32BE(i + 1);
    const digest = createHash(name).update(first).update(second).update(sharedInfo).digest();
    digest.copy(key, i * digestBytes);
    digest.fill(0);
  }
  return key;
}
