import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { encodeSeed, type MlKemSet } from '../../crypto/post-quantum/parameter-sets.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import { requireNoDryRun } from '../exceptions.js';
import { refuseCustomStore } from '../keys/key-kinds.js';
import { KEY_SPECS, type KeySpec } from '../keys/key-specs.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { generateMaterial, requireSupported } from '../materials/material.js';
import type {
  GenerateDataKeyPairWithoutPlaintextInput,
  GenerateDataKeyPairWithoutPlaintextOutput,
} from './data-key-pairs.schema.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';
import { SymmetricEncryption } from './symmetric-encryption.js';

/** Generates data key pairs: key pairs for use outside of this service, whose private keys a symmetric encryption key encrypts. */
@Injectable()
export class DataKeyPairs {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly symmetric: SymmetricEncryption,
    private readonly thread: CryptoThread,
  ) {}

  /**
   * Generates a data key pair for a call.
   *
   * @param present receives the members of the response without the plaintext, and the private key as DER PKCS#8, which
   *   it must not keep
   */
  async generate<T>(
    call: Call,
    input: GenerateDataKeyPairWithoutPlaintextInput,
    present: (output: GenerateDataKeyPairWithoutPlaintextOutput, privateKey: Buffer) => T,
  ): Promise<T> {
    const { KeyId, KeyPairSpec, EncryptionContext, DryRun } = input;
    const use = { takesAlias: true, encryptionContext: EncryptionContext };
    const known = await this.keys.usable(call, KeyId, use);
    const { key } = known;
    requireUsage(key, 'ENCRYPT_DECRYPT', call.operation);
    requireAlgorithm(key, 'SYMMETRIC_DEFAULT');
    refuseCustomStore(key);
    requireSupported(KeyPairSpec);
    requireNoDryRun(DryRun);

    const { privateKey, publicKey } = await this.#pair(KeyPairSpec);
    try {
      const { blob, materialId } = await this.symmetric.encrypt(call, known, privateKey, EncryptionContext);
      const output = {
        PrivateKeyCiphertextBlob: blob.toString('base64'),
        PublicKey: publicKey?.toString('base64'),
        KeyId: key.arn,
        KeyPairSpec,
        KeyMaterialId: materialId,
      };
      return present(output, privateKey);
    } finally {
      privateKey.fill(0);
    }
  }

  async #pair(spec: KeySpec): Promise<{ privateKey: Buffer; publicKey: Buffer | null }> {
    const { clear, publicKey } = await generateMaterial(spec, this.thread);
    if (KEY_SPECS[spec].kind !== 'ml-kem') return { privateKey: clear, publicKey };
    try {
      return { privateKey: encodeSeed(spec as MlKemSet, clear), publicKey };
    } finally {
      clear.fill(0);
    }
  }
}
