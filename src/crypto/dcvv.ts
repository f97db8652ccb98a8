import { toHex } from './bytes.js';
import { verificationValue } from './cvv.js';
import { requireBytes, requireDigits } from './fields.js';
import { requirePan } from './pan.js';

/**
 * Visa dynamic CVV (dCVV, cryptogram version 17): the CVV under the card's own key, with the application transaction
 * counter in the place of the first four digits of the PAN.
 *
 * Visa doesn't publish it; this is what jPOS and HSM manuals describe. Visa's counter has decimal digits only; others
 * are taken as they are.
 *
 * @param iccKey           the card's key, 16 bytes, from `iccMasterKey` with option A; stays the caller's to zeroize
 * @param card.pan         12 to 19 digits
 * @param card.expiry      4 digits, used as they are
 * @param card.serviceCode 3 digits
 * @param card.atc         application transaction counter, 2 bytes
 * @param length           digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function dcvv(
  iccKey: Buffer,
  card: { pan: string; expiry: string; serviceCode: string; atc: Buffer },
  length = 3,
): string {
  requireDigits(card.serviceCode, 3, 'service code');
  return verificationValue(iccKey, panWithCounter(card) + expiryOf(card) + card.serviceCode, length);
}

/**
 * Discover dynamic card verification code.
 *
 * Discover doesn't publish it. So that a value can be made and verified, it is `dcvv` with the unpredictable number in
 * the place of the service code: no other implementation is known to compute the same value.
 *
 * @param iccKey      16 bytes, from `iccMasterKey` with option A and sequence number 00; stays the caller's to zeroize
 * @param card.pan    12 to 19 digits
 * @param card.expiry 4 digits, used as they are
 * @param card.un     unpredictable number, 4 bytes
 * @param card.atc    application transaction counter, 2 bytes
 * @param length      digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function discoverDcvc(
  iccKey: Buffer,
  card: { pan: string; expiry: string; un: Buffer; atc: Buffer },
  length = 3,
): string {
  return verificationValue(iccKey, panWithCounter(card) + expiryOf(card) + numberOf(card), length);
}

/**
 * Cardholder verification value.
 *
 * Nothing public describes it. So that a value can be made and verified, it is the CVV under the card's own key with
 * the counter in the place of the expiry date and the unpredictable number in the place of the service code: no other
 * implementation is known to compute the same value.
 *
 * @param iccKey   16 bytes, from `iccMasterKey` with option A; stays the caller's to zeroize
 * @param card.pan 12 to 19 digits
 * @param card.un  unpredictable number, 4 bytes
 * @param card.atc application transaction counter, 2 bytes
 * @param length   digits to return, 3 to 5
 * @throws CryptoError KEY_LENGTH, PAN, DATA_LENGTH
 */
export function cardholderVerificationValue(
  iccKey: Buffer,
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
