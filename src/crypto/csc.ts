import { cbcMac } from './cbc-mac.js';
import { requireValueLength } from './cvv.js';
import { requireDigits } from './fields.js';
import type { SymmetricKey } from './held-key.js';
import { requirePan } from './pan.js';

interface AmexCard {
  /** 12 to 19 digits; an American Express PAN has 15. */
  pan: string;
  /** 4 digits, YYMM. */
  expiry: string;
}

/**
 * Computes an American Express card security code, version 1 (classic), from the expiry date and PAN under the CSCK.
 *
 * American Express does not publish the algorithm. This is the one that HSM simulators implement, and the only example
 * in circulation agrees with it. `block` and `decimalize` describe the steps.
 *
 * @param csck   TDES key, 16 or 24 bytes; the caller zeroizes it
 * @param length digits to return, 3 to 5: the three codes share no digits
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cscVersion1(csck: SymmetricKey, card: AmexCard, length = 3): string {
  return code(csck, block(card), length);
}

/**
 * Computes an American Express card security code, version 2 (enhanced): version 1 with the service code as further
 * input. Also computes the iCSC (service code 999 contact, 702 contactless) and the AEVV.
 *
 * No public source says how the service code enters the computation. Here it is a second block, padded with zeros and
 * chained to the first in CBC. No other issuer or acquirer is known to compute the same value.
 *
 * @param csck             TDES key, 16 or 24 bytes; the caller zeroizes it
 * @param card.serviceCode 3 digits
 * @param length           digits to return, 3 to 5: the three codes share no digits
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cscVersion2(csck: SymmetricKey, card: AmexCard & { serviceCode: string }, length = 3): string {
  requireDigits(card.serviceCode, 3, 'service code');
  return code(csck, block(card) + card.serviceCode.padEnd(16, '0'), length);
}

/** Expiry date, then digits 3 to 14 of the PAN; for PANs that begin with 34, the PAN digits come first. */
function block({ pan, expiry }: AmexCard): string {
  requirePan(pan);
  requireDigits(expiry, 4, 'expiry date');
  const account = pan.slice(2, 14).padEnd(12, '0');
  return pan.startsWith('34') ? account + expiry : expiry + account;
}

/** Start and end of each code within the 16 decimalized digits, by code length. */
const POSITIONS = { 5: [0, 5], 4: [5, 9], 3: [9, 12] } as const;

function code(csck: SymmetricKey, digits: string, length: number): string {
  requireValueLength(length);
  return decimalize(cbcMac(csck, Buffer.from(digits, 'hex'))).slice(...POSITIONS[length]);
}

/**
 * Decimalizes in two passes: first the decimal digits in order, then the letters in order. A letter A to F becomes 1 to
 * 6 if it is among the first five hexadecimal digits of the block, and 6, 7, 8, 9, 0, 1 if it comes later.
 */
function decimalize(block: Buffer): string {
  const hex = block.toString('hex');
  const firstPass = hex.replace(/[a-f]/g, '');
  const secondPass = Array.from(hex, (digit, i) =>
    digit < 'a' ? '' : ((parseInt(digit, 16) - 9 + (i < 5 ? 0 : 5)) % 10).toString(),
  );
  return firstPass + secondPass.join('');
}
