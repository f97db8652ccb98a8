import { constants, createPublicKey, type KeyObject, privateDecrypt, publicEncrypt } from 'node:crypto';
import { exportPublicKey, readPrivateKey, readPublicHalf } from './asymmetric-key.js';
import { CryptoError } from './errors.js';

/** RFC 8017 schemes by their API names; `NONE` is the bare primitive (RSAEP, RSADP). */
export type RsaPadding = 'PKCS1' | 'OAEP_SHA1' | 'OAEP_SHA256' | 'OAEP_SHA512' | 'NONE';

const PADDINGS = {
  PKCS1: { padding: constants.RSA_PKCS1_PADDING },
  OAEP_SHA1: { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
  OAEP_SHA256: { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
  OAEP_SHA512: { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha512' },
  NONE: { padding: constants.RSA_NO_PADDING },
} as const;

/** Padding overhead of each scheme in bytes: RFC 8017 sections 7.1.1 (2 hLen + 2) and 7.2.1 (11). */
const OVERHEAD: Record<RsaPadding, number> = { PKCS1: 11, OAEP_SHA1: 42, OAEP_SHA256: 66, OAEP_SHA512: 130, NONE: 0 };

/**
 * Encrypts with RSA: RFC 8017 RSAES-OAEP (MGF1 with the same hash, empty label), RSAES-PKCS1-v1_5, or RSAEP.
 *
 * @param key     a public key, or DER: PKCS#8 of a key pair, SubjectPublicKeyInfo, or an X.509 certificate
 * @param message at most as long as the modulus minus the scheme's overhead; for `NONE` padded with zeros on the left
 *                to the modulus length
 * @returns ciphertext as long as the modulus
 * @throws CryptoError KEY_TYPE, DATA_LENGTH when the message does not fit
 */
export function rsaEncrypt(key: Buffer | KeyObject, padding: RsaPadding, message: Buffer): Buffer {
  const publicKey = Buffer.isBuffer(key) ? readPublicHalf(key) : key;
  const modulusBytes = modulusBytesOf(publicKey);
  const limit = modulusBytes - OVERHEAD[padding];
  if (message.length > limit)
    throw new CryptoError('DATA_LENGTH', `This key and padding encrypt at most ${limit} bytes`);
  const input = padding === 'NONE' ? Buffer.concat([Buffer.alloc(modulusBytes - message.length), message]) : message;
  try {
    return publicEncrypt({ key: publicKey, ...PADDINGS[padding] }, input);
  } catch {
    throw new CryptoError('DATA_LENGTH', 'Without padding the message must be smaller than the modulus');
  } finally {
    if (input !== message) input.fill(0);
  }
}

/**
 * Decrypts with RSA: the inverse of `rsaEncrypt`.
 *
 * Reports invalid padding to the caller. That gives a padding oracle only to callers who are allowed to decrypt anyway.
 *
 * @param key        a private key, or DER PKCS#8, which the caller zeroizes
 * @param ciphertext exactly as long as the modulus
 * @returns the message, for `NONE` as long as the modulus; the caller must zeroize it
 * @throws CryptoError KEY_TYPE, DATA_LENGTH, DECRYPTION_FAILED
 */
export function rsaDecrypt(key: Buffer | KeyObject, padding: RsaPadding, ciphertext: Buffer): Buffer {
  const privateKey = Buffer.isBuffer(key) ? readPrivateKey(key) : key;
  const modulusBytes = modulusBytesOf(privateKey);
  if (ciphertext.length !== modulusBytes)
    throw new CryptoError('DATA_LENGTH', `Ciphertext must be ${modulusBytes} bytes, the length of the modulus`);
  try {
    // Node rejects RSA_PKCS1_PADDING here unless its OpenSSL hides padding errors, so the padding is removed below.
    const how = padding === 'PKCS1' ? PADDINGS.NONE : PADDINGS[padding];
    const message = privateDecrypt({ key: privateKey, ...how }, ciphertext);
    return padding === 'PKCS1' ? withoutPkcs1Padding(message) : message;
  } catch {
    throw new CryptoError('DECRYPTION_FAILED', 'The ciphertext could not be decrypted with this key and padding');
  }
}

/**
 * Removes EME-PKCS1-v1_5 padding, RFC 8017 section 7.2.2 step 3: 00 02, at least 8 nonzero bytes, 00, the message.
 * Always reads every byte, so that the time does not reveal where the padding is invalid. Zeroizes `encoded`.
 */
function withoutPkcs1Padding(encoded: Buffer): Buffer {
  try {
    let separator = 0;
    for (let i = encoded.length - 1; i >= 2; i--) separator = encoded[i] === 0 ? i : separator;
    const valid = Number(encoded[0] === 0) & Number(encoded[1] === 2) & Number(separator >= 10);
    if (!valid) throw new CryptoError('DECRYPTION_FAILED', 'wrong padding');
    return Buffer.from(encoded.subarray(separator + 1));
  } finally {
    encoded.fill(0);
  }
}

/**
 * Returns the public half of an RSA or elliptic curve key pair.
 *
 * @param pkcs8 DER PKCS#8 (RFC 5208); the caller zeroizes it
 * @returns DER SubjectPublicKeyInfo (RFC 5280 section 4.1)
 * @throws CryptoError KEY_TYPE
 */
export function publicKeyOf(pkcs8: Buffer): Buffer {
  return exportPublicKey(createPublicKey(readPrivateKey(pkcs8)));
}

/** Returns k, the length of the modulus in bytes: RFC 8017 section 4. */
export function modulusBytesOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): number {
  if (asymmetricKeyType !== 'rsa') throw new CryptoError('KEY_TYPE', 'The key must be an RSA key');
  return Math.ceil((asymmetricKeyDetails?.modulusLength as number) / 8);
}
