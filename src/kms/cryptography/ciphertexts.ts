import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Call } from '../../call.js';
import { AccessDeniedException, ValidationException } from '../../errors/exceptions.js';
import { whenReady } from '../../when-ready.js';
import { KmsException } from '../exceptions.js';
import type { EncryptionAlgorithm as EncryptionAlgorithmSchema, EncryptionContext } from '../fields.js';
import { isSymmetric } from '../keys/key-specs.js';
import { type KeyUse, KmsKeyRepository, requireUsable } from '../keys/kms-key.repository.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import { blobKey } from './ciphertext-blob.js';
import { refuseContext } from './encryption-context.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';
import { RsaEncryption } from './rsa-encryption.js';
import { keyArnOf, SymmetricEncryption, unknownKeyOfCiphertext } from './symmetric-encryption.js';

export type EncryptionAlgorithm = z.infer<typeof EncryptionAlgorithmSchema>;

/** A ciphertext of a request, with the members that describe it. */
export interface Source {
  /** The operation to authorize: Decrypt or ReEncryptFrom. */
  operation: string;
  /** Undefined only where a dry run ignores the ciphertext. */
  blob: Buffer | undefined;
  keyId: string | undefined;
  /** Names of the members of the request, for messages. */
  members: { keyId: string; algorithm: string };
  algorithm: EncryptionAlgorithm;
  context: EncryptionContext | undefined;
  /** The destination of ReEncrypt. */
  destinationKeyId?: string;
}

/** The clear text of a ciphertext. */
export interface Opened {
  /** The caller's to zeroize. */
  plaintext: Buffer;
  /** Id of the material of a symmetric encryption key, which may have several. */
  materialId?: string;
}

/** A new ciphertext. */
interface Sealed {
  blob: Buffer;
  /** Id of the material of a symmetric encryption key of this service. */
  materialId?: string;
}

/** Encrypts with symmetric and RSA keys, and finds the keys of ciphertexts. */
@Injectable()
export class Ciphertexts {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly symmetric: SymmetricEncryption,
    private readonly rsa: RsaEncryption,
  ) {}

  /**
   * Finds the key of a ciphertext, and authorizes its use: the key that the ciphertext names, which the request's key
   * must match, or for RSA the key of the request. RSA ciphertexts don't name a key.
   *
   * @returns a promise only if something isn't cached
   * @throws ValidationException, AccessDeniedException
   * @throws KmsException InvalidCiphertextException, IncorrectKeyException, InvalidKeyUsageException and those of KmsKeyRepository
   */
  keyOf(call: Call, source: Source): KnownKey | Promise<KnownKey> {
    const { operation, algorithm, context } = source;
    return whenReady(this.#find(call, source), (known) => {
      requireUsable(call, known, operation);
      requireUsage(known.key, 'ENCRYPT_DECRYPT', operation);
      requireAlgorithm(known.key, algorithm);
      refuseContext(known.key, context);
      return known;
    });
  }

  /** Decrypts under the key from `keyOf`. @throws KmsException InvalidCiphertextException */
  open(
    call: Call,
    known: KnownKey,
    { algorithm, context }: Pick<Source, 'algorithm' | 'context'>,
    blob: Buffer,
  ): Opened | Promise<Opened> {
    if (algorithm === 'SYMMETRIC_DEFAULT') return this.symmetric.decrypt(call, known, blob, context);
    return whenReady(this.rsa.decrypt(known, algorithm, blob), (plaintext) => ({ plaintext }));
  }

  /**
   * Finds the key for encryption, and authorizes its use.
   *
   * @param operation the operation to authorize: Encrypt or ReEncryptTo
   * @param source of ReEncrypt
   * @throws as `keyOf`
   */
  destination(
    call: Call,
    keyId: string,
    { operation, algorithm, context }: Pick<Source, 'operation' | 'algorithm' | 'context'>,
    source?: KnownKey,
  ): KnownKey | Promise<KnownKey> {
    const use = { operation, takesAlias: true, encryptionContext: context, otherKeyId: source?.key.arn };
    return whenReady(this.keys.usable(call, keyId, use), (known) => {
      requireUsage(known.key, 'ENCRYPT_DECRYPT', operation);
      requireAlgorithm(known.key, algorithm);
      refuseContext(known.key, context);
      return known;
    });
  }

  /** Checks that the key from `destination` can encrypt this number of bytes. @throws ValidationException */
  requireSize({ key }: KnownKey, algorithm: EncryptionAlgorithm, plaintext: Buffer): void {
    if (!isSymmetric(key)) this.rsa.requireSize(key, algorithm, plaintext);
  }

  /**
   * Encrypts under the key from `destination`.
   *
   * @param plaintext of a checked size
   * @returns a promise only for a key in a custom key store
   */
  seal(
    call: Call,
    known: KnownKey,
    { algorithm, context }: Pick<Source, 'algorithm' | 'context'>,
    plaintext: Buffer,
  ): Sealed | Promise<Sealed> {
    return isSymmetric(known.key)
      ? this.symmetric.encrypt(call, known, plaintext, context)
      : { blob: this.rsa.encrypt(known, algorithm, plaintext) };
  }

  #find(call: Call, source: Source): KnownKey | Promise<KnownKey> {
    const { operation, blob, keyId, members, algorithm, context, destinationKeyId: otherKeyId } = source;
    const use: KeyUse = { operation, takesAlias: true, encryptionContext: context, otherKeyId };
    if (blob === undefined || algorithm !== 'SYMMETRIC_DEFAULT') {
      const reason = blob === undefined ? 'without CiphertextBlob' : `with ${members.algorithm} ${algorithm}`;
      if (keyId === undefined) throw new ValidationException(`${members.keyId} is required ${reason}.`);
      return this.keys.find(call, keyId, use);
    }
    const arn = keyArnOf(call, blob);
    use.materialId = blobKey(blob).materialId;
    if (keyId === undefined) return this.#named(call, arn, use);
    return whenReady(this.keys.find(call, keyId, use), (known) => {
      if (known.key.arn !== arn)
        throw new KmsException(
          'IncorrectKeyException',
          'The key ID in the request does not identify a CMK that can perform this operation.',
        );
      return known;
    });
  }

  /** Finds the key that a ciphertext names. The error doesn't reveal to unauthorized callers if the key exists. */
  #named(call: Call, arn: string, use: KeyUse): KnownKey | Promise<KnownKey> {
    const refuse = (error: unknown): never => {
      const isUnknown = error instanceof KmsException && error.name === 'NotFoundException';
      throw isUnknown || error instanceof AccessDeniedException ? unknownKeyOfCiphertext() : error;
    };
    try {
      const found = this.keys.find(call, arn, use);
      return found instanceof Promise ? found.catch(refuse) : found;
    } catch (error) {
      return refuse(error);
    }
  }
}

/** The members of a request that has a ciphertext. */
interface CiphertextRequest {
  CiphertextBlob?: string;
  DryRun?: boolean;
  DryRunModifiers?: readonly 'IGNORE_CIPHERTEXT'[];
}

/**
 * Reads the ciphertext of a request.
 *
 * @returns undefined if a dry run ignores it
 * @throws ValidationException
 */
export function ciphertextOf({ CiphertextBlob, DryRun, DryRunModifiers = [] }: CiphertextRequest): Buffer | undefined {
  if (DryRunModifiers.length > 0) {
    if (!DryRun) throw new ValidationException('DryRunModifiers can be used only with DryRun.');
    return undefined;
  }
  if (CiphertextBlob === undefined)
    throw new ValidationException(
      "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
    );
  return Buffer.from(CiphertextBlob, 'base64');
}
