import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { memberOf } from '../../../http/fields.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { Verifications } from '../verification/verifications.js';
import type { VerifyCardValidationDataInput, VerifyCardValidationDataOutput } from './card-validation.schema.js';
import { cardValue, requireCardValue } from './card-values.js';

@Injectable()
export class VerifyCardValidationDataOperation {
  constructor(
    private readonly keys: WorkingKeys,
    private readonly verifications: Verifications,
  ) {}

  async execute(call: Call, input: VerifyCardValidationDataInput): Promise<VerifyCardValidationDataOutput> {
    const { PrimaryAccountNumber: pan } = input;
    const variant = memberOf(input.VerificationAttributes);
    const value = cardValue(variant);
    const claimed = Buffer.from(input.ValidationData);
    const needs = KEY_ARGUMENTS.VerifyCardValidationData.KeyIdentifier[variant.name];
    const key = await this.keys.find(call, needs, input.KeyIdentifier);

    await this.verifications.attempt(call, { keyArns: [key.arn], pan }, () =>
      requireCardValue(key, value, pan, claimed),
    );
    return { KeyArn: key.arn, KeyCheckValue: key.kcv };
  }
}
