import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { whenReady } from '../../when-ready.js';
import { requireNoDryRun } from '../exceptions.js';
import { ciphertextOf, Ciphertexts } from './ciphertexts.js';
import type { DecryptInput, DecryptOutput } from './encryption.schema.js';
import { refuseRecipient } from './recipient.js';

const MEMBERS = { keyId: 'KeyId', algorithm: 'EncryptionAlgorithm' };

@Injectable()
export class DecryptOperation {
  constructor(private readonly ciphertexts: Ciphertexts) {}

  execute(call: Call, input: DecryptInput): DecryptOutput | Promise<DecryptOutput> {
    const { KeyId, EncryptionContext, EncryptionAlgorithm: algorithm = 'SYMMETRIC_DEFAULT', DryRun } = input;
    refuseRecipient(input.Recipient);
    const blob = ciphertextOf(input);
    const source = {
      operation: 'Decrypt',
      blob,
      keyId: KeyId,
      members: MEMBERS,
      algorithm,
      context: EncryptionContext,
    };
    return whenReady(this.ciphertexts.keyOf(call, source), (known) => {
      requireNoDryRun(blob === undefined);
      return whenReady(this.ciphertexts.open(call, known, source, blob as Buffer), ({ plaintext, materialId }) => {
        const output = {
          KeyId: known.key.arn,
          Plaintext: plaintext.toString('base64'),
          EncryptionAlgorithm: algorithm,
          KeyMaterialId: materialId,
        };
        plaintext.fill(0);
        requireNoDryRun(DryRun);
        return output;
      });
    });
  }
}
