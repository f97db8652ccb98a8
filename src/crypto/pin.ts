import { randomInt } from 'node:crypto';
import { CryptoError } from './errors.js';

/** A PIN of ISO 9564-1: 4 to 12 digits. @throws CryptoError PIN */
export function requirePin(pin: string): void {
  if (!/^[0-9]{4,12}$/.test(pin)) throw new CryptoError('PIN', 'A PIN has 4 to 12 digits');
}

/** The length of a PIN. @throws CryptoError PIN */
export function requirePinLength(length: number): void {
  if (!Number.isInteger(length) || length < 4 || length > 12) throw new CryptoError('PIN', 'A PIN has 4 to 12 digits');
}

/**
 * A random PIN: every one of the 10^n is equally likely, weak ones (1234, 0000) too, since leaving some out would make
 * the others more likely.
 *
 * @param length digits, 4 to 12
 * @throws CryptoError PIN
 */
export function randomPin(length: number): string {
  requirePinLength(length);
  return randomInt(10 ** length)
    .toString()
    .padStart(length, '0');
}
