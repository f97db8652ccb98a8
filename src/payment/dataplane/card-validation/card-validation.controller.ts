import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
import { DataPlaneOperation } from '../../operation.js';
import {
  GenerateCardValidationDataInput,
  GenerateCardValidationDataOutput,
  VerifyCardValidationDataInput,
  VerifyCardValidationDataOutput,
} from './card-validation.schema.js';
import { GenerateCardValidationDataOperation } from './generate-card-validation-data.operation.js';
import { VerifyCardValidationDataOperation } from './verify-card-validation-data.operation.js';

@OperationsController('card-validation')
export class CardValidationController {
  constructor(
    private readonly generateCardValidationData: GenerateCardValidationDataOperation,
    private readonly verifyCardValidationData: VerifyCardValidationDataOperation,
  ) {}

  @DataPlaneOperation('cardvalidationdata/generate', {
    name: 'GenerateCardValidationData',
    summary: 'Computes a card verification value',
    description:
      'CVV, CVC and CAV (`CardVerificationValue1`; service code 999 makes it an iCVV), CVV2 and CVC2 ' +
      '(`CardVerificationValue2`) and the security codes of American Express with a card verification key (C0); the dynamic ' +
      'CVC3 of Mastercard (`DynamicCardVerificationCode`, E4) and dCVV of Visa (`DynamicCardVerificationValue`, E6) with an ' +
      'issuer master key, from which the key of the card is derived by EMV option A. The expiry date is used as it is. ' +
      'American Express version 2 and `CardHolderVerificationValue` are not publicly specified: their values verify here ' +
      'and are not known to verify anywhere else.',
    example:
      '--key-identifier $KEY_ARN --primary-account-number 4123456789012345 ' +
      '--generation-attributes CardVerificationValue2={CardExpiryDate=0225}',
    output: GenerateCardValidationDataOutput,
    resource: 'key',
  })
  generate(
    @Req() { call }: SignedRequest,
    @Body(GenerateCardValidationDataInput) input: GenerateCardValidationDataInput,
  ): Promise<GenerateCardValidationDataOutput> {
    return this.generateCardValidationData.execute(call, input);
  }

  @DataPlaneOperation('cardvalidationdata/verify', {
    name: 'VerifyCardValidationData',
    summary: 'Checks a card verification value',
    description:
      'Computes the value again, with as many digits as are given, and compares it in constant time. A wrong one answers ' +
      'VerificationFailedException with the reason INVALID_VALIDATION_DATA. Verifies what GenerateCardValidationData makes, ' +
      'and `DiscoverDynamicCardVerificationCode` (E4), whose algorithm is not publicly specified: no value of a Discover ' +
      'card is known to pass.',
    example:
      '--key-identifier $KEY_ARN --primary-account-number 4123456789012345 ' +
      '--verification-attributes CardVerificationValue2={CardExpiryDate=0225} --validation-data $CVV2',
    output: VerifyCardValidationDataOutput,
    resource: 'key',
    verifies: true,
  })
  verify(
    @Req() { call }: SignedRequest,
    @Body(VerifyCardValidationDataInput) input: VerifyCardValidationDataInput,
  ): Promise<VerifyCardValidationDataOutput> {
    return this.verifyCardValidationData.execute(call, input);
  }
}
