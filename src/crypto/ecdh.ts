import { createHash, diffieHellman } from 'node:crypto';
import { readPrivateKey, readPublicKey } from './asymmetric-key.js';
import { CryptoError } from './errors.js';

/** P-256, P-384 and P-521 of FIPS 186 by OpenSSL's names. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

export interface EcdhParties {
  /** Ours: DER PKCS#8; stays the caller's to zeroize. */
  privateKey: Buffer;
  /** The peer's: DER SubjectPublicKeyInfo, on the same curve. Whose key it is, is the caller's to know. */
  peerPublicKey: Buffer;
}

/** The derivation functions by their names on the wire. */
export type EcdhKdf = 'NIST_SP800' | 'ANSI_X963';

/** The hashes of the derivation by their names on the wire. */
export type EcdhHash = 'SHA_256' | 'SHA_384' | 'SHA_512';

export interface EcdhDerivation {
  kdf: EcdhKdf;
  hash: EcdhHash;
  /** FixedInfo of SP 800-56C, SharedInfo of X9.63: any bytes, in the hash as they are. */
  sharedInfo: Buffer;
  /** Bytes of the derived key, 1 or more. */
  length: number;
}

const HASHES = {
  SHA_256: { name: 'sha256', digestBytes: 32 },
  SHA_384: { name: 'sha384', digestBytes: 48 },
  SHA_512: { name: 'sha512', digestBytes: 64 },
} as const;

/**
 * The key two parties agree on: `ecdhSharedSecret`, then `ecdhKdf`. A TDES key is taken as it comes, without parity.
 *
 * @returns the derived key, the caller's to zeroize
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
 * ECC CDH primitive: NIST SP 800-56A revision 3, section 5.7.1.2 (also ANSI X9.63), on P-256, P-384 or P-521.
 *
 * @returns Z, the x coordinate of the shared point in the full length of the field, 32, 48 or 66 bytes with its leading
 *          zeros; the caller's to zeroize
 * @throws CryptoError KEY_TYPE when a key isn't on one of these curves, or the peer's not on ours
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
 * Key derivation from a shared secret by a hash: the one-step function of NIST SP 800-56C revision 2, section 4.1,
 * option 1, H(counter || Z || FixedInfo), or that of ANSI X9.63 (SEC 1 section 3.6.1), H(Z || counter || SharedInfo). The
 * counter has 4 bytes and starts at 1; the digests are joined and the leftmost bytes taken.
 *
 * @param z shared secret; stays the caller's to zeroize
 * @returns the derived key, the caller's to zeroize
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
