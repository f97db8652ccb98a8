import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { AccessDeniedException } from '../../errors/exceptions.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { KmsException } from '../exceptions.js';
import type { EncryptionContext } from '../fields.js';
import { kmsArn } from '../keys/key-id.js';
import { isPresent } from '../keys/key-state.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import { KeyStores } from '../stores/key-stores.js';
import { BLOB_FORMATS, type BlobFormat, blobKey, openBlob, sealBlob } from './ciphertext-blob.js';
import { currentMaterial } from './current-material.js';
import { canonicalContext } from './encryption-context.js';

interface EncryptedBlob {
  blob: Buffer;
  materialId?: string;
}

interface DecryptedBlob {
  /** The caller's to zeroize. */
  plaintext: Buffer;
  materialId?: string;
}

/** Encrypts and decrypts with symmetric encryption keys, whose ciphertexts identify their key and material. */
@Injectable()
export class SymmetricEncryption {
  constructor(
    private readonly provider: CryptoProvider,
    private readonly stores: KeyStores,
  ) {}

  /**
   * Encrypts under a key.
   *
   * @param plaintext stays the caller's to zeroize
   * @returns the ciphertext blob and the id of the material that opens it; a promise only for a key in a custom key store
   * @throws KmsException of the custom key store
   */
  encrypt(
    call: Call,
    known: KnownKey,
    plaintext: Buffer,
    context: EncryptionContext | undefined,
  ): EncryptedBlob | Promise<EncryptedBlob> {
    if (known.key.customKeyStoreId !== null)
      return this.stores
        .of(known.key)
        .encrypt(call, known, plaintext, canonicalContext(context))
        .then((blob) => ({ blob }));
    const material = currentMaterial(known);
    const blob = sealBlob(material, this.provider.hold(material), plaintext, canonicalContext(context));
    return { blob, materialId: material.materialId };
  }

  /**
   * Decrypts a blob of the key.
   *
   * @returns a promise only for a key in a custom key store
   * @throws KmsException InvalidCiphertextException, and those of the custom key store
   */
  decrypt(
    call: Call,
    known: KnownKey,
    blob: Buffer,
    context: EncryptionContext | undefined,
  ): DecryptedBlob | Promise<DecryptedBlob> {
    const { key, materials } = known;
    const { materialId, format } = blobKey(blob);
    if (format !== formatOf(key)) throw new KmsException('InvalidCiphertextException');
    if (key.customKeyStoreId !== null)
      return this.stores
        .of(key)
        .decrypt(call, known, blob, canonicalContext(context))
        .then((plaintext) => ({ plaintext }));
    const material = materials.find((each) => each.materialId === materialId);
    if (!material || !isPresent(material, call.origin.time)) throw new KmsException('InvalidCiphertextException');
    const plaintext = openBlob(blob, this.provider.hold(material), canonicalContext(context));
    return { plaintext, materialId: material.materialId };
  }
}

function formatOf({ origin }: NewKmsKey): BlobFormat {
  if (origin === 'AWS_CLOUDHSM') return BLOB_FORMATS.token;
  return origin === 'EXTERNAL_KEY_STORE' ? BLOB_FORMATS.external : BLOB_FORMATS.software;
}

/**
 * Returns the ARN, in the call's Region, of the key that a blob names.
 *
 * @throws KmsException InvalidCiphertextException
 */
export function keyArnOf(call: Call, blob: Buffer): string {
  const { accountId, keyId } = blobKey(blob);
  return kmsArn({ accountId, region: call.region, resource: `key/${keyId}` });
}

/** The exception for a ciphertext whose key doesn't exist or may not be used by the caller. */
export function unknownKeyOfCiphertext(): AccessDeniedException {
  return new AccessDeniedException(
    'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
  );
}
