import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { HeldKey } from '../crypto/held-key.js';
import { XksException } from './exceptions.js';

/*
 * The ciphertext metadata, by position: the format (1 byte), the beginning of the material's id (6), the nonce of the message key (8).
 * The specification allows 20 bytes, in one place 20 characters of base64: 15 bytes are within both. Nonce and IV together have 160
 * random bits.
 */
const FORMAT = 1;
const MATERIAL = 1;
const NONCE = 7;
const METADATA_BYTES = 15;

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** First part of HKDF's info. AWS KMS's own blobs take HMACs of the material, so that the two never share a key. */
const LABEL = Buffer.from('keyblock xks proxy message key\0');
const NO_SALT = Buffer.alloc(0);

/** The result of an encryption, as AWS KMS keeps it. */
export interface Sealed {
  readonly ciphertext: Buffer;
  /** 12 bytes; a caller may also send 16, which open nothing. */
  readonly initializationVector: Buffer;
  /** 16 bytes. */
  readonly authenticationTag: Buffer;
  /** At most 20 bytes; empty if there is none. */
  readonly ciphertextMetadata: Buffer;
}

/** A material of a KMS key, opened. */
export interface OpenMaterial {
  /** 64 hexadecimal digits. */
  readonly materialId: string;
  readonly held: HeldKey;
}

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D) under a key of its own for each message, so that a key encrypts any number of messages
 * with random IVs: HKDF-SHA-256 (RFC 5869) of the material, without salt, over a label and a random nonce.
 *
 * @param plaintext any length; stays the caller's to zeroize
 * @param aad       additional authenticated data of the request, at most 65,535 bytes; empty if there is none
 * @param random    nonce and IV, 20 bytes
 */
export function seal(
  { materialId, held }: OpenMaterial,
  plaintext: Buffer,
  aad: Buffer,
  random = randomBytes(METADATA_BYTES - NONCE + IV_BYTES),
): Sealed {
  const ciphertextMetadata = Buffer.alloc(METADATA_BYTES);
  ciphertextMetadata[0] = FORMAT;
  ciphertextMetadata.write(materialId, MATERIAL, NONCE - MATERIAL, 'hex');
  random.copy(ciphertextMetadata, NONCE);
  const initializationVector = random.subarray(METADATA_BYTES - NONCE);
  const cipher = createCipheriv('aes-256-gcm', messageKey(held, ciphertextMetadata), initializationVector);
  cipher.setAAD(additionalData(aad, ciphertextMetadata));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { ciphertext, initializationVector, authenticationTag: cipher.getAuthTag(), ciphertextMetadata };
}

/**
 * Returns the beginning of the id of the material that opens a ciphertext.
 *
 * @returns 12 hexadecimal digits; undefined for metadata that this service didn't make
 */
export function materialOf({ ciphertextMetadata }: Pick<Sealed, 'ciphertextMetadata'>): string | undefined {
  if (ciphertextMetadata.length !== METADATA_BYTES || ciphertextMetadata[0] !== FORMAT) return undefined;
  return ciphertextMetadata.toString('hex', MATERIAL, NONCE);
}

/**
 * Decrypts what `seal` encrypted.
 *
 * @param sealed with a tag of 16 bytes
 * @returns the plaintext, the caller's to zeroize
 * @throws XksException InvalidCiphertextException if any part was changed
 */
export function open(held: HeldKey, sealed: Sealed, aad: Buffer): Buffer {
  const { ciphertext, initializationVector, authenticationTag, ciphertextMetadata } = sealed;
  const decipher = createDecipheriv('aes-256-gcm', messageKey(held, ciphertextMetadata), initializationVector, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(additionalData(aad, ciphertextMetadata));
  decipher.setAuthTag(authenticationTag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw invalidCiphertext();
  }
  return plaintext;
}

/**
 * Computes the ciphertext data integrity value: SHA-256 over the additional authenticated data, the metadata, the IV, the ciphertext
 * and the tag (Appendix C of the specification).
 */
export function integrityValue(sealed: Sealed, aad: Buffer): Buffer {
  const { ciphertext, initializationVector, authenticationTag, ciphertextMetadata } = sealed;
  const hash = createHash('sha256').update(aad).update(ciphertextMetadata).update(initializationVector);
  return hash.update(ciphertext).update(authenticationTag).digest();
}

/** All faults of a ciphertext look alike. */
export function invalidCiphertext(): XksException {
  return new XksException(
    'InvalidCiphertextException',
    'The ciphertext, its initialization vector, tag, metadata or additional authenticated data is not as it was encrypted.',
  );
}

function messageKey({ keyObject }: HeldKey, metadata: Buffer): KeyObject {
  const info = Buffer.concat([LABEL, metadata.subarray(NONCE)]);
  const bytes = Buffer.from(hkdfSync('sha256', keyObject, NO_SALT, info, KEY_BYTES));
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

/**
 * Joins the caller's data and the metadata as the specification recommends, each with its length before it (2 bytes and 1 byte, big
 * endian), so that neither can be taken for the other.
 */
function additionalData(aad: Buffer, metadata: Buffer): Buffer {
  const joined = Buffer.alloc(3 + aad.length + metadata.length);
  joined.writeUInt16BE(aad.length);
  aad.copy(joined, 2);
  joined[2 + aad.length] = metadata.length;
  metadata.copy(joined, 3 + aad.length);
  return joined;
}
