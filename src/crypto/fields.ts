import { CryptoError } from './errors.js';

/**
 * A field of decimal digits, such as an expiry date or a service code.
 *
 * @param name what the message calls it
 * @throws CryptoError DIGITS
 */
export function requireDigits(field: string, count: number, name: string): void {
  if (field.length !== count || !/^[0-9]*$/.test(field))
    throw new CryptoError('DIGITS', `The ${name} must be ${count} decimal digits`);
}

/**
 * How many bytes of a MAC to return.
 *
 * @param whole bytes that the algorithm makes
 * @throws CryptoError MAC_LENGTH
 */
export function requireMacLength(length: number, whole: number): void {
  if (!Number.isInteger(length) || length < 1 || length > whole)
    throw new CryptoError('MAC_LENGTH', `This MAC must have 1 to ${whole} bytes`);
}

/**
 * A field of bytes, such as a transaction counter or a cryptogram.
 *
 * @param name what the message calls it
 * @returns the field, which then is there
 * @throws CryptoError DATA_LENGTH where it is absent or has another length
 */
export function requireBytes(field: Buffer | undefined, count: number, name: string): Buffer {
  if (field?.length !== count) throw new CryptoError('DATA_LENGTH', `The ${name} must be ${count} bytes`);
  return field;
}
