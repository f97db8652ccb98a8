import { CryptoError } from './errors.js';

/**
 * Checks that a PAN (ISO/IEC 7812-1) has the 12 to 19 digits, check digit included, that payment networks use.
 *
 * @throws CryptoError PAN
 */
export function requirePan(pan: string): void {
  if (!/^[0-9]{12,19}$/.test(pan)) throw new CryptoError('PAN', 'A PAN has 12 to 19 digits');
}
