import { CryptoError } from '../errors.js';
import type { SymmetricKey } from '../held-key.js';

/**
 * Checks that an issuer, ICC or session key is a double-length TDES key (EMV 4.4 Book 2 section B1.1).
 *
 * @throws CryptoError KEY_LENGTH
 */
export function requireEmvKey(key: SymmetricKey): void {
  if (key.length !== 16) throw new CryptoError('KEY_LENGTH', 'An EMV key must be 16 bytes');
}

/**
 * Passes a derived secret to one computation and zeroizes it afterwards:
 *
 *     lend(iccMasterKey(imk, card), (iccKey) => cvc3(iccKey, data))
 *
 * @param use a synchronous function
 * @returns the result of `use`, which must not be a view of the secret
 */
export function lend<T>(secret: Buffer, use: (secret: Buffer) => T): T {
  try {
    return use(secret);
  } finally {
    secret.fill(0);
  }
}
