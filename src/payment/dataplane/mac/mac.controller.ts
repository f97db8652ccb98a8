import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { DataPlaneOperation } from '../../operation.js';
import { GenerateMacOperation } from './generate-mac.operation.js';
import { GenerateMacInput, GenerateMacOutput, VerifyMacInput, VerifyMacOutput } from './mac.schema.js';
import { VerifyMacOperation } from './verify-mac.operation.js';

@OperationsController('mac')
export class MacController {
  constructor(
    private readonly generateMac: GenerateMacOperation,
    private readonly verifyMac: VerifyMacOperation,
  ) {}

  @DataPlaneOperation('mac/generate', {
    name: 'GenerateMac',
    summary: 'Generates a message authentication code (MAC)',
    description:
      'Supports ISO 9797-1 algorithms 1 (usage M1) and 3 (M3) over TDES with zero padding, CMAC over TDES or ' +
      'AES (M6), HMAC with the hash of the key (M7) and AS 2805.4.1 (M0). `EmvMac` is the MAC of an issuer ' +
      'script: the retail MAC over the message, which the caller has padded, under a session key of the card, ' +
      'derived from an issuer master key (E2). The DUKPT variants derive the MAC key of one transaction from a ' +
      'base derivation key (B0); their messages must have at least 8 bytes, and for ISO 9797-1 a multiple of ' +
      '8. `MacLength` is in bytes; by default, ISO 9797-1, AS 2805 and EMV MACs have 4 bytes and the others ' +
      'are returned whole.',
    example: '--key-identifier $KEY_ARN --message-data 3B313038383439303031 --generation-attributes Algorithm=CMAC',
    output: GenerateMacOutput,
    resource: 'key',
  })
  generate(call: Call, @Body(GenerateMacInput) input: GenerateMacInput): Promise<GenerateMacOutput> {
    return this.generateMac.execute(call, input);
  }

  @DataPlaneOperation('mac/verify', {
    name: 'VerifyMac',
    summary: 'Verifies a message authentication code (MAC)',
    description:
      'Recomputes the MAC and compares it in constant time. A wrong MAC is answered with ' +
      'VerificationFailedException and the reason INVALID_MAC. A MAC shorter than the whole MAC is compared ' +
      'with its leftmost bytes; a TDES MAC is given whole or as its left half.',
    example:
      '--key-identifier $KEY_ARN --message-data 3B313038383439303031 --mac $MAC --verification-attributes Algorithm=CMAC',
    output: VerifyMacOutput,
    resource: 'key',
    verifies: true,
  })
  verify(call: Call, @Body(VerifyMacInput) input: VerifyMacInput): Promise<VerifyMacOutput> {
    return this.verifyMac.execute(call, input);
  }
}
