import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { type MlKemSet, PARAMETERS } from '../../crypto/post-quantum/parameter-sets.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import { KmsException, requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { DecapsulateInput, DecapsulateOutput } from './encapsulation.schema.js';
import { privateKeyOf } from './key-halves.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';

@Injectable()
export class DecapsulateOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly provider: CryptoProvider,
    private readonly thread: CryptoThread,
  ) {}

  async execute(call: Call, input: DecapsulateInput): Promise<DecapsulateOutput> {
    const { KeyId, SharedSecretCiphertextBlob, EncapsulationAlgorithm, DryRun } = input;
    const known = await this.keys.usable(call, KeyId, { takesAlias: true });
    const { key } = known;
    requireUsage(key, 'ENCAPSULATE_DECAPSULATE', 'Decapsulate');
    requireAlgorithm(key, EncapsulationAlgorithm);
    const set = key.spec as MlKemSet;
    const ciphertext = Buffer.from(SharedSecretCiphertextBlob, 'base64');
    if (ciphertext.length !== PARAMETERS[set].outputBytes) throw new KmsException('InvalidCiphertextException');
    requireNoDryRun(DryRun);
    const secret = await this.thread.run('mlKemDecapsulate', set, privateKeyOf(this.provider, known), ciphertext);
    const output = { KeyId: key.arn, SharedSecret: secret.toString('base64'), EncapsulationAlgorithm };
    secret.fill(0);
    return output;
  }
}
