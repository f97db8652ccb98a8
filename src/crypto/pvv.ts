import { decimalize } from './decimalize.js';
import { tdes } from './des.js';
import { CryptoError } from './errors.js';
import type { SymmetricKey } from './held-key.js';
import { requirePan } from './pan.js';
import { requirePin } from './pin.js';

/**
 * Computes a Visa PIN verification value (PVV) with TDES.
 *
 * The transformed security parameter, 11 PAN digits before the check digit || PVKI || first 4 PIN digits, is encrypted
 * under the PVK pair. The PVV is the first four decimal digits of the result. If the result has fewer, a second pass
 * takes its letters, each minus ten.
 *
 * @param pvk  PIN verification key, 16 or 24 bytes, parity ignored; the caller zeroizes it
 * @param from `pan` 12 to 19 digits; `pvki` PIN verification key index, 0 to 6; `pin` 4 to 12 digits, of which the
 *             first 4 are used
 * @returns 4 digits
 * @throws CryptoError KEY_LENGTH, PAN, PIN, DIGITS
 */
export function pvv(pvk: SymmetricKey, { pan, pvki, pin }: { pan: string; pvki: number; pin: string }): string {
  requirePan(pan);
  requirePin(pin);
  if (!Number.isInteger(pvki) || pvki < 0 || pvki > 6)
    throw new CryptoError('DIGITS', 'A PIN verification key index is 0 to 6');

  using cipher = tdes(pvk);
  const parameter = Buffer.from(`${pan.slice(-12, -1)}${pvki}${pin.slice(0, 4)}`, 'hex');
  const encrypted = cipher.encrypt(parameter);
  parameter.fill(0);
  return decimalize(encrypted).slice(0, 4);
}
