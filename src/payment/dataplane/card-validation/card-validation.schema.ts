import { z } from 'zod';
import { digits, hex, hexBytes, sensitive, union } from '../../../http/fields.js';
import {
  demoAlias,
  KeyArn,
  KeyArnOrKeyAlias,
  KeyCheckValue,
  PanSequenceNumber,
  PrimaryAccountNumber,
} from '../../fields.js';

const CardExpiryDate = sensitive(digits(4, 4));
const ServiceCode = sensitive(digits(3, 3));
const UnpredictableNumber = hex(2, 8).meta({ description: 'Padded with leading zeros to 8 digits.' });
const ApplicationTransactionCounter = hex(2, 4).meta({ description: 'Padded with leading zeros to 4 digits.' });
const ValidationData = sensitive(digits(3, 5));

const AmexCardSecurityCodeVersion1 = z.object({ CardExpiryDate }).meta({ id: 'AmexCardSecurityCodeVersion1' });
const AmexCardSecurityCodeVersion2 = z
  .object({ CardExpiryDate, ServiceCode })
  .meta({ id: 'AmexCardSecurityCodeVersion2' });
const CardVerificationValue1 = z.object({ CardExpiryDate, ServiceCode }).meta({ id: 'CardVerificationValue1' });
const CardVerificationValue2 = z.object({ CardExpiryDate }).meta({ id: 'CardVerificationValue2' });
const CardHolderVerificationValue = z
  .object({ UnpredictableNumber, PanSequenceNumber, ApplicationTransactionCounter })
  .meta({ id: 'CardHolderVerificationValue' });
const DynamicCardVerificationCode = z
  .object({
    UnpredictableNumber,
    PanSequenceNumber,
    ApplicationTransactionCounter,
    TrackData: sensitive(hexBytes(2, 160)),
  })
  .meta({ id: 'DynamicCardVerificationCode' });
const DynamicCardVerificationValue = z
  .object({ PanSequenceNumber, CardExpiryDate, ServiceCode, ApplicationTransactionCounter })
  .meta({ id: 'DynamicCardVerificationValue' });
const DiscoverDynamicCardVerificationCode = z
  .object({ CardExpiryDate, UnpredictableNumber, ApplicationTransactionCounter })
  .meta({ id: 'DiscoverDynamicCardVerificationCode' });

const generated = {
  AmexCardSecurityCodeVersion1,
  AmexCardSecurityCodeVersion2,
  CardVerificationValue1,
  CardVerificationValue2,
  CardHolderVerificationValue,
  DynamicCardVerificationCode,
  DynamicCardVerificationValue,
};
const CardGenerationAttributes = union('CardGenerationAttributes', generated);
const CardVerificationAttributes = union('CardVerificationAttributes', {
  ...generated,
  DiscoverDynamicCardVerificationCode,
});
export type CardVerificationAttributes = z.infer<typeof CardVerificationAttributes>;

export const GenerateCardValidationDataInput = z
  .object({
    KeyIdentifier: KeyArnOrKeyAlias,
    PrimaryAccountNumber,
    GenerationAttributes: CardGenerationAttributes,
    ValidationDataLength: z.int().min(3).max(5).optional().meta({ description: 'Number of digits; 3 by default.' }),
  })
  .meta({
    id: 'GenerateCardValidationDataInput',
    examples: [
      {
        KeyIdentifier: demoAlias('cvk'),
        PrimaryAccountNumber: '4123456789012345',
        GenerationAttributes: { CardVerificationValue2: { CardExpiryDate: '0225' } },
      },
    ],
  });
export type GenerateCardValidationDataInput = z.infer<typeof GenerateCardValidationDataInput>;

export const GenerateCardValidationDataOutput = z
  .object({ KeyArn, KeyCheckValue, ValidationData })
  .meta({ id: 'GenerateCardValidationDataOutput' });
export type GenerateCardValidationDataOutput = z.infer<typeof GenerateCardValidationDataOutput>;

export const VerifyCardValidationDataInput = z
  .object({
    KeyIdentifier: KeyArnOrKeyAlias,
    PrimaryAccountNumber,
    VerificationAttributes: CardVerificationAttributes,
    ValidationData,
  })
  .meta({
    id: 'VerifyCardValidationDataInput',
    examples: [
      {
        KeyIdentifier: demoAlias('cvk'),
        PrimaryAccountNumber: '4123456789012345',
        VerificationAttributes: { CardVerificationValue2: { CardExpiryDate: '0225' } },
        ValidationData: '126',
      },
    ],
  });
export type VerifyCardValidationDataInput = z.infer<typeof VerifyCardValidationDataInput>;

export const VerifyCardValidationDataOutput = z
  .object({ KeyArn, KeyCheckValue })
  .meta({ id: 'VerifyCardValidationDataOutput' });
export type VerifyCardValidationDataOutput = z.infer<typeof VerifyCardValidationDataOutput>;
