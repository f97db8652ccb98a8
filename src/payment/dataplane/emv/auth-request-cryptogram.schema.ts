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

const card = { PrimaryAccountNumber, PanSequenceNumber };
const transaction = { ...card, ApplicationTransactionCounter };

const SessionKeyDerivation = union('SessionKeyDerivation', {
  EmvCommon: z.object(transaction).meta({ id: 'SessionKeyEmvCommon' }),
  Mastercard: z.object({ ...transaction, UnpredictableNumber: hex(8, 8) }).meta({ id: 'SessionKeyMastercard' }),
  Emv2000: z.object(transaction).meta({ id: 'SessionKeyEmv2000' }),
  Amex: z.object(card).meta({ id: 'SessionKeyAmex' }),
  Visa: z.object(card).meta({ id: 'SessionKeyVisa' }),
  UnionPay: z.object(transaction).meta({ id: 'SessionKeyUnionPay' }),
});
export type SessionKeyDerivation = z.infer<typeof SessionKeyDerivation>;

const CryptogramAuthResponse = union('CryptogramAuthResponse', {
  ArpcMethod1: z.object({ AuthResponseCode: hex(4, 4) }).meta({ id: 'CryptogramVerificationArpcMethod1' }),
  ArpcMethod2: z
    .object({
      CardStatusUpdate: hex(8, 8),
      ProprietaryAuthenticationData: sensitive(hexBytes(1, 16)).optional(),
    })
    .meta({ id: 'CryptogramVerificationArpcMethod2' }),
});
export type CryptogramAuthResponse = z.infer<typeof CryptogramAuthResponse>;

const TransactionData = sensitive(hexBytes(2, 1024));

const example = {
  KeyIdentifier: demoAlias('emv'),
  TransactionData: '00000000170000000000000008400080008000084016051700000000093800000B03011203000000',
  MajorKeyDerivationMode: 'EMV_OPTION_A' as const,
  SessionKeyDerivationAttributes: { Visa: { PrimaryAccountNumber: '9137631040001422', PanSequenceNumber: '01' } },
};

export const GenerateAuthRequestCryptogramInput = z
  .object({
    KeyIdentifier: KeyArnOrKeyAlias,
    TransactionData,
    MajorKeyDerivationMode,
    SessionKeyDerivationAttributes: SessionKeyDerivation,
  })
  .meta({ id: 'GenerateAuthRequestCryptogramInput', examples: [example] });
export type GenerateAuthRequestCryptogramInput = z.infer<typeof GenerateAuthRequestCryptogramInput>;

export const GenerateAuthRequestCryptogramOutput = z
  .object({ KeyArn, KeyCheckValue, AuthRequestCryptogram: ApplicationCryptogram })
  .meta({ id: 'GenerateAuthRequestCryptogramOutput' });
export type GenerateAuthRequestCryptogramOutput = z.infer<typeof GenerateAuthRequestCryptogramOutput>;

export const VerifyAuthRequestCryptogramInput = z
  .object({
    KeyIdentifier: KeyArnOrKeyAlias,
    TransactionData,
    AuthRequestCryptogram: ApplicationCryptogram,
    MajorKeyDerivationMode,
    SessionKeyDerivationAttributes: SessionKeyDerivation,
    AuthResponseAttributes: CryptogramAuthResponse.optional(),
  })
  .meta({
    id: 'VerifyAuthRequestCryptogramInput',
    examples: [
      {
        ...example,
        AuthRequestCryptogram: '792DD58DA793495C',
        AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '3030' } },
      },
    ],
  });
export type VerifyAuthRequestCryptogramInput = z.infer<typeof VerifyAuthRequestCryptogramInput>;

export const VerifyAuthRequestCryptogramOutput = z
  .object({ KeyArn, KeyCheckValue, AuthResponseValue: sensitive(hex(1, 16)).optional() })
  .meta({ id: 'VerifyAuthRequestCryptogramOutput' });
export type VerifyAuthRequestCryptogramOutput = z.infer<typeof VerifyAuthRequestCryptogramOutput>;
