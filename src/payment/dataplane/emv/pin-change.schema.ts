import { z } from 'zod';
import { hex, hexBytes, sensitive, union } from '../../../http/fields.js';
import {
  ApplicationCryptogram,
  ApplicationTransactionCounter,
  demoAlias,
  KeyArn,
  KeyArnOrKeyAlias,
  KeyCheckValue,
  MajorKeyDerivationMode,
  PanSequenceNumber,
  PrimaryAccountNumber,
} from '../../fields.js';

const EncryptedPinBlock = sensitive(hex(16, 16));
const card = { MajorKeyDerivationMode, PrimaryAccountNumber, PanSequenceNumber };

const CurrentPinAttributes = z
  .object({ CurrentPinPekIdentifier: KeyArnOrKeyAlias, CurrentEncryptedPinBlock: EncryptedPinBlock })
  .meta({
    id: 'CurrentPinAttributes',
    description: 'Current PIN, if the card is to verify it. Its PIN block has the format of the new one.',
  });

const withVisPinBlock = {
  ...card,
  ApplicationTransactionCounter,
  AuthorizationRequestKeyIdentifier: KeyArnOrKeyAlias,
  CurrentPinAttributes: CurrentPinAttributes.optional(),
};
const EmvCommonAttributes = z
  .object({
    ...card,
    ApplicationCryptogram,
    Mode: z.enum(['ECB', 'CBC']),
    PinBlockPaddingType: z.enum(['NO_PADDING', 'ISO_IEC_7816_4']),
    PinBlockLengthPosition: z.enum(['NONE', 'FRONT_OF_PIN_BLOCK']),
  })
  .meta({ id: 'EmvCommonAttributes' });

const DerivationMethodAttributes = union('DerivationMethodAttributes', {
  EmvCommon: EmvCommonAttributes,
  Amex: z.object(withVisPinBlock).meta({ id: 'AmexAttributes' }),
  Visa: z.object(withVisPinBlock).meta({ id: 'VisaAttributes' }),
  Emv2000: z.object({ ...card, ApplicationTransactionCounter }).meta({ id: 'Emv2000Attributes' }),
  Mastercard: z.object({ ...card, ApplicationCryptogram }).meta({ id: 'MasterCardAttributes' }),
});
export type DerivationMethodAttributes = z.infer<typeof DerivationMethodAttributes>;

export const GenerateMacEmvPinChangeInput = z
  .object({
    NewPinPekIdentifier: KeyArnOrKeyAlias,
    NewEncryptedPinBlock: EncryptedPinBlock,
    PinBlockFormat: z.enum(['ISO_FORMAT_0', 'ISO_FORMAT_1', 'ISO_FORMAT_3']),
    SecureMessagingIntegrityKeyIdentifier: KeyArnOrKeyAlias,
    SecureMessagingConfidentialityKeyIdentifier: KeyArnOrKeyAlias,
    MessageData: sensitive(hexBytes(16, 1024)),
    DerivationMethodAttributes,
  })
  .meta({
    id: 'GenerateMacEmvPinChangeInput',
    examples: [
      {
        NewPinPekIdentifier: demoAlias('pek'),
        NewEncryptedPinBlock: '45A047747E55A1B5',
        PinBlockFormat: 'ISO_FORMAT_0',
        SecureMessagingIntegrityKeyIdentifier: demoAlias('integrity'),
        SecureMessagingConfidentialityKeyIdentifier: demoAlias('confidentiality'),
        MessageData: '8424000210001C24CCF3DEE3158C70',
        DerivationMethodAttributes: {
          Mastercard: {
            MajorKeyDerivationMode: 'EMV_OPTION_A',
            PrimaryAccountNumber: '1234567890123456',
            PanSequenceNumber: '00',
            ApplicationCryptogram: '24CCF3DEE3158C70',
          },
        },
      },
    ],
  });
export type GenerateMacEmvPinChangeInput = z.infer<typeof GenerateMacEmvPinChangeInput>;

const VisaAmexDerivationOutputs = z
  .object({
    AuthorizationRequestKeyArn: KeyArn,
    AuthorizationRequestKeyCheckValue: KeyCheckValue,
    CurrentPinPekArn: KeyArn.optional(),
    CurrentPinPekKeyCheckValue: KeyCheckValue.optional(),
  })
  .meta({ id: 'VisaAmexDerivationOutputs' });

export const GenerateMacEmvPinChangeOutput = z
  .object({
    NewPinPekArn: KeyArn,
    SecureMessagingIntegrityKeyArn: KeyArn,
    SecureMessagingConfidentialityKeyArn: KeyArn,
    Mac: sensitive(hex(8, 16)),
    EncryptedPinBlock: sensitive(hex(16, 32)),
    NewPinPekKeyCheckValue: KeyCheckValue,
    SecureMessagingIntegrityKeyCheckValue: KeyCheckValue,
    SecureMessagingConfidentialityKeyCheckValue: KeyCheckValue,
    VisaAmexDerivationOutputs: VisaAmexDerivationOutputs.optional(),
  })
  .meta({ id: 'GenerateMacEmvPinChangeOutput' });
export type GenerateMacEmvPinChangeOutput = z.infer<typeof GenerateMacEmvPinChangeOutput>;
