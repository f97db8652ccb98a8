import { randomBytes } from 'node:crypto';
import { aes } from '../../crypto/aes.js';
import { generateTdesKey, isStrong, tdes } from '../../crypto/des.js';
import { HMAC_BYTES, type HmacHash } from '../../crypto/hmac.js';
import { generateEcPair, generateRsaPair } from '../../crypto/key-pair.js';
import { kcvCmac, kcvEcb, kcvHmac, kcvPublicKey } from '../../crypto/kcv.js';
import { exportPublicKey, readPublicHalf } from '../../crypto/asymmetric-key.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { CryptoProvider } from '../../provider/crypto-provider.js';
import { isTdes, type KeyAlgorithm, type KeyCheckValueAlgorithm } from './key-attributes.js';
import { Key, type KeyIdentity } from './key.entity.js';

/** Material of a new key, sealed under the master key, and its check value, which is part of the associated data. */
export type SealedMaterial = Pick<Key, 'kcv'> & { sealed: Buffer };

/** Generates the material of a new key, and seals it. */
export async function generateKey(
  provider: CryptoProvider,
  identity: Omit<KeyIdentity, 'kcv'>,
): Promise<SealedMaterial> {
  const clear = await generateKeyMaterial(identity.algorithm);
  try {
    return sealKey(provider, identity, clear);
  } finally {
    clear.fill(0);
  }
}

/**
 * Seals the material of an imported key.
 *
 * @param clear raw bytes of a symmetric key, DER of the certificate of a public key; stays the caller's to zeroize
 */
export function sealKey(provider: CryptoProvider, identity: Omit<KeyIdentity, 'kcv'>, clear: Buffer): SealedMaterial {
  const kcv = keyCheckValue(identity.algorithm, identity.kcvAlgorithm, clear);
  return { kcv, sealed: provider.seal(Key, { ...identity, kcv }, clear) };
}

const rsa = async (modulusLength: number) => (await generateRsaPair(modulusLength)).privateKey;
const ecc = async (curve: string) => (await generateEcPair(curve)).privateKey;

/** Generators of key material: raw bytes of a symmetric key, DER PKCS#8 of a key pair. The caller zeroizes it. */
const GENERATORS: Record<KeyAlgorithm, () => Buffer | Promise<Buffer>> = {
  TDES_2KEY: () => generateTdesKey(16),
  TDES_3KEY: () => generateTdesKey(24),
  AES_128: () => randomBytes(16),
  AES_192: () => randomBytes(24),
  AES_256: () => randomBytes(32),
  HMAC_SHA224: () => randomBytes(HMAC_BYTES.SHA224),
  HMAC_SHA256: () => randomBytes(HMAC_BYTES.SHA256),
  HMAC_SHA384: () => randomBytes(HMAC_BYTES.SHA384),
  HMAC_SHA512: () => randomBytes(HMAC_BYTES.SHA512),
  RSA_2048: () => rsa(2048),
  RSA_3072: () => rsa(3072),
  RSA_4096: () => rsa(4096),
  ECC_NIST_P256: () => ecc('P-256'),
  ECC_NIST_P384: () => ecc('P-384'),
  ECC_NIST_P521: () => ecc('P-521'),
};

/** Generates key material. Key pairs are generated on another thread, so that requests aren't held up. */
export async function generateKeyMaterial(algorithm: KeyAlgorithm): Promise<Buffer> {
  return GENERATORS[algorithm]();
}

/**
 * Refuses a weak TDES key that the service did not generate itself: NIST SP 800-67 revision 2, section 3.3. Keys of
 * other algorithms have no weak values.
 *
 * @throws ValidationException, which reveals nothing about the key except that it is weak
 */
export function requireStrongKey(algorithm: KeyAlgorithm, clear: Buffer): void {
  if (isTdes(algorithm) && !isStrong(clear))
    throw new ValidationException(
      'The TDES key is weak: no part of it may be a weak or semi-weak DES key, and no two parts may be equal.',
    );
}

/**
 * Computes the key check value: 6 upper-case hexadecimal digits, 8 for an asymmetric key.
 *
 * @param clear raw bytes of a symmetric key, DER PKCS#8 of a key pair, DER of the certificate of a public key
 */
export function keyCheckValue(algorithm: KeyAlgorithm, by: KeyCheckValueAlgorithm, clear: Buffer): string {
  return checkValue(algorithm, by, clear).toString('hex').toUpperCase();
}

function checkValue(algorithm: KeyAlgorithm, by: KeyCheckValueAlgorithm, clear: Buffer): Buffer {
  switch (by) {
    case 'HMAC':
      return kcvHmac(hashOf(algorithm), clear);
    case 'SHA_1':
      return kcvPublicKey(exportPublicKey(readPublicHalf(clear)));
    case 'ANSI_X9_24':
    case 'CMAC': {
      using cipher = isTdes(algorithm) ? tdes(clear) : aes(clear);
      return by === 'CMAC' ? kcvCmac(cipher) : kcvEcb(cipher);
    }
  }
}

/** Returns the hash of an HMAC key: SHA256 for HMAC_SHA256. */
export function hashOf(algorithm: KeyAlgorithm): HmacHash {
  return algorithm.slice('HMAC_'.length) as HmacHash;
}
