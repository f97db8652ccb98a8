import { CryptoError } from '../errors.js';

/**
 * Issuer, ICC and session keys are double-length TDES keys (EMV 4.4 Book 2 section B1.1).
 *
 * @throws CryptoError KEY_LENGTH
 */
export function requireEmvKey(key: Buffer): void {
  if (key.length !== 16) throw new CryptoError('KEY_LENGTH', 'An EMV key must be 16 bytes');
}

/**
 * Lends a derived secret to one computation and zeroizes it when that has ended:
 *
 *     lend(iccMasterKey(imk, card), (iccKey) => cvc3(iccKey, data))
 *
 * @param use synchronous
 * @returns what `use` returns, which must not be a view of the secret
 */
export function lend<T>(secret: Buffer, use: (secret: Buffer) => T): T {
  try {
    return use(secret);
  } finally {
    secret.fill(0);
  }
}
