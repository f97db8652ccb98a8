import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import type { Call } from '../../call.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { BLOB_FORMATS, blobHeader, blobKey, openBlob, sealBlob } from '../cryptography/ciphertext-blob.js';
import { currentMaterial } from '../cryptography/current-material.js';
import { KmsException } from '../exceptions.js';
import { KmsKey, type NewKmsKey } from '../keys/kms-key.entity.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import type { NewKmsMaterial } from '../materials/kms-material.entity.js';
import { generateAesKey } from '../materials/material.js';
import { newMaterial } from '../materials/new-material.js';
import type { KeyStore } from './key-store.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { XksClient } from './xks-client.js';
import { xksError, xksUseError } from './xks-errors.js';
import { proxyOf } from './xks-health.js';

const DIGEST_BYTES = 32;
const TAG_BYTES = 16;
const MAX_METADATA_BYTES = 20;

const base64 = (min: number, max: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine(({ length }) => length >= min && length <= max);

const Metadata = z.object({ keySpec: z.string(), keyUsage: z.array(z.string()).max(10), keyStatus: z.string() });
const Encrypted = z.object({
  ciphertext: base64(1, 8192),
  initializationVector: base64(12, 16).refine(({ length }) => length === 12 || length === 16),
  authenticationTag: base64(TAG_BYTES, TAG_BYTES),
  ciphertextMetadata: base64(0, MAX_METADATA_BYTES).optional(),
  ciphertextDataIntegrityValue: base64(32, 32),
});
const Decrypted = z.object({ plaintext: base64(1, 8192) });

/**
 * Keys behind an external key store proxy. A plaintext is encrypted twice: first under a material in this service, then
 * by the proxy. A ciphertext blob is a header without a material; the SHA-256 of the plaintext that the proxy received
 * (32 bytes), so that the proxy can't return another plaintext; the IV and the proxy's metadata, each after its
 * length (1 byte); the tag (16 bytes); and the proxy's ciphertext.
 */
@Injectable()
export class ExternalStore implements KeyStore {
  constructor(
    private readonly database: DataSource,
    private readonly provider: CryptoProvider,
    private readonly client: XksClient,
  ) {}

  async prepare(call: Call, store: KmsCustomKeyStore, key: NewKmsKey): Promise<NewKmsMaterial[]> {
    await requireUnusedXksKey(this.database.manager, key);
    const { keySpec, keyUsage, keyStatus } = await this.#metadata(call, store, key);
    const isUsable = keySpec === 'AES_256' && keyStatus === 'ENABLED';
    if (!isUsable || !['ENCRYPT', 'DECRYPT'].every((usage) => keyUsage.includes(usage)))
      throw new KmsException(
        'XksKeyInvalidConfigurationException',
        'The external key must be an enabled AES_256 key that encrypts and decrypts.',
      );
    const clear = generateAesKey();
    try {
      return [newMaterial(this.provider, key, { clear, publicKey: null })];
    } finally {
      clear.fill(0);
    }
  }

  async encrypt(call: Call, known: KnownKey, plaintext: Buffer, context: Buffer): Promise<Buffer> {
    const material = currentMaterial(known);
    const inner = sealBlob(material, this.provider.hold(material), plaintext, context);
    const header = blobHeader(BLOB_FORMATS.external, known.key);
    const answer = await this.#crypto(
      call,
      known,
      'encrypt',
      { plaintext: inner.toString('base64'), ...aadOf(header), ciphertextDataIntegrityValueAlgorithm: 'SHA_256' },
      Encrypted,
    );
    const { ciphertext, initializationVector: iv, authenticationTag: tag, ciphertextMetadata = EMPTY } = answer;
    if (!sha256(header, ciphertextMetadata, iv, ciphertext, tag).equals(answer.ciphertextDataIntegrityValue))
      throw new KmsException('KMSInvalidStateException', "The integrity value of the proxy's ciphertext is wrong.");
    const lengths = [iv, ciphertextMetadata].map(({ length }) => Buffer.from([length])) as [Buffer, Buffer];
    return Buffer.concat([header, sha256(inner), lengths[0], iv, lengths[1], ciphertextMetadata, tag, ciphertext]);
  }

  async decrypt(call: Call, known: KnownKey, blob: Buffer, context: Buffer): Promise<Buffer> {
    const { header, digest, iv, metadata, tag, ciphertext } = partsOf(blob);
    const { plaintext: inner } = await this.#crypto(
      call,
      known,
      'decrypt',
      {
        ciphertext: ciphertext.toString('base64'),
        initializationVector: iv.toString('base64'),
        authenticationTag: tag.toString('base64'),
        ...(metadata.length > 0 && { ciphertextMetadata: metadata.toString('base64') }),
        ...aadOf(header),
      },
      Decrypted,
    );
    if (!sha256(inner).equals(digest)) throw otherPlaintext();
    return this.#openInner(known, inner, context);
  }

  random(): Promise<Buffer> {
    throw new KmsException('UnsupportedOperationException', 'An external key store generates no random bytes.');
  }

  /** Removes this service's own encryption. The proxy authenticates neither it nor the encryption context. */
  #openInner({ key, materials }: KnownKey, inner: Buffer, context: Buffer): Buffer {
    let materialId: string | undefined;
    try {
      const named = blobKey(inner);
      materialId = named.keyId === key.keyId && named.format === BLOB_FORMATS.software ? named.materialId : undefined;
    } catch {
      throw otherPlaintext();
    }
    const material = materials.find((each) => each.materialId === materialId);
    if (!material) throw otherPlaintext();
    return openBlob(inner, this.provider.hold(material), context);
  }

  async #metadata(call: Call, store: KmsCustomKeyStore, { xksKeyId }: NewKmsKey) {
    const { principal, operation: kmsOperation, requestId: kmsRequestId } = call;
    const requestMetadata = { awsPrincipalArn: principal.arn, kmsOperation, kmsRequestId };
    try {
      return await this.client.call(
        proxyOf(store, this.provider),
        `/keys/${xksKeyId}/metadata`,
        { requestMetadata },
        Metadata,
      );
    } catch (error) {
      throw xksError(error, 'createKey');
    }
  }

  async #crypto<T>(
    { principal, operation, requestId }: Call,
    { key, store }: KnownKey,
    name: 'encrypt' | 'decrypt',
    members: object,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const requestMetadata = {
      awsPrincipalArn: principal.arn,
      kmsKeyArn: key.arn,
      kmsOperation: operation,
      kmsRequestId: requestId,
    };
    if (!store) throw new KmsException('KMSInvalidStateException', `${key.arn} is unavailable.`);
    try {
      const body = { requestMetadata, ...members, encryptionAlgorithm: 'AES_GCM' };
      return await this.client.call(proxyOf(store, this.provider), `/keys/${key.xksKeyId}/${name}`, body, schema);
    } catch (error) {
      throw xksUseError(error);
    }
  }
}

