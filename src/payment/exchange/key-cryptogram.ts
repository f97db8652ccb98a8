import type { RsaPadding } from '../../crypto/rsa.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { KeyAlgorithm } from '../keys/key-attributes.js';

/** RSAES-OAEP variants by WrappingSpec. */
export const OAEP = {
  RSA_OAEP_SHA_256: 'OAEP_SHA256',
  RSA_OAEP_SHA_512: 'OAEP_SHA512',
} as const satisfies Record<string, RsaPadding>;

const KEY_BYTES: Partial<Record<KeyAlgorithm, number>> = { TDES_2KEY: 16, TDES_3KEY: 24, AES_128: 16 };

/**
 * Returns the length in bytes of a key that may be encrypted with RSA without a key block.
 *
 * @throws ValidationException for an algorithm whose keys require a key block
 */
export function cryptogramKeyBytes(algorithm: KeyAlgorithm): number {
  const keyBytes = KEY_BYTES[algorithm];
  if (keyBytes === undefined)
    throw new ValidationException(
      `A key of ${algorithm} may not be in an RSA cryptogram: use ${Object.keys(KEY_BYTES).join(', ')}, or a key block.`,
    );
  return keyBytes;
}
