import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
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
    summary: 'Makes a PIN, or what a PIN is checked against',
    description:
      'The generation key is of usage V2 for Visa, where the answer is a PIN verification value (PVV), and V1 for ' +
      'IBM 3624, where it is an offset. The PIN is random (`VisaPin`, `Ibm3624RandomPin`), natural ' +
      '(`Ibm3624NaturalPin`, its offset is zeros), that of an offset (`Ibm3624PinFromOffset`) or in the PIN block of ' +
      'the call (`VisaPinVerificationValue`, `Ibm3624PinOffset`). It is answered in a PIN block under the encryption ' +
      'key, of usage P0: TDES for ISO formats 0, 1 and 3, AES for format 4. A PIN in the clear is answered nowhere.',
    example:
      '--generation-key-identifier $PVK_ARN --encryption-key-identifier $PEK_ARN ' +
      '--primary-account-number 4000001234567899 --pin-block-format ISO_FORMAT_0 ' +
      '--generation-attributes VisaPin={PinVerificationKeyIndex=1}',
    output: GeneratePinDataOutput,
    resource: 'key',
  })
  generate(
    @Req() { call }: SignedRequest,
    @Body(GeneratePinDataInput) input: GeneratePinDataInput,
  ): Promise<GeneratePinDataOutput> {
    return this.generatePinData.execute(call, input);
  }

  @DataPlaneOperation('pindata/verify', {
    name: 'VerifyPinData',
    summary: 'Checks a PIN',
    description:
      'The PIN of an encrypted PIN block is checked against a PVV (verification key of usage V2) or an IBM 3624 offset ' +
      '(V1), in constant time. The block is under a key of usage P0, or with `DukptAttributes` under the key of one ' +
      'transaction, derived from a base derivation key (B0). A wrong PIN, or one that has not `PinDataLength` digits, ' +
      'answers VerificationFailedException with the reason INVALID_PIN; a block that holds no PIN ValidationException.',
    example:
      '--verification-key-identifier $PVK_ARN --encryption-key-identifier $PEK_ARN ' +
      '--primary-account-number 4000001234567899 --pin-block-format ISO_FORMAT_0 --encrypted-pin-block $PIN_BLOCK ' +
      '--verification-attributes VisaPin={PinVerificationKeyIndex=1,VerificationValue=$PVV}',
    output: VerifyPinDataOutput,
    resource: 'key',
    verifies: true,
  })
  verify(
    @Req() { call }: SignedRequest,
    @Body(VerifyPinDataInput) input: VerifyPinDataInput,
  ): Promise<VerifyPinDataOutput> {
    return this.verifyPinData.execute(call, input);
  }

  @DataPlaneOperation('pindata/translate', {
    name: 'TranslatePinData',
    summary: 'Puts an encrypted PIN block under another key, and into another format',
    description:
      'Either key is of usage P0, or with DUKPT attributes a base derivation key (B0): TDES for ISO formats 0, 1 and 3, ' +
      'AES for format 4. By ISO 9564-1 a block that is bound to a PAN (formats 0, 3, 4) is not translated to format 1, ' +
      'and its PAN stays the same. An incoming block of AS 2805 is under the key that `IncomingAs2805Attributes` ' +
      'derive; an outgoing one is as ISO format 0.',
    example:
      '--incoming-key-identifier $PEK_ARN --outgoing-key-identifier $OTHER_PEK_ARN --encrypted-pin-block $PIN_BLOCK ' +
      '--incoming-translation-attributes IsoFormat0={PrimaryAccountNumber=4000001234567899} ' +
      '--outgoing-translation-attributes IsoFormat3={PrimaryAccountNumber=4000001234567899}',
    output: TranslatePinDataOutput,
    resource: 'key',
  })
  translate(
    @Req() { call }: SignedRequest,
    @Body(TranslatePinDataInput) input: TranslatePinDataInput,
  ): Promise<TranslatePinDataOutput> {
    return this.translatePinData.execute(call, input);
  }
}
