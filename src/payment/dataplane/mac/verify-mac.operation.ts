import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { Verifications } from '../verification/verifications.js';
import { checkMessage, macOf, requireMac } from './mac-algorithms.js';
import type { VerifyMacInput, VerifyMacOutput } from './mac.schema.js';

@Injectable()
export class VerifyMacOperation {
  constructor(
    private readonly keys: WorkingKeys,
    private readonly verifications: Verifications,
  ) {}

  async execute(call: Call, input: VerifyMacInput): Promise<VerifyMacOutput> {
    const { variant, scheme, macKey } = macOf(input.VerificationAttributes);
    const message = Buffer.from(input.MessageData, 'hex');
    const claimed = Buffer.from(input.Mac, 'hex');
    const needs = KEY_ARGUMENTS.VerifyMac.KeyIdentifier[variant];
    const key = macKey(await this.keys.find(call, needs, input.KeyIdentifier));
    checkMessage(scheme, message);
    checkLength(claimed, input.MacLength, scheme.wholeBytes(key.algorithm));

    const pan = input.VerificationAttributes.EmvMac?.PrimaryAccountNumber;
    await this.verifications.attempt(call, { keyArns: [key.arn], pan }, () =>
      requireMac(scheme, key, message, claimed),
    );
    return { KeyArn: key.arn, KeyCheckValue: key.kcv };
  }
}

/** Checks the length of a MAC. An 8-byte MAC must be complete or its left half; any other needs 4 bytes or more. */
function checkLength(claimed: Buffer, macLength: number | undefined, wholeBytes: number): void {
  if (wholeBytes === 8 && claimed.length !== 4 && claimed.length !== 8)
    throw new ValidationException('Mac must have a length of 8 or 16 hexadecimal digits for this algorithm.');
  if (claimed.length < 4 || claimed.length > wholeBytes)
    throw new ValidationException(
      `Mac must have a length of 8 to ${2 * wholeBytes} hexadecimal digits for this algorithm.`,
    );
  if (macLength !== undefined && macLength !== claimed.length)
    throw new ValidationException('MacLength must be the length of Mac in bytes.');
}
