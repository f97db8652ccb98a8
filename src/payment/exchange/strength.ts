import { equal } from '../../crypto/bytes.js';
import { withOddParity } from '../../crypto/des.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { KeyAlgorithm, SymmetricKeyAlgorithm } from '../keys/key-attributes.js';

/** Protection of a key in transit: a key-encryption key, an RSA key, or a key agreed on over an elliptic curve. */
export type Protection = { kek: KeyAlgorithm } | { rsaBits: number } | { curveBits: number };

const AES_128_UP: readonly KeyAlgorithm[] = ['AES_128', 'AES_192', 'AES_256'];
const AES_256_ONLY: readonly KeyAlgorithm[] = ['AES_256'];

/** Minimum protection of each algorithm's keys; without `rsaBits`, no RSA key is strong enough. */
const MINIMUM_PROTECTION: Record<
  SymmetricKeyAlgorithm,
  { keks: readonly KeyAlgorithm[]; rsaBits?: number; curveBits: number }
> = {
  TDES_2KEY: { keks: ['TDES_2KEY', 'TDES_3KEY', ...AES_128_UP], rsaBits: 2048, curveBits: 256 },
  TDES_3KEY: { keks: ['TDES_3KEY', ...AES_128_UP], rsaBits: 2048, curveBits: 256 },
  AES_128: { keks: AES_128_UP, rsaBits: 3072, curveBits: 256 },
  AES_192: { keks: ['AES_192', 'AES_256'], curveBits: 384 },
  AES_256: { keks: AES_256_ONLY, curveBits: 521 },
  HMAC_SHA224: { keks: AES_256_ONLY, curveBits: 256 },
  HMAC_SHA256: { keks: AES_256_ONLY, curveBits: 256 },
  HMAC_SHA384: { keks: AES_256_ONLY, curveBits: 256 },
  HMAC_SHA512: { keks: AES_256_ONLY, curveBits: 256 },
};

/**
 * Checks that a symmetric key is not imported or exported under a weaker key.
 *
 * @param algorithm algorithm of the wrapped key
 * @throws ValidationException whose message names sufficient protections
 */
export function checkStrength(algorithm: KeyAlgorithm, protection: Protection): void {
  const { keks, rsaBits, curveBits } = MINIMUM_PROTECTION[algorithm as SymmetricKeyAlgorithm];
  if ('kek' in protection && !keks.includes(protection.kek))
    throw tooWeak(algorithm, `a key of ${protection.kek}`, `use ${keks.join(', ')}`);
  if ('rsaBits' in protection && !(protection.rsaBits >= (rsaBits ?? Infinity)))
    throw tooWeak(
      algorithm,
      `an RSA key of ${protection.rsaBits} bits`,
      rsaBits === undefined ? 'use a key block under a symmetric key' : `use RSA with ${rsaBits} bits or more`,
    );
  if ('curveBits' in protection && protection.curveBits < curveBits)
    throw tooWeak(algorithm, `a key agreed on over P-${protection.curveBits}`, `use P-${curveBits} or larger`);
}

/**
 * Checks that a key is not wrapped under itself. Parity bits are ignored.
 *
 * @throws ValidationException
 */
export function requireOtherKey(key: Buffer, wrappingKey: Buffer): void {
  const [one, other] = [withOddParity(key), withOddParity(wrappingKey)];
  const isSame = equal(one, other);
  one.fill(0);
  other.fill(0);
  if (isSame) throw new ValidationException('A key may not be wrapped under itself: use another key to wrap it.');
}

function tooWeak(algorithm: KeyAlgorithm, protection: string, advice: string): ValidationException {
  return new ValidationException(`A key of ${algorithm} may not be wrapped under ${protection}: ${advice}.`);
}
