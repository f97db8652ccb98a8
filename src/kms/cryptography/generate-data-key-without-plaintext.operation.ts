import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { whenReady } from '../../when-ready.js';
import { DataKeys } from './data-keys.js';
import type {
  GenerateDataKeyWithoutPlaintextInput,
  GenerateDataKeyWithoutPlaintextOutput,
} from './data-keys.schema.js';

@Injectable()
export class GenerateDataKeyWithoutPlaintextOperation {
  constructor(private readonly dataKeys: DataKeys) {}

  execute(
    call: Call,
    input: GenerateDataKeyWithoutPlaintextInput,
  ): GenerateDataKeyWithoutPlaintextOutput | Promise<GenerateDataKeyWithoutPlaintextOutput> {
    return whenReady(this.dataKeys.generate(call, input), ({ plaintext, output }) => {
      plaintext.fill(0);
      return output;
    });
  }
}
