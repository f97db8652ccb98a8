import { randomInt } from 'node:crypto';
import { CryptoError } from './errors.js';

/** Checks that a PIN has 4 to 12 digits (ISO 9564-1). @throws CryptoError PIN */
export function requirePin(pin: string): void {
  if (!/^[0-9]{4,12}$/.test(pin)) throw new CryptoError('PIN', 'A PIN has 4 to 12 digits');
}

/** Checks the length of a PIN. @throws CryptoError PIN */
export function requirePinLength(length: number): void {
  if (!Number.isInteger(length) || length < 4 || length > 12) throw new CryptoError('PIN', 'A PIN has 4 to 12 digits');
}

/**
 * Generates a random PIN. All 10^n PINs are equally likely, including weak ones (1234, 0000), since excluding some
 * would make the others more likely.
 *
 * @param length number of digits, 4 to 12
 * @throws CryptoError PIN
 */
export function randomPin(length: number): string {
  requirePinLength(length);
  return randomInt(10 ** length)
    .toString()
    .padStart(length, '0');
}
