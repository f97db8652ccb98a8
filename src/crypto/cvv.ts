import { decimalize } from './decimalize.js';
import { CryptoError } from './errors.js';
import { requireDigits } from './fields.js';
import type { SymmetricKey } from './held-key.js';
import { requirePan } from './pan.js';
import { retailMac } from './retail-mac.js';

/** Service code of a CVV2 or CVC2, the value printed on the card. */
export const CVV2_SERVICE_CODE = '000';

/** Service code of an iCVV or Chip CVC, the value in the chip's track 2 equivalent data. */
export const ICVV_SERVICE_CODE = '999';

/**
 * Computes a card verification value (Visa CVV, Mastercard CVC, JCB CAV) from PAN, expiry date and service code under
 * the CVK pair. The 3-D Secure CAVV (version 7) is the same function with the unpredictable number in place of the
 * expiry date and the authentication results in place of the service code.
 *
 * @param cvk              CVK A || CVK B, 16 bytes, parity ignored; the caller zeroizes it
 * @param card.pan         12 to 19 digits
 * @param card.expiry      4 digits, used as given: the issuer chooses YYMM or MMYY
 * @param card.serviceCode 3 digits
 * @param length           digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cvv(cvk: SymmetricKey, card: { pan: string; expiry: string; serviceCode: string }, length = 3): string {
  requirePan(card.pan);
  requireDigits(card.expiry, 4, 'expiry date');
  requireDigits(card.serviceCode, 3, 'service code');
  return verificationValue(cvk, card.pan + card.expiry + card.serviceCode, length);
}

/**
 * Computes the core of the CVV and of the values derived from it: encrypts the first 16 digits with key A, XORs the
 * result with the other 16, encrypts with A, decrypts with B and encrypts with A, which is the retail MAC of two
 * blocks. Decimalizes the result.
 *
 * @param key    16 bytes; the caller zeroizes it
 * @param digits at most 32 hexadecimal digits, padded with zeros on the right to 32
 * @param length digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function verificationValue(key: SymmetricKey, digits: string, length: number): string {
  if (key.length !== 16) throw new CryptoError('KEY_LENGTH', 'A card verification key must be 16 bytes');
  requireValueLength(length);
  return decimalize(retailMac(key, Buffer.from(digits.padEnd(32, '0'), 'hex'))).slice(0, length);
}

/**
 * Checks the number of digits to return of a card verification value.
 *
 * @throws CryptoError DATA_LENGTH
 */
export function requireValueLength(length: number): asserts length is 3 | 4 | 5 {
  if (length !== 3 && length !== 4 && length !== 5)
    throw new CryptoError('DATA_LENGTH', 'A card verification value must have 3, 4 or 5 digits');
}
