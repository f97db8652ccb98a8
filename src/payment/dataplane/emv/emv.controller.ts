import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
import { DataPlaneOperation } from '../../operation.js';
import {
  GenerateAuthRequestCryptogramInput,
  GenerateAuthRequestCryptogramOutput,
  VerifyAuthRequestCryptogramInput,
  VerifyAuthRequestCryptogramOutput,
} from './auth-request-cryptogram.schema.js';
import { GenerateAuthRequestCryptogramOperation } from './generate-auth-request-cryptogram.operation.js';
import { GenerateMacEmvPinChangeOperation } from './generate-mac-emv-pin-change.operation.js';
import { GenerateMacEmvPinChangeInput, GenerateMacEmvPinChangeOutput } from './pin-change.schema.js';
import { VerifyAuthRequestCryptogramOperation } from './verify-auth-request-cryptogram.operation.js';

@OperationsController('emv')
export class EmvController {
  constructor(
    private readonly generateAuthRequestCryptogram: GenerateAuthRequestCryptogramOperation,
    private readonly verifyAuthRequestCryptogram: VerifyAuthRequestCryptogramOperation,
    private readonly generateMacEmvPinChange: GenerateMacEmvPinChangeOperation,
  ) {}

  @DataPlaneOperation('cryptogram/generate', {
    name: 'GenerateAuthRequestCryptogram',
    summary: 'Computes the ARQC of a card',
    description:
      'What a chip card computes to have a transaction authorized; for tests of what verifies it. The session key is ' +
      'derived from an issuer master key for cryptograms (E0, TDES_2KEY) by the card and the transaction, as the scheme ' +
      'does it. `TransactionData` are the data as the card concatenates them, with the padding of the scheme: only zeros ' +
      'up to a multiple of 8 bytes are added.',
    example:
      '--key-identifier $KEY_ARN --transaction-data ' +
      '00000000170000000000000008400080008000084016051700000000093800000B03011203000000 ' +
      '--major-key-derivation-mode EMV_OPTION_A --session-key-derivation-attributes ' +
      'Visa={PrimaryAccountNumber=9137631040001422,PanSequenceNumber=01}',
    output: GenerateAuthRequestCryptogramOutput,
    resource: 'key',
  })
  generateCryptogram(
    @Req() { call }: SignedRequest,
    @Body(GenerateAuthRequestCryptogramInput) input: GenerateAuthRequestCryptogramInput,
  ): Promise<GenerateAuthRequestCryptogramOutput> {
    return this.generateAuthRequestCryptogram.execute(call, input);
  }

  @DataPlaneOperation('cryptogram/verify', {
    name: 'VerifyAuthRequestCryptogram',
    summary: "Checks a card's ARQC and answers it with an ARPC",
    description:
      'Computes the ARQC again and compares it in constant time. A wrong one answers VerificationFailedException with the ' +
      'reason INVALID_AUTH_REQUEST_CRYPTOGRAM and has no ARPC. `AuthResponseAttributes` ask for the ARPC: method 1 over the ' +
      'response code, 8 bytes, or method 2 over the card status update, 4 bytes. Its key is the session key, but the key ' +
      'of the card with `Mastercard`, `Visa` and `Amex`.',
    example:
      '--key-identifier $KEY_ARN --transaction-data ' +
      '00000000170000000000000008400080008000084016051700000000093800000B03011203000000 ' +
      '--auth-request-cryptogram D791093C8A921769 --major-key-derivation-mode EMV_OPTION_A ' +
      '--session-key-derivation-attributes Visa={PrimaryAccountNumber=9137631040001422,PanSequenceNumber=01} ' +
      '--auth-response-attributes ArpcMethod1={AuthResponseCode=3030}',
    output: VerifyAuthRequestCryptogramOutput,
    resource: 'key',
    verifies: true,
  })
  verifyCryptogram(
    @Req() { call }: SignedRequest,
    @Body(VerifyAuthRequestCryptogramInput) input: VerifyAuthRequestCryptogramInput,
  ): Promise<VerifyAuthRequestCryptogramOutput> {
    return this.verifyAuthRequestCryptogram.execute(call, input);
  }

  @DataPlaneOperation('macemvpinchange/generate', {
    name: 'GenerateMacEmvPinChange',
    summary: 'Makes the issuer script that changes the offline PIN of a card',
    description:
      'Takes the new PIN from its encrypted PIN block, makes of it the PIN block of the scheme (ISO format 2, that of VIS for ' +
      '`Visa` and `Amex`), enciphers it under the session key for confidentiality (E1), and computes the MAC over ' +
      '`MessageData` and the result under the session key for integrity (E2), 8 bytes. `MessageData` are the command header ' +
      'and what the scheme puts before the PIN block; padding is added here.',
    example:
      '--new-pin-pek-identifier $PEK_ARN --new-encrypted-pin-block 67FB27C75580EFE7 --pin-block-format ISO_FORMAT_0 ' +
      '--secure-messaging-integrity-key-identifier $SMI_ARN ' +
      '--secure-messaging-confidentiality-key-identifier $SMC_ARN --message-data 8424000210001C24CCF3DEE3158C70 ' +
      '--derivation-method-attributes Mastercard={MajorKeyDerivationMode=EMV_OPTION_A,' +
      'PrimaryAccountNumber=1234567890123456,PanSequenceNumber=00,ApplicationCryptogram=24CCF3DEE3158C70}',
    output: GenerateMacEmvPinChangeOutput,
    resource: 'key',
  })
  generatePinChange(
    @Req() { call }: SignedRequest,
    @Body(GenerateMacEmvPinChangeInput) input: GenerateMacEmvPinChangeInput,
  ): Promise<GenerateMacEmvPinChangeOutput> {
    return this.generateMacEmvPinChange.execute(call, input);
  }
}
