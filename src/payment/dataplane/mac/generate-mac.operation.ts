import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { checkMessage, macOf } from './mac-algorithms.js';
import type { GenerateMacInput, GenerateMacOutput } from './mac.schema.js';

@Injectable()
export class GenerateMacOperation {
  constructor(private readonly keys: WorkingKeys) {}

  async execute(call: Call, input: GenerateMacInput): Promise<GenerateMacOutput> {
    const { variant, scheme, macKey } = macOf(input.GenerationAttributes);
    const message = Buffer.from(input.MessageData, 'hex');
    const needs = KEY_ARGUMENTS.GenerateMac.KeyIdentifier[variant];
    const key = macKey(await this.keys.find(call, needs, input.KeyIdentifier));
    checkMessage(scheme, message);

    // A MacLength that exceeds the length of the whole MAC yields the whole MAC.
    const length = Math.min(input.MacLength ?? scheme.defaultBytes(key.algorithm), scheme.wholeBytes(key.algorithm));
    const mac = key.use((clear) => toHex(scheme.mac(clear, message, length, key.algorithm)));
    return { KeyArn: key.arn, KeyCheckValue: key.kcv, Mac: mac };
  }
}
