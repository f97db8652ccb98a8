import { z } from 'zod';
import { digits, hex, hexBytes, sensitive, union } from '../../../http/fields.js';
import {
  DukptDerivationType,
  DukptKeyVariant,
  demoAlias,
  KeyArn,
  KeyArnOrKeyAlias,
  KeyCheckValue,
  KeySerialNumber,
  PrimaryAccountNumber,
  WrappedKey,
} from '../../fields.js';

const PinBlockFormat = z.enum(['ISO_FORMAT_0', 'ISO_FORMAT_1', 'ISO_FORMAT_3', 'ISO_FORMAT_4']);
const EncryptedPinBlock = sensitive(hex(16, 32)).meta({
  description: '16 hexadecimal digits; 32 for ISO format 4.',
});
const PinDataLength = z.int().min(4).max(12);

const PinVerificationKeyIndex = z.int().min(0).max(6);
const VerificationValue = sensitive(digits(4, 12));

const PinOffset = sensitive(digits(4, 12));
const ibm3624 = {
  DecimalizationTable: sensitive(digits(16, 16)),
  PinValidationDataPadCharacter: z
    .string()
    .min(1)
    .max(1)
    .regex(/^[0-9A-F]+$/, 'must be a hexadecimal digit, upper case'),
  PinValidationData: sensitive(digits(4, 16)),
};

const VisaPin = z.object({ PinVerificationKeyIndex }).meta({ id: 'VisaPin' });
const Ibm3624NaturalPin = z.object(ibm3624).meta({ id: 'Ibm3624NaturalPin' });

const PinGenerationAttributes = union('PinGenerationAttributes', {
  VisaPin,
  VisaPinVerificationValue: z
    .object({ EncryptedPinBlock, PinVerificationKeyIndex })
    .meta({ id: 'VisaPinVerificationValue' }),
  Ibm3624PinOffset: z.object({ EncryptedPinBlock, ...ibm3624 }).meta({ id: 'Ibm3624PinOffset' }),
  Ibm3624NaturalPin,
  Ibm3624RandomPin: z.object(ibm3624).meta({ id: 'Ibm3624RandomPin' }),
  Ibm3624PinFromOffset: z.object({ ...ibm3624, PinOffset }).meta({ id: 'Ibm3624PinFromOffset' }),
});
export type PinGenerationAttributes = z.infer<typeof PinGenerationAttributes>;
export type VisaPin = z.infer<typeof VisaPin>;
export type Ibm3624NaturalPin = z.infer<typeof Ibm3624NaturalPin>;

export const GeneratePinDataInput = z
  .object({
    GenerationKeyIdentifier: KeyArnOrKeyAlias,
    EncryptionKeyIdentifier: KeyArnOrKeyAlias,
    GenerationAttributes: PinGenerationAttributes,
    PinDataLength: PinDataLength.optional().meta({
      description: 'Number of digits of a random or natural PIN; 4 by default. Has no effect on other PINs.',
    }),
    PrimaryAccountNumber: PrimaryAccountNumber.optional(),
    PinBlockFormat,
    EncryptionWrappedKey: WrappedKey.optional(),
  })
  .meta({
    id: 'GeneratePinDataInput',
    examples: [
      {
        GenerationKeyIdentifier: demoAlias('pvk'),
        EncryptionKeyIdentifier: demoAlias('pek'),
        GenerationAttributes: { VisaPin: { PinVerificationKeyIndex: 1 } },
        PrimaryAccountNumber: '4000001234567899',
        PinBlockFormat: 'ISO_FORMAT_0',
      },
    ],
  });
export type GeneratePinDataInput = z.infer<typeof GeneratePinDataInput>;

export const GeneratePinDataOutput = z
  .object({
    GenerationKeyArn: KeyArn,
    GenerationKeyCheckValue: KeyCheckValue,
    EncryptionKeyArn: KeyArn,
    EncryptionKeyCheckValue: KeyCheckValue,
    EncryptedPinBlock,
    PinData: union('PinData', { PinOffset, VerificationValue }),
  })
  .meta({ id: 'GeneratePinDataOutput' });
export type GeneratePinDataOutput = z.infer<typeof GeneratePinDataOutput>;

const PinVerificationAttributes = union('PinVerificationAttributes', {
  VisaPin: z.object({ PinVerificationKeyIndex, VerificationValue }).meta({ id: 'VisaPinVerification' }),
  Ibm3624Pin: z.object({ ...ibm3624, PinOffset }).meta({ id: 'Ibm3624PinVerification' }),
});
export type PinVerificationAttributes = z.infer<typeof PinVerificationAttributes>;

