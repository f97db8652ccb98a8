import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
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
    summary: 'Generates card validation data',
    description:
      'Computes CVV, CVC and CAV (`CardVerificationValue1`; service code 999 yields an iCVV), CVV2 and CVC2 ' +
      '(`CardVerificationValue2`) and American Express card security codes with a card verification key (C0); ' +
      'the dynamic CVC3 of Mastercard (`DynamicCardVerificationCode`, E4) and the dCVV of Visa ' +
      '(`DynamicCardVerificationValue`, E6) with an issuer master key, from which the card key is derived by ' +
      'EMV option A. The expiry date is used as given. American Express version 2 and ' +
      '`CardHolderVerificationValue` are not publicly specified: their values can be verified here, but are ' +
      'not known to verify anywhere else.',
    example:
      '--key-identifier $KEY_ARN --primary-account-number 4123456789012345 ' +
      '--generation-attributes CardVerificationValue2={CardExpiryDate=0225}',
    output: GenerateCardValidationDataOutput,
    resource: 'key',
  })
  generate(
    call: Call,
    @Body(GenerateCardValidationDataInput) input: GenerateCardValidationDataInput,
  ): Promise<GenerateCardValidationDataOutput> {
    return this.generateCardValidationData.execute(call, input);
  }

  @DataPlaneOperation('cardvalidationdata/verify', {
    name: 'VerifyCardValidationData',
    summary: 'Verifies card validation data',
    description:
      'Recomputes the value with as many digits as given and compares it in constant time. A wrong value is ' +
      'answered with VerificationFailedException and the reason INVALID_VALIDATION_DATA. Verifies the values ' +
      'of GenerateCardValidationData, and `DiscoverDynamicCardVerificationCode` (E4), whose algorithm is not ' +
      'publicly specified: no value of a Discover card is known to verify.',
    example:
      '--key-identifier $KEY_ARN --primary-account-number 4123456789012345 ' +
      '--verification-attributes CardVerificationValue2={CardExpiryDate=0225} --validation-data $CVV2',
    output: VerifyCardValidationDataOutput,
    resource: 'key',
    verifies: true,
  })
  verify(
    call: Call,
    @Body(VerifyCardValidationDataInput) input: VerifyCardValidationDataInput,
  ): Promise<VerifyCardValidationDataOutput> {
    return this.verifyCardValidationData.execute(call, input);
  }
}
