import { tdes } from './des.js';
import { CryptoError } from './errors.js';
import type { SymmetricKey } from './held-key.js';
import { requirePin, requirePinLength } from './pin.js';

export interface Ibm3624Arguments {
  /** Account data, 4 to 16 digits. */
  validationData: string;
  /** Hexadecimal digit that pads the validation data on the right to 16 digits. */
  padCharacter: string;
  /** 16 decimal digits, the replacements for the hexadecimal digits 0 to F. */
  decimalizationTable: string;
}

/**
 * Limits for a decimalization table that isn't weak: the minimum number of different digits, and the maximum number of
 * occurrences of one digit.
 */
const LEAST_DIGITS = 8;
const MOST_OCCURRENCES = 4;

/**
 * Returns true if a decimalization table makes PINs easy to guess. Under a table of sixteen zeros the natural PIN is
 * 0000, and the offset is the PIN itself; tables that differ in one digit reveal where that digit is in a PIN (Bond and
 * Zieliński, Decimalisation table attacks for PIN cracking, 2003).
 *
 * @param table 16 decimal digits
 */
export function isWeakDecimalizationTable(table: string): boolean {
  const digits = new Set(table);
  const isRepeated = (digit: string) => table.split(digit).length - 1 > MOST_OCCURRENCES;
  return digits.size < LEAST_DIGITS || [...digits].some(isRepeated);
}

/** Returns the validation data with their padding: 16 hexadecimal digits. */
export function paddedValidationData({
  validationData,
  padCharacter,
}: Omit<Ibm3624Arguments, 'decimalizationTable'>): string {
  return validationData.padEnd(16, padCharacter).toUpperCase();
}

/**
 * Computes the natural PIN of the IBM 3624 method: encrypts the validation data with TDES and decimalizes the leftmost
 * digits.
 *
 * Accepts any decimalization table. The caller must reject tables that make PINs easy to guess, see
 * `isWeakDecimalizationTable`.
 *
 * @param pvk    PIN verification key, 16 or 24 bytes, parity ignored; the caller zeroizes it
 * @param length PIN length in digits, 4 to 12
 * @throws CryptoError KEY_LENGTH, PIN, DIGITS
 */
export function naturalPin(pvk: SymmetricKey, from: Ibm3624Arguments, length: number): string {
  const { validationData, padCharacter, decimalizationTable } = from;
  requirePinLength(length);
  if (!/^[0-9]{4,16}$/.test(validationData)) throw new CryptoError('DIGITS', 'PIN validation data has 4 to 16 digits');
  if (!/^[0-9A-Fa-f]$/.test(padCharacter))
    throw new CryptoError('DIGITS', 'The pad character of PIN validation data is one hexadecimal digit');
  if (!/^[0-9]{16}$/.test(decimalizationTable)) throw new CryptoError('DIGITS', 'A decimalization table has 16 digits');

  using cipher = tdes(pvk);
  const encrypted = cipher.encrypt(Buffer.from(paddedValidationData(from), 'hex'));
  const intermediate = encrypted.toString('hex').slice(0, length);
  encrypted.fill(0);
  return Array.from(intermediate, (digit) => decimalizationTable.charAt(parseInt(digit, 16))).join('');
}

/**
 * Computes the offset of a chosen or random PIN: PIN minus natural PIN, digit by digit modulo 10.
 *
 * @param pvk as for `naturalPin`
 * @param pin 4 to 12 digits
 * @returns as many digits as the PIN
 * @throws CryptoError KEY_LENGTH, PIN, DIGITS
 */
export function pinOffset(pvk: SymmetricKey, from: Ibm3624Arguments, pin: string): string {
  requirePin(pin);
  const natural = naturalPin(pvk, from, pin.length);
  return Array.from(pin, (digit, i) => (Number(digit) + 10 - Number(natural.charAt(i))) % 10).join('');
}

/**
 * Computes the PIN from its offset: natural PIN plus offset, digit by digit modulo 10.
 *
 * @param pvk    as for `naturalPin`
 * @param offset 4 to 12 digits
 * @returns as many digits as the offset
 * @throws CryptoError KEY_LENGTH, DIGITS
 */
export function pinFromOffset(pvk: SymmetricKey, from: Ibm3624Arguments, offset: string): string {
  if (!/^[0-9]{4,12}$/.test(offset)) throw new CryptoError('DIGITS', 'A PIN offset has 4 to 12 digits');
  const natural = naturalPin(pvk, from, offset.length);
  return Array.from(offset, (digit, i) => (Number(natural.charAt(i)) + Number(digit)) % 10).join('');
}
