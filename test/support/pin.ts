import type { KeyUsage } from '../../src/payment/keys/key-attributes.js';
import type { TestClock } from './service.js';
import { apiOf, type KeyOptions, type KnownKeys, useKnownKeys, useService } from './api.js';

/** Keys and input that the specs of PIN operations share. */

export const P0 = 'TR31_P0_PIN_ENCRYPTION_KEY';
export const V1 = 'TR31_V1_IBM3624_PIN_VERIFICATION_KEY';
export const V2 = 'TR31_V2_VISA_PIN_VERIFICATION_KEY';
export const B0 = 'TR31_B0_BASE_DERIVATION_KEY';
export const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';

export const PEK = '0123456789ABCDEFFEDCBA9876543210';
export const OTHER_PEK = '52839ECD0243FB26D3C1FE3243163283';
export const AES_PEK = '0E98318106D0B1865DEED075C22159A5';
export const PAN = '5555555551234567';

export const VISA = { PinVerificationKeyIndex: 1 };
/** The published example of IBM 3624, whose natural PIN is 8037 under PEK. */
export const IBM_3624 = {
  DecimalizationTable: '0123456789012345',
  PinValidationDataPadCharacter: 'F',
  PinValidationData: '5432101234567890',
};
export const AS2805 = { SystemTraceAuditNumber: '000438', TransactionAmount: '000000000328' };
export const TDES_KSN = 'FFFF9876543210E00001';
export const AES_KSN = '123456789012345600000001';

export const UNDECODABLE =
  'Pin block provided is invalid. Please check your input to ensure all field values are correct.';

export type Format = 0 | 1 | 3 | 4;

/** One side of a translation: a key and the format of its blocks. */
export interface Side {
  arn: string;
  format: Format | 'AS2805';
  pan?: string;
}

/** Returns the attributes of a format in TranslatePinData. */
export const framing = (format: Side['format'], pan?: string) =>
  format === 'AS2805'
    ? { As2805Format0: { PrimaryAccountNumber: pan } }
    : { [`IsoFormat${format}`]: format === 1 ? {} : { PrimaryAccountNumber: pan } };

/** Returns the input of TranslatePinData. */
export const translation = (block: string, from: Side, to: Side, more: object = {}): object => ({
  IncomingKeyIdentifier: from.arn,
  OutgoingKeyIdentifier: to.arn,
  IncomingTranslationAttributes: framing(from.format, from.pan),
  OutgoingTranslationAttributes: framing(to.format, to.pan),
  EncryptedPinBlock: block,
  ...more,
});

/** Starts a service, and returns the calls that the specs of PIN operations share. */
export function usePins(env: NodeJS.ProcessEnv = {}, clock?: TestClock) {
  const service = useService(env, clock);
  const keys: KnownKeys = useKnownKeys(service);
  const api = apiOf(service);
  return {
    service,
    keys,
    ...api,
    /** Imports a key with a known value on the first call for it. */
    async key(usage: KeyUsage, clear: string, cipher?: KeyOptions['cipher'], modes?: KeyOptions['modes']) {
      const { KeyArn, KeyCheckValue } = await keys.keyOf(usage, clear, { cipher, modes });
      return { arn: KeyArn, kcv: KeyCheckValue };
    },
    translate: (...args: Parameters<typeof translation>) => api.expectOk('pindata/translate', translation(...args)),
  };
}
