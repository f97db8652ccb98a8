import { toHex } from '../crypto/bytes.js';
import { cscVersion1, cscVersion2 } from '../crypto/csc.js';
import { cvc3, ivcvc3 } from '../crypto/cvc3.js';
import { CVV2_SERVICE_CODE, cvv, ICVV_SERVICE_CODE } from '../crypto/cvv.js';
import { dcvv } from '../crypto/dcvv.js';
import { decimalize } from '../crypto/decimalize.js';
import { iccMasterKey } from '../crypto/emv/icc-master-key.js';
import { retailMac } from '../crypto/retail-mac.js';
import type { NamedDigits } from './fields.js';

/** The most common service codes on magnetic stripes, besides those of CVV2 and iCVV. */
const SERVICE_CODES = [CVV2_SERVICE_CODE, '101', '201', ICVV_SERVICE_CODE];

/** A variant of the computation of a card verification value. */
export interface CardValueWay {
  /** 4 digits, in the encrypted order. */
  readonly expiry: string;
  readonly serviceCode: string;
}

/** A card for card verification values. */
export interface CardOfValue {
  /** 12 to 19 digits. */
  readonly pan: string;
  /** 4 digits. */
  readonly expiry: string;
  /** 3 digits; a given code is tried first. */
  readonly serviceCode?: string | undefined;
}

/**
 * Computes the card verification values of a card for the date in both orders, with the usual service codes.
 *
 * @param cvk    16 bytes; the caller zeroizes it
 * @param length digits of each value, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cardValues(
  cvk: Buffer,
  { pan, expiry, serviceCode }: CardOfValue,
  length: number,
): (CardValueWay & { readonly value: string })[] {
  const expiries = [...new Set([expiry, expiry.slice(2) + expiry.slice(0, 2)])];
  const codes = [...new Set([...(serviceCode === undefined ? [] : [serviceCode]), ...SERVICE_CODES])];
  return expiries
    .flatMap((date) => codes.map((code) => ({ expiry: date, serviceCode: code })))
    .map((way) => ({ ...way, value: cvv(cvk, { pan, ...way }, length) }));
}

/**
 * Finds the dates and service codes that give a card verification value, among those of `cardValues`.
 *
 * @param value 3 to 5 digits
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cardValueWays(cvk: Buffer, card: CardOfValue, value: string): CardValueWay[] {
  return cardValues(cvk, card, value.length)
    .filter((way) => way.value === value)
    .map(({ expiry, serviceCode }) => ({ expiry, serviceCode }));
}

/** Steps of the computation of a value of decimal digits. */
export interface ValueSteps {
  /** The digits to encrypt. */
  readonly input: readonly NamedDigits[];
  /** 8 bytes. */
  readonly encrypted: Buffer;
  /** The decimal digits of `encrypted`, then its letters, each reduced by ten. */
  readonly decimalized: string;
}

/**
 * Shows how a card verification value is computed.
 *
 * @param cvk 16 bytes; the caller zeroizes it
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS
 */
export function cvvSteps(cvk: Buffer, card: { pan: string; expiry: string; serviceCode: string }): ValueSteps {
  cvv(cvk, card);
  return verificationSteps(cvk, [
    { name: 'PAN', digits: card.pan },
    { name: 'Expiry', digits: card.expiry },
    { name: 'Service code', digits: card.serviceCode },
  ]);
}

/**
 * Shows how a Visa dCVV is computed: the CVV under the card's key, with the counter in place of the first digits of the PAN.
 *
 * @param issuerKey 16 bytes; the caller zeroizes it
 * @param card.atc  2 bytes
 * @returns also the card's key, which is the caller's to zeroize, and the value of 3 digits
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function dcvvSteps(
  issuerKey: Buffer,
  card: { pan: string; psn: string; expiry: string; serviceCode: string; atc: Buffer },
): ValueSteps & { readonly iccKey: Buffer; readonly value: string } {
  const iccKey = iccMasterKey(issuerKey, { majorKeyDerivation: 'EMV_OPTION_A', ...card });
  const value = dcvv(iccKey, card);
  const steps = verificationSteps(iccKey, [
    { name: 'ATC', digits: toHex(card.atc) },
    { name: 'PAN from digit 5', digits: card.pan.slice(4) },
    { name: 'Expiry', digits: card.expiry },
    { name: 'Service code', digits: card.serviceCode },
  ]);
  return { ...steps, iccKey, value };
}

/**
 * Shows how a Mastercard CVC3 is computed.
 *
 * @param issuerKey 16 bytes; the caller zeroizes it
 * @param card.un   4 bytes
 * @param card.atc  2 bytes
 * @returns the card's key, which is the caller's to zeroize, IVCVC3 of 2 bytes and the 5 digits, of which the last are used
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cvc3Steps(
  issuerKey: Buffer,
  card: { pan: string; psn: string; trackData: Buffer; un: Buffer; atc: Buffer },
): { readonly iccKey: Buffer; readonly ivcvc3: Buffer; readonly digits: string } {
  const iccKey = iccMasterKey(issuerKey, { majorKeyDerivation: 'EMV_OPTION_A', ...card });
  return { iccKey, ivcvc3: ivcvc3(iccKey, card.trackData), digits: cvc3(iccKey, card, 5) };
}

/** An American Express card security code. */
export interface CardSecurityCode {
  readonly version: 1 | 2;
  /** Digits of the code. */
  readonly length: 3 | 4 | 5;
  readonly value: string;
}

/**
 * Computes all card security codes of an American Express card.
 *
 * @param csck             16 or 24 bytes; the caller zeroizes it
 * @param card.serviceCode 3 digits; without it only those of version 1
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS
 */
export function cardSecurityCodes(csck: Buffer, { pan, expiry, serviceCode }: CardOfValue): CardSecurityCode[] {
  const lengths = [5, 4, 3] as const;
  return [
    ...lengths.map((length) => ({ version: 1 as const, length, value: cscVersion1(csck, { pan, expiry }, length) })),
    ...(serviceCode === undefined
      ? []
      : lengths.map((length) => ({
          version: 2 as const,
          length,
          value: cscVersion2(csck, { pan, expiry, serviceCode }, length),
        }))),
  ];
}

/** The steps of `verificationValue`. */
function verificationSteps(key: Buffer, fields: readonly NamedDigits[]): ValueSteps {
  const digits = fields.map((field) => field.digits).join('');
  const encrypted = retailMac(key, Buffer.from(digits.padEnd(32, '0'), 'hex'));
  return {
    input: [...fields, { name: 'Zeros', digits: '0'.repeat(32 - digits.length) }],
    encrypted,
    decimalized: decimalize(encrypted),
  };
}
