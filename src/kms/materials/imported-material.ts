import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeAll, decodeSequence, TAG } from '../../crypto/asn1.js';
import { exportPublicKey, readPrivateKey } from '../../crypto/asymmetric-key.js';
import { CryptoError } from '../../crypto/errors.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { CryptoThread } from '../../provider/crypto-thread.js';
import { KmsException } from '../exceptions.js';
import { KEY_SPECS, type KeySpec } from '../keys/key-specs.js';
import { AES_BYTES, type Material } from './material.js';

/** Maximum length of an HMAC key in bytes, by the bits of its MAC: the block size of the hash function. */
const HMAC_BLOCK_BYTES: Readonly<Record<number, number>> = { 224: 64, 256: 64, 384: 128, 512: 128 };

/** The smallest public exponent of RSA: 1 would not encrypt. */
const MIN_EXPONENT = 3n;

/**
 * Reads key material that a caller imports, and checks that it is a key of the spec. A private key is re-encoded
 * without additional data. The crypto thread checks that the halves of a pair match.
 *
 * @param spec an importable key spec
 * @param given bytes of a symmetric key; for private keys PKCS#8 in DER, not encrypted; stays the caller's to zeroize
 * @throws ValidationException for any other encoding; KmsException IncorrectKeyMaterialException for the key of another
 *   spec
 */
export function readImported(spec: KeySpec, given: Buffer, thread: CryptoThread): Material | Promise<Material> {
  const { kind, bits = 0 } = KEY_SPECS[spec];
  if (kind === 'aes') return symmetric(spec, given, AES_BYTES, AES_BYTES);
  if (kind === 'hmac') return symmetric(spec, given, bits / 8, HMAC_BLOCK_BYTES[bits] ?? 0);
  return pairOf(spec, given, thread);
}

function symmetric(spec: KeySpec, given: Buffer, min: number, max: number): Material {
  if (given.length < min || given.length > max)
    throw new ValidationException(
      `Key material of KeySpec ${spec} must be ${min === max ? max : `${min} to ${max}`} bytes.`,
    );
  return { clear: Buffer.from(given), publicKey: null };
}

async function pairOf(spec: KeySpec, given: Buffer, thread: CryptoThread): Promise<Material> {
  const privateKey = readPkcs8(spec, given);
  const clear = privateKey.export({ format: 'der', type: 'pkcs8' });
  try {
    const publicKey = publicKeyOf(spec, privateKey, clear);
    if (!(await thread.run('belongTogether', privateKey, publicKey)))
      throw new KmsException('IncorrectKeyMaterialException');
    return { clear, publicKey: exportPublicKey(publicKey) };
  } catch (error) {
    clear.fill(0);
    throw error;
  }
}

/**
 * Returns the public key of a private key, if it matches the spec. For an elliptic curve key, the point is encoded
 * uncompressed, even if it was imported compressed.
 *
 * @param pkcs8 the private key, as OpenSSL encodes it
 * @throws ValidationException, KmsException IncorrectKeyMaterialException
 */
function publicKeyOf(spec: KeySpec, privateKey: KeyObject, pkcs8: Buffer): KeyObject {
  const publicKey = createPublicKey(privateKey);
  if (!isOfSpec(publicKey, spec) || !isSized(spec, pkcs8)) throw new KmsException('IncorrectKeyMaterialException');
  if (KEY_SPECS[spec].kind !== 'ec') return publicKey;
  if (!namesCurve(publicKey))
    throw new ValidationException(`Key material of KeySpec ${spec} must name its curve instead of its parameters.`);
  return createPublicKey({ key: publicKey.export({ format: 'jwk' }), format: 'jwk' });
}

/**
 * False for an elliptic curve key with explicit curve parameters instead of a name: RFC 5480 section 2.1.1. OpenSSL
 * knows the curve and writes the parameters again, which callers of GetPublicKey couldn't read.
 */
function namesCurve(publicKey: KeyObject): boolean {
  const info = decodeSequence(exportPublicKey(publicKey), 'SubjectPublicKeyInfo', 'KEY_TYPE');
  const algorithm = info.within(TAG.SEQUENCE, 'algorithm');
  algorithm.take(TAG.OID, 'algorithm');
  return algorithm.optional(TAG.OID) !== undefined;
}

function readPkcs8(spec: KeySpec, given: Buffer): KeyObject {
  try {
    // OpenSSL ignores what follows the structure.
    decodeSequence(given, 'PrivateKeyInfo', 'KEY_TYPE');
    return readPrivateKey(given);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new ValidationException(
      `Key material of KeySpec ${spec} must be a private key in DER PKCS#8, not encrypted.`,
    );
  }
}

function isOfSpec({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject, spec: KeySpec): boolean {
  const { kind, bits, curve } = KEY_SPECS[spec];
  const { modulusLength, publicExponent = 0n, namedCurve } = asymmetricKeyDetails;
  if (asymmetricKeyType !== kind) return false;
  return kind === 'rsa' ? modulusLength === bits && publicExponent >= MIN_EXPONENT : namedCurve === curve;
}

/**
 * False if the private numbers of an RSA key are longer than its modulus requires: OpenSSL accepts primes of any
 * length, and computes for seconds with long ones.
 *
 * @param pkcs8 as OpenSSL encodes it, with RSAPrivateKey of RFC 8017 appendix A.1.2
 */
function isSized(spec: KeySpec, pkcs8: Buffer): boolean {
  const { kind, bits = 0 } = KEY_SPECS[spec];
  if (kind !== 'rsa') return true;
  const info = decodeSequence(pkcs8, 'PrivateKeyInfo', 'KEY_TYPE');
  info.take(TAG.INTEGER, 'version');
  info.take(TAG.SEQUENCE, 'privateKeyAlgorithm');
  const [key] = decodeAll(info.take(TAG.OCTET_STRING, 'privateKey').content, 'KEY_TYPE', pkcs8);
  const [, , , exponent, ...others] = (key?.children ?? []).map(({ content }) => content.length);
  // Two primes, two exponents and a coefficient, each with half the bits of the modulus, and a byte for the sign.
  const isHalf = (bytes: number) => bytes <= bits / 16 + 1;
  return exponent !== undefined && exponent <= bits / 8 + 1 && others.length === 5 && others.every(isHalf);
}
