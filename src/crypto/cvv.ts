import { decimalize } from './decimalize.js';
import { CryptoError } from './errors.js';
import { requireDigits } from './fields.js';
import { requirePan } from './pan.js';
import { retailMac } from './retail-mac.js';

/** The service code that makes the value a CVV2 or CVC2, the one printed on the card. */
export const CVV2_SERVICE_CODE = '000';

/** The service code that makes the value an iCVV or Chip CVC, the one in the chip's track 2 equivalent data. */
export const ICVV_SERVICE_CODE = '999';

/**
 * Card verification value (Visa CVV, Mastercard CVC, JCB CAV): PAN, expiry date and service code under the CVK pair,
 * decimalized. The CAVV of 3-D Secure (version 7) is the same function, with the unpredictable number for the expiry
 * date and the authentication results for the service code.
 *
 * @param cvk              CVK A || CVK B, 16 bytes, parity ignored; stays the caller's to zeroize
 * @param card.pan         12 to 19 digits
 * @param card.expiry      4 digits, used as they are: YYMM or MMYY is the issuer's convention
 * @param card.serviceCode 3 digits
 * @param length           digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cvv(cvk: Buffer, card: { pan: string; expiry: string; serviceCode: string }, length = 3): string {
  requirePan(card.pan);
  requireDigits(card.expiry, 4, 'expiry date');
  requireDigits(card.serviceCode, 3, 'service code');
  return verificationValue(cvk, card.pan + card.expiry + card.serviceCode, length);
}

/**
 * What the CVV and the values derived from it have in common: the first 16 digits encrypted with key A, XORed with the
 * other 16, encrypted with A, decrypted with B and encrypted with A. That is the retail MAC of two blocks.
 *
 * @param key    16 bytes; stays the caller's to zeroize
 * @param digits hexadecimal digits, at most 32, followed by zeros up to that
 * @param length digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function verificationValue(key: Buffer, digits: string, length: number): string {
  if (key.length !== 16) throw new CryptoError('KEY_LENGTH', 'A card verification key must be 16 bytes');
  requireValueLength(length);
  return decimalize(retailMac(key, Buffer.from(digits.padEnd(32, '0'), 'hex'))).slice(0, length);
}

/**
 * How many digits of a card verification value to return.
 *
 * @throws CryptoError DATA_LENGTH
 */
export function requireValueLength(length: number): asserts length is 3 | 4 | 5 {
  if (length !== 3 && length !== 4 && length !== 5)
    throw new CryptoError('DATA_LENGTH', 'A card verification value must have 3, 4 or 5 digits');
}
