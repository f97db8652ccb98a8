import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { applicationCryptogram } from '../../../crypto/emv/application-cryptogram.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { transactionOf, withTransactionKeys } from './auth-request-cryptogram.js';
import type {
  GenerateAuthRequestCryptogramInput,
  GenerateAuthRequestCryptogramOutput,
} from './auth-request-cryptogram.schema.js';

@Injectable()
export class GenerateAuthRequestCryptogramOperation {
  constructor(private readonly keys: WorkingKeys) {}

  async execute(call: Call, input: GenerateAuthRequestCryptogramInput): Promise<GenerateAuthRequestCryptogramOutput> {
    const transaction = transactionOf(input.MajorKeyDerivationMode, input.SessionKeyDerivationAttributes);
    const data = Buffer.from(input.TransactionData, 'hex');
    const needs = KEY_ARGUMENTS.GenerateAuthRequestCryptogram.KeyIdentifier.Emv;
    const key = await this.keys.find(call, needs, input.KeyIdentifier);

    const arqc = key.use((imk) =>
      withTransactionKeys(imk, transaction, (sessionKey) => toHex(applicationCryptogram(sessionKey, data))),
    );
    return { KeyArn: key.arn, KeyCheckValue: key.kcv, AuthRequestCryptogram: arqc };
  }
}
