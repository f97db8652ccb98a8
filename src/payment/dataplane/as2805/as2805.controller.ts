import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { DataPlaneOperation } from '../../operation.js';
import { GenerateAs2805KekValidationInput, GenerateAs2805KekValidationOutput } from './as2805.schema.js';
import { GenerateAs2805KekValidationOperation } from './generate-as2805-kek-validation.operation.js';

@OperationsController('as2805')
export class As2805Controller {
  constructor(private readonly generateAs2805KekValidation: GenerateAs2805KekValidationOperation) {}

  @DataPlaneOperation('as2805kekvalidation/generate', {
    name: 'GenerateAs2805KekValidation',
    summary: 'Generates an AS 2805 KEK validation request or response',
    description:
      'Two AS 2805 nodes use it to verify that they hold the same KEK, a TDES key-encryption key of usage K0. ' +
      'For a request, a random key is generated and returned under the send variant of the KEK ' +
      '(`RandomKeySend`), together with its inverse under the receive variant (`RandomKeyReceive`), which the ' +
      'other node must return. For a response, `RandomKeyReceive` is computed from the `RandomKeySend` of the ' +
      'request.',
    example:
      '--key-identifier $KEK_ARN --random-key-send-variant-mask VARIANT_MASK_82 ' +
      '--kek-validation-type KekValidationRequest={DeriveKeyAlgorithm=TDES_2KEY}',
    output: GenerateAs2805KekValidationOutput,
    resource: 'key',
  })
  generate(
    call: Call,
    @Body(GenerateAs2805KekValidationInput) input: GenerateAs2805KekValidationInput,
  ): Promise<GenerateAs2805KekValidationOutput> {
    return this.generateAs2805KekValidation.execute(call, input);
  }
}
