import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { Verifications } from '../verification/verifications.js';
import { arpc, requireCryptogram, transactionOf, withTransactionKeys } from './auth-request-cryptogram.js';
import type {
  VerifyAuthRequestCryptogramInput,
  VerifyAuthRequestCryptogramOutput,
} from './auth-request-cryptogram.schema.js';

@Injectable()
export class VerifyAuthRequestCryptogramOperation {
  constructor(
    private readonly keys: WorkingKeys,
    private readonly verifications: Verifications,
  ) {}

  async execute(call: Call, input: VerifyAuthRequestCryptogramInput): Promise<VerifyAuthRequestCryptogramOutput> {
    const { AuthResponseAttributes: response } = input;
    const transaction = transactionOf(input.MajorKeyDerivationMode, input.SessionKeyDerivationAttributes);
    const data = Buffer.from(input.TransactionData, 'hex');
    const claimed = Buffer.from(input.AuthRequestCryptogram, 'hex');
    const needs = KEY_ARGUMENTS.VerifyAuthRequestCryptogram.KeyIdentifier.Emv;
    const key = await this.keys.find(call, needs, input.KeyIdentifier);

    return this.verifications.attempt(call, { keyArns: [key.arn], pan: transaction.card.pan }, () =>
      key.use((imk) =>
        withTransactionKeys(imk, transaction, (sessionKey, arpcKey) => {
          requireCryptogram(sessionKey, data, claimed);
          return {
            KeyArn: key.arn,
            KeyCheckValue: key.kcv,
            ...(response && { AuthResponseValue: toHex(arpc(arpcKey, claimed, response)) }),
          };
        }),
      ),
    );
  }
}