/**
 * Checks that no other KMS key of the store uses the external key.
 *
 * @throws KmsException XksKeyAlreadyInUseException
 */
export async function requireUnusedXksKey(
  manager: EntityManager,
  { customKeyStoreId, xksKeyId }: NewKmsKey,
): Promise<void> {
  if (customKeyStoreId === null || xksKeyId === null) return;
  if (await manager.existsBy(KmsKey, { customKeyStoreId, xksKeyId }))
    throw new KmsException(
      'XksKeyAlreadyInUseException',
      `A KMS key of custom key store ${customKeyStoreId} already uses the external key.`,
    );
}

const EMPTY = Buffer.alloc(0);

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function otherPlaintext(): KmsException {
  return new KmsException(
    'KMSInvalidStateException',
    'The plaintext that the proxy returned is not the one that was encrypted.',
  );
}

function aadOf(header: Buffer): { additionalAuthenticatedData: string } {
  return { additionalAuthenticatedData: header.toString('base64') };
}

/** Parses a ciphertext blob. @throws KmsException InvalidCiphertextException */
function partsOf(blob: Buffer) {
  let at = blobKey(blob).headerBytes;
  const header = blob.subarray(0, at);
  const next = (length: number) => {
    if (at + length >= blob.length) throw new KmsException('InvalidCiphertextException');
    return blob.subarray(at, (at += length));
  };
  const digest = next(DIGEST_BYTES);
  const iv = next(next(1)[0] ?? 0);
  const metadata = next(next(1)[0] ?? 0);
  const tag = next(TAG_BYTES);
  return { header, digest, iv, metadata, tag, ciphertext: blob.subarray(at) };
}
