import { cbcMac } from './cbc-mac.js';
import { requireValueLength } from './cvv.js';
import { requireDigits } from './fields.js';
import { requirePan } from './pan.js';

interface AmexCard {
  /** 12 to 19 digits; an American Express PAN has 15. */
  pan: string;
  /** 4 digits, YYMM. */
  expiry: string;
}

/**
 * American Express card security code, version 1 (classic): expiry date and PAN under the CSCK.
 *
 * American Express doesn't publish the algorithm. This is what HSM simulators do, and the one example in circulation
 * agrees with it; see `block` and `decimalize` for the parts.
 *
 * @param csck   TDES key, 16 or 24 bytes; stays the caller's to zeroize
 * @param length digits to return, 3 to 5: the three codes have no digit in common
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cscVersion1(csck: Buffer, card: AmexCard, length = 3): string {
  return code(csck, block(card), length);
}

/**
 * American Express card security code, version 2 (enhanced): as version 1 with the service code, which also makes the
 * iCSC (999 contact, 702 contactless) and the AEVV.
 *
 * Nothing public says how the service code enters. Here it is a second block, filled up with zeros and chained to the
 * first in CBC: no other issuer or acquirer is known to compute the same value.
 *
 * @param csck             TDES key, 16 or 24 bytes; stays the caller's to zeroize
 * @param card.serviceCode 3 digits
 * @param length           digits to return, 3 to 5: the three codes have no digit in common
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cscVersion2(csck: Buffer, card: AmexCard & { serviceCode: string }, length = 3): string {
  requireDigits(card.serviceCode, 3, 'service code');
  return code(csck, block(card) + card.serviceCode.padEnd(16, '0'), length);
}

/** The expiry date and digits 3 to 14 of the PAN; PANs that begin with 34 come before the date. */
function block({ pan, expiry }: AmexCard): string {
  requirePan(pan);
  requireDigits(expiry, 4, 'expiry date');
  const account = pan.slice(2, 14).padEnd(12, '0');
  return pan.startsWith('34') ? account + expiry : expiry + account;
}

/** Where each code stands among the 12 digits of the result. */
const POSITIONS = { 5: [0, 5], 4: [5, 9], 3: [9, 12] } as const;

function code(csck: Buffer, digits: string, length: number): string {
  requireValueLength(length);
  return decimalize(cbcMac(csck, Buffer.from(digits, 'hex'))).slice(...POSITIONS[length]);
}

/**
 * The decimal digits in their order, then the letters in theirs: A to F are 1 to 6 among the first five digits of the
 * block and 6, 7, 8, 9, 0, 1 behind them.
 */
function decimalize(block: Buffer): string {
  const hex = block.toString('hex');
  const firstPass = hex.replace(/[a-f]/g, '');
  const secondPass = Array.from(hex, (digit, i) =>
    digit < 'a' ? '' : ((parseInt(digit, 16) - 9 + (i < 5 ? 0 : 5)) % 10).toString(),
  );
  return firstPass + secondPass.join('');
}
