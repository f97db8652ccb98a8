import { CryptoError } from './errors.js';

/** A PAN (ISO/IEC 7812-1) as the payment networks use it: 12 to 19 digits with the check digit. @throws CryptoError PAN */
export function requirePan(pan: string): void {
  if (!/^[0-9]{12,19}$/.test(pan)) throw new CryptoError('PAN', 'A PAN has 12 to 19 digits');
}
