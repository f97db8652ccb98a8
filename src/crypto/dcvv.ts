import { toHex } from './bytes.js';
import { verificationValue } from './cvv.js';
import { requireBytes, requireDigits } from './fields.js';
import type { SymmetricKey } from './held-key.js';
import { requirePan } from './pan.js';

/**
 * Computes a Visa dynamic CVV (dCVV, cryptogram version 17): the CVV under the card's own key, with the application
 * transaction counter in place of the first four digits of the PAN.
 *
 * Visa does not publish the algorithm; this follows jPOS and HSM manuals. Visa's counter consists of decimal digits
 * only; other hexadecimal digits are used as they are.
 *
 * @param iccKey           the card's key, 16 bytes, from `iccMasterKey` with option A; the caller zeroizes it
 * @param card.pan         12 to 19 digits
 * @param card.expiry      4 digits, used as given
 * @param card.serviceCode 3 digits
 * @param card.atc         application transaction counter, 2 bytes
 * @param length           digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function dcvv(
  iccKey: SymmetricKey,
  card: { pan: string; expiry: string; serviceCode: string; atc: Buffer },
  length = 3,
): string {
  requireDigits(card.serviceCode, 3, 'service code');
  return verificationValue(iccKey, panWithCounter(card) + expiryOf(card) + card.serviceCode, length);
}

/**
 * Computes a Discover dynamic card verification code.
 *
 * Discover does not publish the algorithm. So that values can at least be generated and verified here, this function
 * computes `dcvv` with the unpredictable number in place of the service code. No other implementation is known to
 * compute the same value.
 *
 * @param iccKey      16 bytes, from `iccMasterKey` with option A and sequence number 00; the caller zeroizes it
 * @param card.pan    12 to 19 digits
 * @param card.expiry 4 digits, used as given
 * @param card.un     unpredictable number, 4 bytes
 * @param card.atc    application transaction counter, 2 bytes
 * @param length      digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function discoverDcvc(
  iccKey: SymmetricKey,
  card: { pan: string; expiry: string; un: Buffer; atc: Buffer },
  length = 3,
): string {
  return verificationValue(iccKey, panWithCounter(card) + expiryOf(card) + numberOf(card), length);
}

/**
 * Computes a cardholder verification value.
 *
 * No public source describes the algorithm. So that values can at least be generated and verified here, this function
 * computes the CVV under the card's own key, with the transaction counter in place of the expiry date and the
 * unpredictable number in place of the service code. No other implementation is known to compute the same value.
 *
 * @param iccKey   16 bytes, from `iccMasterKey` with option A; the caller zeroizes it
 * @param card.pan 12 to 19 digits
 * @param card.un  unpredictable number, 4 bytes
 * @param card.atc application transaction counter, 2 bytes
 * @param length   digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DATA_LENGTH
 */
export function cardholderVerificationValue(
  iccKey: SymmetricKey,
  card: { pan: string; un: Buffer; atc: Buffer },
  length = 3,
): string {
  requirePan(card.pan);
  return verificationValue(iccKey, card.pan + counterOf(card) + numberOf(card), length);
}

function panWithCounter({ pan, atc }: { pan: string; atc: Buffer }): string {
  requirePan(pan);
  return counterOf({ atc }) + pan.slice(4);
}

function expiryOf({ expiry }: { expiry: string }): string {
  requireDigits(expiry, 4, 'expiry date');
  return expiry;
}

function counterOf({ atc }: { atc: Buffer }): string {
  return toHex(requireBytes(atc, 2, 'application transaction counter'));
}

function numberOf({ un }: { un: Buffer }): string {
  return toHex(requireBytes(un, 4, 'unpredictable number'));
}
