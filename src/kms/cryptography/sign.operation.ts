import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { whenReady } from '../../when-ready.js';
import { requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';
import { Signatures } from './signatures.js';
import type { SignInput, SignOutput } from './signing.schema.js';

@Injectable()
export class SignOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly signatures: Signatures,
  ) {}

  execute(call: Call, input: SignInput): SignOutput | Promise<SignOutput> {
    const { KeyId, Message, MessageType: type = 'RAW', SigningAlgorithm, DryRun } = input;
    return whenReady(this.keys.usable(call, KeyId, { takesAlias: true }), (known) => {
      const { key } = known;
      requireUsage(key, 'SIGN_VERIFY', 'Sign');
      requireAlgorithm(key, SigningAlgorithm);
      const message = { bytes: Buffer.from(Message, 'base64'), type };
      this.signatures.check(known, SigningAlgorithm, message);
      requireNoDryRun(DryRun);
      return whenReady(this.signatures.sign(known, SigningAlgorithm, message), (signature) => ({
        KeyId: key.arn,
        Signature: signature.toString('base64'),
        SigningAlgorithm,
      }));
    });
  }
}
