import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { memberOf } from '../../../http/fields.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import type { GenerateCardValidationDataInput, GenerateCardValidationDataOutput } from './card-validation.schema.js';
import { cardValue } from './card-values.js';

@Injectable()
export class GenerateCardValidationDataOperation {
  constructor(private readonly keys: WorkingKeys) {}

  async execute(call: Call, input: GenerateCardValidationDataInput): Promise<GenerateCardValidationDataOutput> {
    const { PrimaryAccountNumber: pan, ValidationDataLength: length = 3 } = input;
    const variant = memberOf(input.GenerationAttributes);
    const value = cardValue(variant);
    const needs = KEY_ARGUMENTS.GenerateCardValidationData.KeyIdentifier[variant.name];
    const key = await this.keys.find(call, needs, input.KeyIdentifier);
    return {
      KeyArn: key.arn,
      KeyCheckValue: key.kcv,
      ValidationData: key.use((clear) => value(clear, pan, length)),
    };
  }
}
