import { z } from 'zod';
import { hex, hexBytes, sensitive, union } from '../../../http/fields.js';
import {
  ApplicationCryptogram,
  ApplicationTransactionCounter,
  demoAlias,
  DukptDerivationType,
  DukptKeyVariant,
  KeyArn,
  KeyArnOrKeyAlias,
  KeyCheckValue,
  KeySerialNumber,
  MajorKeyDerivationMode,
  PanSequenceNumber,
  PrimaryAccountNumber,
} from '../../fields.js';

const MacAlgorithm = z.enum([
  'ISO9797_ALGORITHM1',
  'ISO9797_ALGORITHM3',
  'CMAC',
  'HMAC',
  'HMAC_SHA224',
  'HMAC_SHA256',
  'HMAC_SHA384',
  'HMAC_SHA512',
  'AS2805_4_1',
]);
export type MacAlgorithm = z.infer<typeof MacAlgorithm>;

const MacAlgorithmEmv = z
  .object({
    MajorKeyDerivationMode,
    PrimaryAccountNumber,
    PanSequenceNumber,
    SessionKeyDerivationMode: z.enum([
      'EMV_COMMON_SESSION_KEY',
      'EMV2000',
      'AMEX',
      'MASTERCARD_SESSION_KEY',
      'VISA',
      'UNION_PAY',
    ]),
    SessionKeyDerivationValue: union('SessionKeyDerivationValue', {
      ApplicationCryptogram,
      ApplicationTransactionCounter,
    }),
  })
  .meta({ id: 'MacAlgorithmEmv' });
export type MacAlgorithmEmv = z.infer<typeof MacAlgorithmEmv>;

const MacAlgorithmDukpt = z
  .object({ KeySerialNumber, DukptKeyVariant, DukptDerivationType: DukptDerivationType.optional() })
  .meta({ id: 'MacAlgorithmDukpt' });
export type MacAlgorithmDukpt = z.infer<typeof MacAlgorithmDukpt>;

const MacAttributes = union('MacAttributes', {
  Algorithm: MacAlgorithm,
  EmvMac: MacAlgorithmEmv,
  DukptIso9797Algorithm1: MacAlgorithmDukpt,
  DukptIso9797Algorithm3: MacAlgorithmDukpt,
  DukptCmac: MacAlgorithmDukpt,
});
export type MacAttributes = z.infer<typeof MacAttributes>;

const MessageData = sensitive(hexBytes(2, 8192));
const MacLength = z
  .int()
  .min(4)
  .max(32)
  .meta({ description: 'Length in bytes; the MAC is truncated to its leftmost bytes.' });

export const GenerateMacInput = z
  .object({
    KeyIdentifier: KeyArnOrKeyAlias,
    MessageData,
    GenerationAttributes: MacAttributes,
    MacLength: MacLength.optional(),
  })
  .meta({
    id: 'GenerateMacInput',
    examples: [
      {
        KeyIdentifier: demoAlias('mac'),
        MessageData: '3B313038383439303031',
        GenerationAttributes: { Algorithm: 'CMAC' },
      },
    ],
  });
export type GenerateMacInput = z.infer<typeof GenerateMacInput>;

export const GenerateMacOutput = z
  .object({ KeyArn, KeyCheckValue, Mac: sensitive(hex(4, 128)) })
  .meta({ id: 'GenerateMacOutput' });
export type GenerateMacOutput = z.infer<typeof GenerateMacOutput>;

export const VerifyMacInput = z
  .object({
    KeyIdentifier: KeyArnOrKeyAlias,
    MessageData,
    Mac: sensitive(hexBytes(4, 128)),
    VerificationAttributes: MacAttributes,
    MacLength: MacLength.optional(),
  })
  .meta({
    id: 'VerifyMacInput',
    examples: [
      {
        KeyIdentifier: demoAlias('mac'),
        MessageData: '3B313038383439303031',
        Mac: '62A0ADEE970960677A1A5E6D6991423F',
        VerificationAttributes: { Algorithm: 'CMAC' },
      },
    ],
  });
export type VerifyMacInput = z.infer<typeof VerifyMacInput>;

export const VerifyMacOutput = z.object({ KeyArn, KeyCheckValue }).meta({ id: 'VerifyMacOutput' });
export type VerifyMacOutput = z.infer<typeof VerifyMacOutput>;
