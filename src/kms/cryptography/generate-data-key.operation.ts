import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { whenReady } from '../../when-ready.js';
import { DataKeys } from './data-keys.js';
import type { GenerateDataKeyInput, GenerateDataKeyOutput } from './data-keys.schema.js';
import { refuseRecipient } from './recipient.js';

@Injectable()
export class GenerateDataKeyOperation {
  constructor(private readonly dataKeys: DataKeys) {}

  execute(call: Call, input: GenerateDataKeyInput): GenerateDataKeyOutput | Promise<GenerateDataKeyOutput> {
    refuseRecipient(input.Recipient);
    return whenReady(this.dataKeys.generate(call, input), ({ plaintext, output }) => {
      const result = { ...output, Plaintext: plaintext.toString('base64') };
      plaintext.fill(0);
      return result;
    });
  }
}
