import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { KmsGenerateMacOperation } from './generate-mac.operation.js';
import { GenerateMacInput, GenerateMacOutput, VerifyMacInput, VerifyMacOutput } from './mac.schema.js';
import { KmsVerifyMacOperation } from './verify-mac.operation.js';

@OperationsController('mac')
export class KmsMacController {
  constructor(
    private readonly generateMac: KmsGenerateMacOperation,
    private readonly verifyMac: KmsVerifyMacOperation,
  ) {}

  @KmsOperation({
    name: 'GenerateMac',
    summary: 'Computes an HMAC over up to 4,096 bytes',
    description: 'The key must be an HMAC key of the algorithm. The MAC is the whole HMAC: 28, 32, 48 or 64 bytes.',
    example: '--key-id alias/webhooks --message fileb://event.json --mac-algorithm HMAC_SHA_256',
    output: GenerateMacOutput,
    resource: 'key',
  })
  generate(
    call: Call,
    @Body(GenerateMacInput) input: GenerateMacInput,
  ): GenerateMacOutput | Promise<GenerateMacOutput> {
    return this.generateMac.execute(call, input);
  }

  @KmsOperation({
    name: 'VerifyMac',
    summary: 'Verifies an HMAC',
    description: 'Returns `MacValid` true, or refuses the MAC with KMSInvalidMacException. It must be the whole HMAC.',
    example:
      '--key-id alias/webhooks --message fileb://event.json --mac-algorithm HMAC_SHA_256 --mac fileb://event.mac',
    output: VerifyMacOutput,
    resource: 'key',
  })
  verify(call: Call, @Body(VerifyMacInput) input: VerifyMacInput): VerifyMacOutput | Promise<VerifyMacOutput> {
    return this.verifyMac.execute(call, input);
  }
}
