import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { whenReady } from '../../when-ready.js';
import { requireNoDryRun } from '../exceptions.js';
import { Ciphertexts } from './ciphertexts.js';
import type { EncryptInput, EncryptOutput } from './encryption.schema.js';

@Injectable()
export class EncryptOperation {
  constructor(private readonly ciphertexts: Ciphertexts) {}

  execute(call: Call, input: EncryptInput): EncryptOutput | Promise<EncryptOutput> {
    const { KeyId, EncryptionContext: context, EncryptionAlgorithm: algorithm = 'SYMMETRIC_DEFAULT', DryRun } = input;
    const destination = { operation: 'Encrypt', algorithm, context };
    return whenReady(this.ciphertexts.destination(call, KeyId, destination), (known) => {
      const plaintext = Buffer.from(input.Plaintext, 'base64');
      this.ciphertexts.requireSize(known, algorithm, plaintext);
      requireNoDryRun(DryRun);
      return whenReady(this.ciphertexts.seal(call, known, destination, plaintext), ({ blob }) => {
        plaintext.fill(0);
        return { CiphertextBlob: blob.toString('base64'), KeyId: known.key.arn, EncryptionAlgorithm: algorithm };
      });
    });
  }
}
