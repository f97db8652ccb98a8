import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { MlKemSet } from '../../crypto/post-quantum/parameter-sets.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import { requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { EncapsulateInput, EncapsulateOutput } from './encapsulation.schema.js';
import { encodedPublicKey } from './key-halves.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';

@Injectable()
export class EncapsulateOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly thread: CryptoThread,
  ) {}

  async execute(call: Call, input: EncapsulateInput): Promise<EncapsulateOutput> {
    const { KeyId, EncapsulationAlgorithm, DryRun } = input;
    const { key } = await this.keys.usable(call, KeyId, { takesAlias: true });
    requireUsage(key, 'ENCAPSULATE_DECAPSULATE', 'Encapsulate');
    requireAlgorithm(key, EncapsulationAlgorithm);
    requireNoDryRun(DryRun);
    const { sharedSecret, ciphertext } = await this.thread.run(
      'mlKemEncapsulate',
      key.spec as MlKemSet,
      encodedPublicKey(key),
    );
    const output = {
      KeyId: key.arn,
      SharedSecret: sharedSecret.toString('base64'),
      SharedSecretCiphertextBlob: ciphertext.toString('base64'),
      EncapsulationAlgorithm,
    };
    sharedSecret.fill(0);
    return output;
  }
}