export const VerifyPinDataInput = z
  .object({
    VerificationKeyIdentifier: KeyArnOrKeyAlias,
    EncryptionKeyIdentifier: KeyArnOrKeyAlias,
    VerificationAttributes: PinVerificationAttributes,
    EncryptedPinBlock,
    PrimaryAccountNumber: PrimaryAccountNumber.optional(),
    PinBlockFormat,
    PinDataLength: PinDataLength.optional().meta({ description: 'Number of digits that the PIN must have.' }),
    DukptAttributes: z.object({ KeySerialNumber, DukptDerivationType }).meta({ id: 'DukptAttributes' }).optional(),
    EncryptionWrappedKey: WrappedKey.optional(),
  })
  .meta({
    id: 'VerifyPinDataInput',
    examples: [
      {
        VerificationKeyIdentifier: demoAlias('pvk'),
        EncryptionKeyIdentifier: demoAlias('pek'),
        VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '6796' } },
        EncryptedPinBlock: '4D769348DBC41D5D',
        PrimaryAccountNumber: '4000001234567899',
        PinBlockFormat: 'ISO_FORMAT_0',
      },
    ],
  });
export type VerifyPinDataInput = z.infer<typeof VerifyPinDataInput>;

export const VerifyPinDataOutput = z
  .object({
    VerificationKeyArn: KeyArn,
    VerificationKeyCheckValue: KeyCheckValue,
    EncryptionKeyArn: KeyArn,
    EncryptionKeyCheckValue: KeyCheckValue,
  })
  .meta({ id: 'VerifyPinDataOutput' });
export type VerifyPinDataOutput = z.infer<typeof VerifyPinDataOutput>;

const TranslationPinDataIsoFormat034 = z
  .object({ PrimaryAccountNumber })
  .meta({ id: 'TranslationPinDataIsoFormat034' });

const TranslationIsoFormats = union('TranslationIsoFormats', {
  IsoFormat0: TranslationPinDataIsoFormat034,
  IsoFormat1: z.object({}).meta({ id: 'TranslationPinDataIsoFormat1' }),
  IsoFormat3: TranslationPinDataIsoFormat034,
  IsoFormat4: TranslationPinDataIsoFormat034,
  As2805Format0: z.object({ PrimaryAccountNumber }).meta({ id: 'TranslationPinDataAs2805Format0' }),
});
export type TranslationIsoFormats = z.infer<typeof TranslationIsoFormats>;

const DukptDerivationAttributes = z
  .object({
    KeySerialNumber,
    DukptKeyDerivationType: DukptDerivationType.optional(),
    DukptKeyVariant: DukptKeyVariant.optional().meta({
      description:
        'Has no effect: the PIN keys of both directions are the same. BIDIRECTIONAL needs an AES base derivation key.',
    }),
  })
  .meta({ id: 'DukptDerivationAttributes' });
export type DukptDerivationAttributes = z.infer<typeof DukptDerivationAttributes>;

const As2805PekDerivationAttributes = z
  .object({ SystemTraceAuditNumber: digits(6, 6), TransactionAmount: digits(12, 12) })
  .meta({ id: 'As2805PekDerivationAttributes' });

export const TranslatePinDataInput = z
  .object({
    IncomingKeyIdentifier: KeyArnOrKeyAlias,
    OutgoingKeyIdentifier: KeyArnOrKeyAlias,
    IncomingTranslationAttributes: TranslationIsoFormats,
    OutgoingTranslationAttributes: TranslationIsoFormats,
    EncryptedPinBlock: sensitive(hexBytes(16, 32)),
    IncomingDukptAttributes: DukptDerivationAttributes.optional(),
    OutgoingDukptAttributes: DukptDerivationAttributes.optional(),
    IncomingWrappedKey: WrappedKey.optional(),
    OutgoingWrappedKey: WrappedKey.optional(),
    IncomingAs2805Attributes: As2805PekDerivationAttributes.optional(),
  })
  .meta({
    id: 'TranslatePinDataInput',
    examples: [
      {
        IncomingKeyIdentifier: demoAlias('pek'),
        OutgoingKeyIdentifier: demoAlias('zpk'),
        IncomingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: '4000001234567899' } },
        OutgoingTranslationAttributes: { IsoFormat3: { PrimaryAccountNumber: '4000001234567899' } },
        EncryptedPinBlock: '4D769348DBC41D5D',
      },
    ],
  });
export type TranslatePinDataInput = z.infer<typeof TranslatePinDataInput>;

export const TranslatePinDataOutput = z
  .object({ PinBlock: EncryptedPinBlock, KeyArn, KeyCheckValue })
  .meta({ id: 'TranslatePinDataOutput' });
export type TranslatePinDataOutput = z.infer<typeof TranslatePinDataOutput>;
