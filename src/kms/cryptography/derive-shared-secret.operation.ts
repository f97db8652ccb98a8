import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ecdhSharedSecret } from '../../crypto/ecdh.js';
import { CryptoError } from '../../crypto/errors.js';
import { ValidationException } from '../../errors/exceptions.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { whenReady } from '../../when-ready.js';
import { requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import { currentMaterial } from './current-material.js';
import type { DeriveSharedSecretInput, DeriveSharedSecretOutput } from './key-agreement.schema.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';
import { refuseRecipient } from './recipient.js';

@Injectable()
export class DeriveSharedSecretOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  execute(call: Call, input: DeriveSharedSecretInput): DeriveSharedSecretOutput | Promise<DeriveSharedSecretOutput> {
    const { KeyId, KeyAgreementAlgorithm, PublicKey, DryRun, Recipient } = input;
    refuseRecipient(Recipient);
    return whenReady(this.keys.usable(call, KeyId, { takesAlias: true }), (known) => {
      const { key } = known;
      requireUsage(key, 'KEY_AGREEMENT', 'DeriveSharedSecret');
      requireAlgorithm(key, KeyAgreementAlgorithm);
      const secret = this.#derive(known, Buffer.from(PublicKey, 'base64'));
      try {
        requireNoDryRun(DryRun);
        return {
          KeyId: key.arn,
          SharedSecret: secret.toString('base64'),
          KeyAgreementAlgorithm,
          KeyOrigin: key.origin,
        };
      } finally {
        secret.fill(0);
      }
    });
  }

  /** @throws ValidationException without a message for a public key that isn't one on the key's curve, as KMS does */
  #derive(known: KnownKey, peerPublicKey: Buffer): Buffer {
    try {
      return this.provider.use(currentMaterial(known), (privateKey) => ecdhSharedSecret({ privateKey, peerPublicKey }));
    } catch (error) {
      throw error instanceof CryptoError ? new ValidationException('') : error;
    }
  }
}
