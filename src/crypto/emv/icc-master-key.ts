import { createHash } from 'node:crypto';
import { decimalize } from '../decimalize.js';
import { tdes, withOddParity } from '../des.js';
import { CryptoError } from '../errors.js';
import { requireDigits } from '../fields.js';
import type { SymmetricKey } from '../held-key.js';
import { requirePan } from '../pan.js';
import { lend, requireEmvKey } from './key.js';

/** Key derivation options of EMV Book 2 Annex A1.4.1 and A1.4.2 by their API names. */
export type MajorKeyDerivation = 'EMV_OPTION_A' | 'EMV_OPTION_B';

/** The card that the key belongs to, and its derivation option. */
export interface Card {
  majorKeyDerivation: MajorKeyDerivation;
  /** 12 to 19 digits. */
  pan: string;
  /** PAN sequence number, 2 digits; 00 if the card has none. */
  psn: string;
}

/**
 * Derives an ICC master key (AWS and Visa: UDK) from an issuer master key: EMV 4.4 Book 2 Annex A1.4.
 *
 * The standard's option B falls back to option A for PANs of up to 16 digits. AWS rejects such PANs, and so does this
 * function: some implementations hash short PANs as well, and an issuer that means option A can request it.
 *
 * @param imk issuer master key, 16 bytes, parity ignored; the caller zeroizes it
 * @returns 16 bytes with odd parity; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS
 */
export function iccMasterKey(imk: SymmetricKey, card: Card): Buffer {
  requireEmvKey(imk);
  const y = Buffer.from(diversification(card), 'hex');
  using cipher = tdes(imk);
  // Z = TDES(IMK)[Y] || TDES(IMK)[Y xor FF..FF]
  return lend(cipher.encrypt(Buffer.concat([y, y.map((byte) => byte ^ 0xff)])), withOddParity);
}

/**
 * Returns Y, the digits from which the ICC master key of a card is derived: EMV 4.4 Book 2 Annex A1.4.
 *
 * @returns 16 decimal digits
 * @throws CryptoError PAN, DIGITS
 */
export function diversification({ majorKeyDerivation, pan, psn }: Card): string {
  requirePan(pan);
  requireDigits(psn, 2, 'PAN sequence number');
  return DIVERSIFICATION[majorKeyDerivation](pan, psn);
}

/** Y, the 16 digits that each option encrypts. */
const DIVERSIFICATION: Record<MajorKeyDerivation, (pan: string, psn: string) => string> = {
  EMV_OPTION_A: (pan, psn) => (pan + psn).slice(-16).padStart(16, '0'),
  EMV_OPTION_B: (pan, psn) => {
    if (pan.length <= 16)
      throw new CryptoError('PAN', 'PAN length is invalid for EMV major key derivation mode EMV_OPTION_B');
    const digits = pan + psn;
    const bcd = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
    return decimalize(createHash('sha1').update(bcd).digest()).slice(0, 16);
  },
};
