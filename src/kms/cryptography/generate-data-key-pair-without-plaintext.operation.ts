import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { DataKeyPairs } from './data-key-pairs.js';
import type {
  GenerateDataKeyPairWithoutPlaintextInput,
  GenerateDataKeyPairWithoutPlaintextOutput,
} from './data-key-pairs.schema.js';

@Injectable()
export class GenerateDataKeyPairWithoutPlaintextOperation {
  constructor(private readonly pairs: DataKeyPairs) {}

  execute(
    call: Call,
    input: GenerateDataKeyPairWithoutPlaintextInput,
  ): Promise<GenerateDataKeyPairWithoutPlaintextOutput> {
    return this.pairs.generate(call, input, (output) => output);
  }
}
