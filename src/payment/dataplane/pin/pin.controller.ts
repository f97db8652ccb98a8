import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { DataPlaneOperation } from '../../operation.js';
import { GeneratePinDataOperation } from './generate-pin-data.operation.js';
import {
  GeneratePinDataInput,
  GeneratePinDataOutput,
  TranslatePinDataInput,
  TranslatePinDataOutput,
  VerifyPinDataInput,
  VerifyPinDataOutput,
} from './pin.schema.js';
import { TranslatePinDataOperation } from './translate-pin-data.operation.js';
import { VerifyPinDataOperation } from './verify-pin-data.operation.js';

@OperationsController('pin')
export class PinController {
  constructor(
    private readonly generatePinData: GeneratePinDataOperation,
    private readonly verifyPinData: VerifyPinDataOperation,
    private readonly translatePinData: TranslatePinDataOperation,
  ) {}

  @DataPlaneOperation('pindata/generate', {
    name: 'GeneratePinData',
    summary: 'Generates a PIN, or the PVV or offset of a PIN',
    description:
      'The generation key has usage V2 for Visa, where the response contains a PIN verification value (PVV), ' +
      'or V1 for IBM 3624, where it contains an offset. The PIN is random (`VisaPin`, `Ibm3624RandomPin`), ' +
      'natural (`Ibm3624NaturalPin`, with an offset of zeros), derived from an offset ' +
      '(`Ibm3624PinFromOffset`), or taken from the PIN block in the request (`VisaPinVerificationValue`, ' +
      '`Ibm3624PinOffset`). A decimalization table must have at least 8 different digits, and none more than 4 times. ' +
      'The response contains the PIN in a PIN block under the encryption key, which has ' +
      'usage P0: TDES for ISO formats 0, 1 and 3, AES for format 4. A clear PIN is never returned.',
    example:
      '--generation-key-identifier $PVK_ARN --encryption-key-identifier $PEK_ARN ' +
      '--primary-account-number 4000001234567899 --pin-block-format ISO_FORMAT_0 ' +
      '--generation-attributes VisaPin={PinVerificationKeyIndex=1}',
    output: GeneratePinDataOutput,
    resource: 'key',
  })
  generate(call: Call, @Body(GeneratePinDataInput) input: GeneratePinDataInput): Promise<GeneratePinDataOutput> {
    return this.generatePinData.execute(call, input);
  }

  @DataPlaneOperation('pindata/verify', {
    name: 'VerifyPinData',
    summary: 'Verifies a PIN',
    description:
      'Verifies the PIN in an encrypted PIN block against a PVV (verification key of usage V2) or an IBM 3624 ' +
      'offset (V1), in constant time. The block is encrypted under a key of usage P0, or with ' +
      '`DukptAttributes` under the key of one transaction, derived from a base derivation key (B0). A wrong ' +
      'PIN, or a PIN whose length is not `PinDataLength`, is answered with VerificationFailedException and the ' +
      'reason INVALID_PIN; a block that contains no PIN with ValidationException. If the operator limits failed ' +
      'verifications, further ones with the same key or account number are answered with ThrottlingException.',
    example:
      '--verification-key-identifier $PVK_ARN --encryption-key-identifier $PEK_ARN ' +
      '--primary-account-number 4000001234567899 --pin-block-format ISO_FORMAT_0 --encrypted-pin-block $PIN_BLOCK ' +
      '--verification-attributes "VisaPin={PinVerificationKeyIndex=1,VerificationValue=$PVV}"',
    output: VerifyPinDataOutput,
    resource: 'key',
    verifies: true,
  })
  verify(call: Call, @Body(VerifyPinDataInput) input: VerifyPinDataInput): Promise<VerifyPinDataOutput> {
    return this.verifyPinData.execute(call, input);
  }

  @DataPlaneOperation('pindata/translate', {
    name: 'TranslatePinData',
    summary: 'Translates an encrypted PIN block to another key or format',
    description:
      'Each key has usage P0, or with DUKPT attributes is a base derivation key (B0): TDES for ISO formats 0, ' +
      '1 and 3, AES for format 4. As ISO 9564-1 requires, a block that is bound to a PAN (formats 0, 3 and 4) ' +
      'is not translated to format 1, and its PAN can’t change. An incoming AS 2805 block is encrypted under a ' +
      'key derived with `IncomingAs2805Attributes`; an outgoing one is the same as ISO format 0.',
    example:
      '--incoming-key-identifier $PEK_ARN --outgoing-key-identifier $OTHER_PEK_ARN --encrypted-pin-block $PIN_BLOCK ' +
      '--incoming-translation-attributes IsoFormat0={PrimaryAccountNumber=4000001234567899} ' +
      '--outgoing-translation-attributes IsoFormat3={PrimaryAccountNumber=4000001234567899}',
    output: TranslatePinDataOutput,
    resource: 'key',
  })
  translate(call: Call, @Body(TranslatePinDataInput) input: TranslatePinDataInput): Promise<TranslatePinDataOutput> {
    return this.translatePinData.execute(call, input);
  }
}
