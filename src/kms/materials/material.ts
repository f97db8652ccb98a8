import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { generateEcPair, generateEd25519Pair, generateRsaPair, type KeyPair } from '../../crypto/key-pair.js';
import { type ParameterSet, PARAMETERS } from '../../crypto/post-quantum/parameter-sets.js';
import type { CryptoThread } from '../../provider/crypto-thread.js';
import { KmsException } from '../exceptions.js';
import { KEY_SPECS, type KeySpec } from '../keys/key-specs.js';

/** Key material in the clear, in the form that KmsMaterial seals. */
export interface Material {
  /** The caller's to zeroize. */
  clear: Buffer;
  /** SubjectPublicKeyInfo in DER of a key pair. */
  publicKey: Buffer | null;
}

/** Bytes of a symmetric encryption key. */
export const AES_BYTES = 32;

/**
 * Generates the material of a key. Key pairs are generated outside of the main thread.
 *
 * @param spec a supported key spec
 */
export function generateMaterial(spec: KeySpec, thread: CryptoThread): Material | Promise<Material> {
  const { kind, bits = 0, curve = '' } = KEY_SPECS[spec];
  switch (kind) {
    case 'aes':
      return { clear: generateAesKey(), publicKey: null };
    case 'hmac':
      return { clear: randomBytes(bits / 8), publicKey: null };
    case 'rsa':
      return pairOf(generateRsaPair(bits));
    case 'ec':
      return pairOf(generateEcPair(curve));
    case 'ed25519':
      return pairOf(generateEd25519Pair());
    case 'ml-dsa':
    case 'ml-kem':
      return seedOf(spec as ParameterSet, thread);
    case 'sm2':
      throw unsupported(spec);
  }
}

/** Generates the material of a symmetric encryption key. @returns 32 bytes; the caller must zeroize them */
export function generateAesKey(): Buffer {
  return randomBytes(AES_BYTES);
}

/** @throws KmsException UnsupportedOperationException for a spec that this service can't generate */
export function requireSupported(spec: KeySpec): void {
  if (KEY_SPECS[spec].kind === 'sm2') throw unsupported(spec);
}

function unsupported(spec: KeySpec): KmsException {
  return new KmsException(
    'UnsupportedOperationException',
    `KeySpec ${spec} is not supported outside of China Regions.`,
  );
}

async function pairOf(pair: Promise<KeyPair>): Promise<Material> {
  const { privateKey, publicKey } = await pair;
  return { clear: privateKey, publicKey };
}

async function seedOf(set: ParameterSet, thread: CryptoThread): Promise<Material> {
  const clear = randomBytes(PARAMETERS[set].seedBytes);
  try {
    return { clear, publicKey: await thread.run('postQuantumPublicKey', set, createSecretKey(clear)) };
  } catch (error) {
    clear.fill(0);
    throw error;
  }
}

/**
 * Computes the id of a material: 64 hexadecimal digits. The same material has the same id in one key and in those related to it, and
 * another id in any other key. A key pair is identified by its public key, because PKCS#8 has many encodings of one
 * private key; other material by its bytes, so that the id can't be computed without knowing them.
 */
export function materialIdOf(
  { accountId, keyId }: { accountId: string; keyId: string },
  { clear, publicKey }: Material,
): string {
  return createHmac('sha256', publicKey ?? clear)
    .update(`kms key material id\0${accountId}\0${keyId}`)
    .digest('hex');
}
