import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { HeldKey } from '../../crypto/held-key.js';
import { KmsException } from '../exceptions.js';
import { keyForDecryption, keyForEncryption, NONCE_BYTES } from './message-keys.js';
import { fillWithPublicRandom } from './public-random.js';

/*
 * A ciphertext blob of a symmetric key, by position: the format (1 byte), whether the key is a multi-Region key (1), the key id (16),
 * the account (6); then, for a key of this service, the material (32), the nonce of the message key (16), the IV (12), the ciphertext,
 * the tag (16). Everything before the ciphertext is authenticated, together with the encryption context. It doesn't
 * contain the Region, because related keys open the same blobs. In blobs of custom key stores, the part after the
 * account is defined by the store.
 */

/** Formats of blobs, by the location of the key. */
export const BLOB_FORMATS = { software: 1, token: 2, external: 3 } as const;
export type BlobFormat = (typeof BLOB_FORMATS)[keyof typeof BLOB_FORMATS];
const FORMATS: readonly BlobFormat[] = Object.values(BLOB_FORMATS);

const KEY_ID = 2;
const ACCOUNT = 18;
const MATERIAL = 24;
const NONCE = 56;
const IV = NONCE + NONCE_BYTES;
const HEADER_BYTES = 84;
const TAG_BYTES = 16;

/** Accounts have 12 digits. */
const MAX_ACCOUNT = 999_999_999_999;

/** The key named in a blob. */
export interface BlobKey {
  accountId: string;
  keyId: string;
}

/** The material of a key of this service. */
export interface BlobMaterial extends BlobKey {
  materialId: string;
}

/** Header of a blob, parsed. */
export interface ParsedBlob extends BlobKey {
  format: BlobFormat;
  /** Undefined for a key of a custom key store. */
  materialId?: string;
  /** Length of the common prefix of all formats. */
  headerBytes: number;
}

/**
 * Encrypts with AES-256-GCM under a key that is derived from the material, so that a key can encrypt any number of
 * messages: see message-keys.ts.
 *
 * @param context canonical
 */
export function sealBlob(key: BlobMaterial, material: HeldKey, plaintext: Buffer, context: Buffer): Buffer {
  const messageKey = keyForEncryption(material);
  const header = (messageKey.header ??= headerOf(key, messageKey.nonce));
  const blob = Buffer.allocUnsafe(HEADER_BYTES + plaintext.length + TAG_BYTES);
  header.copy(blob);
  const iv = blob.subarray(IV, HEADER_BYTES);
  fillWithPublicRandom(iv);
  const cipher = createCipheriv('aes-256-gcm', messageKey.key, iv);
  cipher.setAAD(aadOf(blob.subarray(0, HEADER_BYTES), context));
  cipher.update(plaintext).copy(blob, HEADER_BYTES);
  cipher.final();
  cipher.getAuthTag().copy(blob, HEADER_BYTES + plaintext.length);
  return blob;
}

/**
 * Reads the key that a blob names.
 *
 * @throws KmsException InvalidCiphertextException for anything but a blob of this service
 */
export function blobKey(blob: Buffer): ParsedBlob {
  const format = FORMATS.find((known) => known === blob[0]);
  const isSoftware = format === BLOB_FORMATS.software;
  // The plaintext of a blob from ReEncrypt is empty if that of its RSA ciphertext was.
  const least = (isSoftware ? HEADER_BYTES : MATERIAL) + TAG_BYTES;
  const isBlob = format !== undefined && (blob[1] === 0 || blob[1] === 1) && blob.length >= least;
  if (!isBlob || blob.readUIntBE(ACCOUNT, 6) > MAX_ACCOUNT) throw new KmsException('InvalidCiphertextException');
  const hex = blob.toString('hex', KEY_ID, ACCOUNT);
  return {
    format,
    keyId: blob[1] === 1 ? `mrk-${hex}` : uuidOf(hex),
    accountId: String(blob.readUIntBE(ACCOUNT, 6)).padStart(12, '0'),
    materialId: isSoftware ? blob.toString('hex', MATERIAL, NONCE) : undefined,
    headerBytes: MATERIAL,
  };
}

function uuidOf(hex: string): string {
  const [a, b, c, d] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${a}-${b}-${c}-${d}-${hex.slice(20)}`;
}

/**
 * Decrypts a blob under the material that it names.
 *
 * @param context canonical
 * @throws KmsException InvalidCiphertextException if the blob or the context was changed
 */
export function openBlob(blob: Buffer, material: HeldKey, context: Buffer): Buffer {
  const header = blob.subarray(0, HEADER_BYTES);
  const decipher = createDecipheriv(
    'aes-256-gcm',
    keyForDecryption(material, header.subarray(NONCE, IV)),
    header.subarray(IV),
    {
      authTagLength: TAG_BYTES,
    },
  );
  decipher.setAAD(aadOf(header, context));
  decipher.setAuthTag(blob.subarray(-TAG_BYTES));
  const plaintext = decipher.update(blob.subarray(HEADER_BYTES, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new KmsException('InvalidCiphertextException');
  }
  return plaintext;
}

/** Returns the header of a custom key store's blobs for a key. */
export function blobHeader(format: BlobFormat, key: BlobKey): Buffer {
  return writeKey(Buffer.alloc(MATERIAL), format, key);
}

/** Returns the part before the IV in the blobs of a message key. */
function headerOf(key: BlobMaterial, nonce: Buffer): Buffer {
  const header = writeKey(Buffer.alloc(IV), BLOB_FORMATS.software, key);
  header.write(key.materialId, MATERIAL, 'hex');
  nonce.copy(header, NONCE);
  return header;
}

function aadOf(header: Buffer, context: Buffer): Buffer {
  return context.length === 0 ? header : Buffer.concat([header, context]);
}

function writeKey(header: Buffer, format: BlobFormat, { accountId, keyId }: BlobKey): Buffer {
  const isMultiRegion = keyId.startsWith('mrk-');
  header[0] = format;
  header[1] = isMultiRegion ? 1 : 0;
  header.write(isMultiRegion ? keyId.slice('mrk-'.length) : keyId.replaceAll('-', ''), KEY_ID, 'hex');
  header.writeUIntBE(Number(accountId), ACCOUNT, 6);
  return header;
}
