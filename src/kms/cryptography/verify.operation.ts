import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { whenReady } from '../../when-ready.js';
import { KmsException, requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';
import { Signatures } from './signatures.js';
import type { VerifyInput, VerifyOutput } from './signing.schema.js';

@Injectable()
export class VerifyOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly signatures: Signatures,
  ) {}

  execute(call: Call, input: VerifyInput): VerifyOutput | Promise<VerifyOutput> {
    const { KeyId, Message, MessageType: type = 'RAW', Signature, SigningAlgorithm, DryRun } = input;
    return whenReady(this.keys.usable(call, KeyId, { takesAlias: true }), (known) => {
      const { key } = known;
      requireUsage(key, 'SIGN_VERIFY', 'Verify');
      requireAlgorithm(key, SigningAlgorithm);
      const message = { bytes: Buffer.from(Message, 'base64'), type };
      this.signatures.check(known, SigningAlgorithm, message);
      const verified = this.signatures.verify(known, SigningAlgorithm, message, Buffer.from(Signature, 'base64'));
      return whenReady(verified, (isValid) => {
        if (!isValid) throw new KmsException('KMSInvalidSignatureException');
        requireNoDryRun(DryRun);
        return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm };
      });
    });
  }
}
