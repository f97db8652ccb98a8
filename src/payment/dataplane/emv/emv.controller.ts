import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
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
    summary: 'Generates an authorization request cryptogram (ARQC)',
    description:
      'Computes the ARQC that a chip card sends to have a transaction authorized, e.g. to test the system that ' +
      'verifies it. The session key is derived from an issuer master key for application cryptograms (E0, ' +
      'TDES_2KEY) for the card and the transaction, as the scheme specifies. `TransactionData` is the data as ' +
      'the card concatenates it, including the padding of the scheme: only zeros up to a multiple of 8 bytes ' +
      'are added.',
    example:
      '--key-identifier $KEY_ARN --transaction-data ' +
      '00000000170000000000000008400080008000084016051700000000093800000B03011203000000 ' +
      '--major-key-derivation-mode EMV_OPTION_A --session-key-derivation-attributes ' +
      '"Visa={PrimaryAccountNumber=9137631040001422,PanSequenceNumber=01}"',
    output: GenerateAuthRequestCryptogramOutput,
    resource: 'key',
  })
  generateCryptogram(
    call: Call,
    @Body(GenerateAuthRequestCryptogramInput) input: GenerateAuthRequestCryptogramInput,
  ): Promise<GenerateAuthRequestCryptogramOutput> {
    return this.generateAuthRequestCryptogram.execute(call, input);
  }

  @DataPlaneOperation('cryptogram/verify', {
    name: 'VerifyAuthRequestCryptogram',
    summary: 'Verifies an ARQC and optionally generates an ARPC',
    description:
      'Recomputes the ARQC and compares it in constant time. A wrong ARQC is answered with ' +
      'VerificationFailedException and the reason INVALID_AUTH_REQUEST_CRYPTOGRAM, without an ARPC. ' +
      '`AuthResponseAttributes` request the ARPC: by method 1 over the response code, 8 bytes, or by method 2 ' +
      'over the card status update, 4 bytes. The ARPC is computed with the card key for `Mastercard`, `Visa` ' +
      'and `Amex`, and with the session key otherwise.',
    example:
      '--key-identifier $KEY_ARN --transaction-data ' +
      '00000000170000000000000008400080008000084016051700000000093800000B03011203000000 ' +
      '--auth-request-cryptogram D791093C8A921769 --major-key-derivation-mode EMV_OPTION_A ' +
      '--session-key-derivation-attributes "Visa={PrimaryAccountNumber=9137631040001422,PanSequenceNumber=01}" ' +
      '--auth-response-attributes ArpcMethod1={AuthResponseCode=3030}',
    output: VerifyAuthRequestCryptogramOutput,
    resource: 'key',
    verifies: true,
  })
  verifyCryptogram(
    call: Call,
    @Body(VerifyAuthRequestCryptogramInput) input: VerifyAuthRequestCryptogramInput,
  ): Promise<VerifyAuthRequestCryptogramOutput> {
    return this.verifyAuthRequestCryptogram.execute(call, input);
  }

  @DataPlaneOperation('macemvpinchange/generate', {
    name: 'GenerateMacEmvPinChange',
    summary: 'Generates an issuer script that changes the offline PIN of a card',
    description:
      'Decrypts the new PIN, formats it as a PIN block of the scheme (ISO format 2; the VIS format for `Visa` ' +
      'and `Amex`), encrypts the PIN block under the session key for confidentiality (E1), and computes an ' +
      '8-byte MAC over `MessageData` and the encrypted PIN block under the session key for integrity (E2). ' +
      '`MessageData` contains the command header and whatever the scheme puts before the PIN block; padding is ' +
      'added here.',
    example:
      '--new-pin-pek-identifier $PEK_ARN --new-encrypted-pin-block 67FB27C75580EFE7 --pin-block-format ISO_FORMAT_0 ' +
      '--secure-messaging-integrity-key-identifier $SMI_ARN ' +
      '--secure-messaging-confidentiality-key-identifier $SMC_ARN --message-data 8424000210001C24CCF3DEE3158C70 ' +
      '--derivation-method-attributes "Mastercard={MajorKeyDerivationMode=EMV_OPTION_A,' +
      'PrimaryAccountNumber=1234567890123456,PanSequenceNumber=00,ApplicationCryptogram=24CCF3DEE3158C70}"',
    output: GenerateMacEmvPinChangeOutput,
    resource: 'key',
  })
  generatePinChange(
    call: Call,
    @Body(GenerateMacEmvPinChangeInput) input: GenerateMacEmvPinChangeInput,
  ): Promise<GenerateMacEmvPinChangeOutput> {
    return this.generateMacEmvPinChange.execute(call, input);
  }
}
