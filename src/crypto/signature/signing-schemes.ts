import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { CryptoError } from '../errors.js';
import { lendSecret } from '../held-key.js';
import type { MlDsaSet } from '../post-quantum/parameter-sets.js';
import { MU_BYTES, mlDsaSign, mlDsaSignMu, mlDsaVerify, mlDsaVerifyMu } from '../post-quantum/post-quantum.js';
import { ecdsaSignDigest, ecdsaVerifyDigest } from './ecdsa.js';
import { ed25519phSign, ed25519phVerify } from './ed25519ph.js';
import { DIGEST_BYTES, PKCS1, PSS, type RsaDigest, rsaSign, rsaVerify, type SignatureHash } from './rsa-signature.js';

/** Signature algorithms, and forms in which a message is given, by their API names. */
export type SigningScheme =
  | `RSASSA_${'PSS' | 'PKCS1_V1_5'}_SHA_${'256' | '384' | '512'}`
  | `ECDSA_SHA_${'256' | '384' | '512'}`
  | 'ED25519_SHA_512'
  | 'ED25519_PH_SHA_512'
  | MlDsaSet;
export type MessageType = 'RAW' | 'DIGEST' | 'EXTERNAL_MU';

/**
 * A signature algorithm. Keys are KeyObjects. Not every version of Node reads ML-DSA keys, so these are secret
 * KeyObjects: of the seed, or of the SubjectPublicKeyInfo in DER.
 */
interface Scheme {
  /** The message types that it supports, with the number of bytes in addition to the message. */
  readonly messages: Readonly<Partial<Record<MessageType, number | undefined>>>;
  /** Message types for which signing and verifying are computed in JavaScript, which takes milliseconds. */
  readonly slow: readonly MessageType[];
  sign(key: KeyObject, message: Buffer, type: MessageType): Buffer;
  verify(key: KeyObject, message: Buffer, signature: Buffer, type: MessageType): boolean;
}

/** RSA: the digest is signed by our own encoding, whether it is given or not. */
function rsa(scheme: RsaDigest['scheme'], hash: SignatureHash): Scheme {
  const digestOf = (message: Buffer, type: MessageType): RsaDigest => ({
    scheme,
    hash,
    digest: type === 'DIGEST' ? message : createHash(hash).update(message).digest(),
  });
  return {
    messages: { RAW: undefined, DIGEST: DIGEST_BYTES[hash] },
    slow: [],
    sign: (key, message, type) => rsaSign(key, digestOf(message, type)),
    verify: (key, message, signature, type) => rsaVerify(key, digestOf(message, type), signature),
  };
}

function ecdsa(hash: SignatureHash): Scheme {
  return {
    messages: { RAW: undefined, DIGEST: DIGEST_BYTES[hash] },
    slow: ['DIGEST'],
    sign: (key, message, type) => (type === 'RAW' ? sign(hash, message, key) : ecdsaSignDigest(key, message)),
    verify: (key, message, signature, type) =>
      type === 'RAW' ? verify(hash, message, key, signature) : ecdsaVerifyDigest(key, message, signature),
  };
}

const ED25519: Scheme = {
  messages: { RAW: undefined },
  slow: [],
  sign: (key, message) => sign(null, message, key),
  verify: (key, message, signature) => verify(null, message, key, signature),
};

/** KMS hashes the digest that it gets once more. */
const ED25519_PH: Scheme = {
  messages: { DIGEST: DIGEST_BYTES.SHA512 },
  slow: ['DIGEST'],
  sign: ed25519phSign,
  verify: ed25519phVerify,
};

function mlDsa(set: MlDsaSet): Scheme {
  return {
    messages: { RAW: undefined, EXTERNAL_MU: MU_BYTES },
    slow: ['RAW', 'EXTERNAL_MU'],
    sign: (key, message, type) =>
      lendSecret(key, (seed) => (type === 'RAW' ? mlDsaSign : mlDsaSignMu)(set, seed, message)),
    verify: (key, message, signature, type) =>
      (type === 'RAW' ? mlDsaVerify : mlDsaVerifyMu)(set, key.export(), message, signature),
  };
}

export const SIGNING_SCHEMES: Readonly<Record<SigningScheme, Scheme>> = {
  RSASSA_PKCS1_V1_5_SHA_256: rsa(PKCS1, 'SHA256'),
  RSASSA_PKCS1_V1_5_SHA_384: rsa(PKCS1, 'SHA384'),
  RSASSA_PKCS1_V1_5_SHA_512: rsa(PKCS1, 'SHA512'),
  RSASSA_PSS_SHA_256: rsa(PSS, 'SHA256'),
  RSASSA_PSS_SHA_384: rsa(PSS, 'SHA384'),
  RSASSA_PSS_SHA_512: rsa(PSS, 'SHA512'),
  ECDSA_SHA_256: ecdsa('SHA256'),
  ECDSA_SHA_384: ecdsa('SHA384'),
  ECDSA_SHA_512: ecdsa('SHA512'),
  ED25519_SHA_512: ED25519,
  ED25519_PH_SHA_512: ED25519_PH,
  ML_DSA_44: mlDsa('ML_DSA_44'),
  ML_DSA_65: mlDsa('ML_DSA_65'),
  ML_DSA_87: mlDsa('ML_DSA_87'),
};

/** A message, as it is given. */
export interface GivenMessage {
  bytes: Buffer;
  type: MessageType;
}

/**
 * Signs a message.
 *
 * @param key private: see Scheme
 * @throws CryptoError MODE, DATA_LENGTH, KEY_TYPE
 */
export function signMessage(scheme: SigningScheme, key: KeyObject, { bytes, type }: GivenMessage): Buffer {
  requireMessage(scheme, bytes, type);
  return SIGNING_SCHEMES[scheme].sign(key, bytes, type);
}

/** Verifies a signature of a message. @param key public: see Scheme @throws CryptoError MODE, DATA_LENGTH, KEY_TYPE */
export function verifyMessage(
  scheme: SigningScheme,
  key: KeyObject,
  { bytes, type }: GivenMessage,
  signature: Buffer,
): boolean {
  requireMessage(scheme, bytes, type);
  return SIGNING_SCHEMES[scheme].verify(key, bytes, signature, type);
}

/**
 * Checks that a signature algorithm accepts a message.
 *
 * @throws CryptoError MODE for another message type, DATA_LENGTH
 */
export function requireMessage(scheme: SigningScheme, bytes: Buffer, type: MessageType): void {
  const { messages } = SIGNING_SCHEMES[scheme];
  if (!(type in messages))
    throw new CryptoError('MODE', `${scheme} takes messages of type ${Object.keys(messages).join(' and ')}`);
  const length = messages[type];
  if (length !== undefined && bytes.length !== length)
    throw new CryptoError('DATA_LENGTH', `${scheme} takes ${length} bytes for a message of type ${type}`);
}
