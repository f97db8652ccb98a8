import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { DataKeyPairs } from './data-key-pairs.js';
import type { GenerateDataKeyPairInput, GenerateDataKeyPairOutput } from './data-key-pairs.schema.js';
import { refuseRecipient } from './recipient.js';

@Injectable()
export class GenerateDataKeyPairOperation {
  constructor(private readonly pairs: DataKeyPairs) {}

  async execute(call: Call, input: GenerateDataKeyPairInput): Promise<GenerateDataKeyPairOutput> {
    refuseRecipient(input.Recipient);
    return this.pairs.generate(call, input, (output, privateKey) => ({
      ...output,
      PrivateKeyPlaintext: privateKey.toString('base64'),
    }));
  }
}
