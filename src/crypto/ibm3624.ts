import { tdes } from './des.js';
import { CryptoError } from './errors.js';
import { requirePin, requirePinLength } from './pin.js';

export interface Ibm3624Arguments {
  /** Data of the account, 4 to 16 digits. */
  validationData: string;
  /** A hexadecimal digit, which fills the validation data on the right to 16. */
  padCharacter: string;
  /** 16 digits: what the hexadecimal digits 0 to F become. */
  decimalizationTable: string;
}

/**
 * Natural PIN of the IBM 3624 method: the validation data encrypted with TDES, decimalized, its leftmost digits.
 *
 * Any table is taken. One with few distinct digits makes PINs easy to guess: whoever admits tables should refuse it.
 *
 * @param pvk    PIN verification key, 16 or 24 bytes, parity ignored; stays the caller's to zeroize
 * @param length digits of PIN, 4 to 12
 * @throws CryptoError KEY_LENGTH, PIN, DIGITS
 */
export function naturalPin(pvk: Buffer, from: Ibm3624Arguments, length: number): string {
  const { validationData, padCharacter, decimalizationTable } = from;
  requirePinLength(length);
  if (!/^[0-9]{4,16}$/.test(validationData)) throw new CryptoError('DIGITS', 'PIN validation data has 4 to 16 digits');
  if (!/^[0-9A-Fa-f]$/.test(padCharacter))
    throw new CryptoError('DIGITS', 'The pad character of PIN validation data is one hexadecimal digit');
  if (!/^[0-9]{16}$/.test(decimalizationTable)) throw new CryptoError('DIGITS', 'A decimalization table has 16 digits');

  using cipher = tdes(pvk);
  const encrypted = cipher.encrypt(Buffer.from(validationData.padEnd(16, padCharacter), 'hex'));
  const intermediate = encrypted.toString('hex').slice(0, length);
  encrypted.fill(0);
  return Array.from(intermediate, (digit) => decimalizationTable.charAt(parseInt(digit, 16))).join('');
}

/**
 * Offset of a PIN, chosen or random: PIN minus natural PIN, digit by digit modulo 10.
 *
 * @param pvk as for `naturalPin`
 * @param pin 4 to 12 digits
 * @returns as many digits as the PIN
 * @throws CryptoError KEY_LENGTH, PIN, DIGITS
 */
export function pinOffset(pvk: Buffer, from: Ibm3624Arguments, pin: string): string {
  requirePin(pin);
  const natural = naturalPin(pvk, from, pin.length);
  return Array.from(pin, (digit, i) => (Number(digit) + 10 - Number(natural.charAt(i))) % 10).join('');
}

/**
 * The PIN that belongs to an offset: natural PIN plus offset, digit by digit modulo 10.
 *
 * @param pvk    as for `naturalPin`
 * @param offset 4 to 12 digits
 * @returns as many digits as the offset
 * @throws CryptoError KEY_LENGTH, DIGITS
 */
export function pinFromOffset(pvk: Buffer, from: Ibm3624Arguments, offset: string): string {
  if (!/^[0-9]{4,12}$/.test(offset)) throw new CryptoError('DIGITS', 'A PIN offset has 4 to 12 digits');
  const natural = naturalPin(pvk, from, offset.length);
  return Array.from(offset, (digit, i) => (Number(natural.charAt(i)) + Number(digit)) % 10).join('');
}
