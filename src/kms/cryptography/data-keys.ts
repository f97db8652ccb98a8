import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { whenReady } from '../../when-ready.js';
import { requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import { KeyStores } from '../stores/key-stores.js';
import type {
  GenerateDataKeyWithoutPlaintextInput,
  GenerateDataKeyWithoutPlaintextOutput,
} from './data-keys.schema.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';
import { SymmetricEncryption } from './symmetric-encryption.js';

const SPEC_BYTES = { AES_128: 16, AES_256: 32 };

/** A new data key, encrypted under a KMS key. */
export interface DataKey {
  /** The caller's to zeroize. */
  plaintext: Buffer;
  output: GenerateDataKeyWithoutPlaintextOutput;
}

/** Generates data keys. */
@Injectable()
export class DataKeys {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly symmetric: SymmetricEncryption,
    private readonly stores: KeyStores,
  ) {}

  /**
   * Generates a data key and encrypts it.
   *
   * @returns a promise only if the KMS key isn't cached
   * @throws ValidationException, KmsException InvalidKeyUsageException, DryRunOperationException and those of KmsKeyRepository.usable
   */
  generate(
    call: Call,
    { KeyId, KeySpec, NumberOfBytes, EncryptionContext, DryRun }: GenerateDataKeyWithoutPlaintextInput,
  ): DataKey | Promise<DataKey> {
    if ((KeySpec === undefined) === (NumberOfBytes === undefined))
      throw new ValidationException('Please specify either number of bytes or key spec.');
    const bytes = KeySpec === undefined ? (NumberOfBytes ?? 0) : SPEC_BYTES[KeySpec];
    const use = { takesAlias: true, encryptionContext: EncryptionContext };
    return whenReady(this.keys.usable(call, KeyId, use), (known) => {
      requireUsage(known.key, 'ENCRYPT_DECRYPT', call.operation);
      requireAlgorithm(known.key, 'SYMMETRIC_DEFAULT');
      requireNoDryRun(DryRun);
      return whenReady(this.#random(known, bytes), (plaintext) =>
        whenReady(this.symmetric.encrypt(call, known, plaintext, EncryptionContext), ({ blob, materialId }) => {
          const output = { CiphertextBlob: blob.toString('base64'), KeyId: known.key.arn, KeyMaterialId: materialId };
          return { plaintext, output };
        }),
      );
    });
  }

  /** A CloudHSM key store generates data keys itself. */
  #random(known: KnownKey, bytes: number): Buffer | Promise<Buffer> {
    if (known.key.origin !== 'AWS_CLOUDHSM') return randomBytes(bytes);
    return this.stores.of(known.key).random(known, bytes);
  }
}
