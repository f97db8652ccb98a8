import { CVV2_SERVICE_CODE, cvv, ICVV_SERVICE_CODE } from '../crypto/cvv.js';

/** Service codes that magnetic stripes have most often, besides those of CVV2 and iCVV. */
const SERVICE_CODES = [CVV2_SERVICE_CODE, '101', '201', ICVV_SERVICE_CODE];

/** A way to compute a card verification value. */
export interface CardValueWay {
  /** 4 digits, as they are encrypted. */
  readonly expiry: string;
  readonly serviceCode: string;
}

/**
 * Finds the dates and service codes that give a card verification value: the date in both orders, with the usual service codes.
 *
 * @param cvk   16 bytes; the caller zeroizes it
 * @param card  `pan` 12 to 19 digits; `expiry` 4 digits; `serviceCode` 3 digits, tried first
 * @param value 3 to 5 digits
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cardValueWays(
  cvk: Buffer,
  card: { pan: string; expiry: string; serviceCode?: string },
  value: string,
): CardValueWay[] {
  const { pan, expiry, serviceCode } = card;
  const expiries = [...new Set([expiry, expiry.slice(2) + expiry.slice(0, 2)])];
  const codes = [...new Set([...(serviceCode === undefined ? [] : [serviceCode]), ...SERVICE_CODES])];
  return expiries
    .flatMap((date) => codes.map((code) => ({ expiry: date, serviceCode: code })))
    .filter((way) => cvv(cvk, { pan, ...way }, value.length) === value);
}
