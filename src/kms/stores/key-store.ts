import type { Call } from '../../call.js';
import type { NewKmsMaterial } from '../materials/kms-material.entity.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';

/** The keys of a custom key store, and the operations with them. */
export interface KeyStore {
  /**
   * Ensures that the store has the key of a new KMS key: generates it, or checks the external key that it names.
   *
   * @returns the materials that this service stores in addition
   * @throws KmsException
   */
  prepare(call: Call, store: KmsCustomKeyStore, key: NewKmsKey): Promise<NewKmsMaterial[]>;

  /**
   * Encrypts under a key of the store.
   *
   * @param plaintext 1 to 4096 bytes, the caller's to zeroize
   * @param context   canonical
   * @returns the ciphertext blob
   * @throws KmsException KMSInvalidStateException, KMSInternalException
   */
  encrypt(call: Call, known: KnownKey, plaintext: Buffer, context: Buffer): Promise<Buffer>;

  /**
   * Decrypts a blob of the key.
   *
   * @returns the clear bytes, the caller's to zeroize
   * @throws KmsException InvalidCiphertextException, KMSInvalidStateException, KMSInternalException
   */
  decrypt(call: Call, known: KnownKey, blob: Buffer, context: Buffer): Promise<Buffer>;

  /** Returns random bytes for a data key, the caller's to zeroize. */
  random(known: KnownKey, length: number): Promise<Buffer>;
}
