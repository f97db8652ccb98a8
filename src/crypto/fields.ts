import { CryptoError } from './errors.js';

/**
 * Checks a field of decimal digits, such as an expiry date or a service code.
 *
 * @param name name of the field in the error message
 * @throws CryptoError DIGITS
 */
export function requireDigits(field: string, count: number, name: string): void {
  if (field.length !== count || !/^[0-9]*$/.test(field))
    throw new CryptoError('DIGITS', `The ${name} must be ${count} decimal digits`);
}

/**
 * Checks the number of MAC bytes to return.
 *
 * @param whole length of the full MAC in bytes
 * @throws CryptoError MAC_LENGTH
 */
export function requireMacLength(length: number, whole: number): void {
  if (!Number.isInteger(length) || length < 1 || length > whole)
    throw new CryptoError('MAC_LENGTH', `This MAC must have 1 to ${whole} bytes`);
}

/**
 * Checks a field of bytes, such as a transaction counter or a cryptogram.
 *
 * @param name name of the field in the error message
 * @returns the field, known to be present
 * @throws CryptoError DATA_LENGTH when it is absent or has a different length
 */
export function requireBytes(field: Buffer | undefined, count: number, name: string): Buffer {
  if (field?.length !== count) throw new CryptoError('DATA_LENGTH', `The ${name} must be ${count} bytes`);
  return field;
}
