import type { Kbpk } from '../../crypto/tr31/kbpk.js';
import { type DeriveKeyUsage, isTdes, type KeyAlgorithm } from '../keys/key-attributes.js';
import type { KeyRequirement } from '../keys/key-rules.js';

/** Usages that a key block protection key may have, whether stored or derived. */
export const KEY_BLOCK_PROTECTION_USAGES = [
  'TR31_K0_KEY_ENCRYPTION_KEY',
  'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
] as const satisfies DeriveKeyUsage[];

/** Returns the requirements for a stored key that wraps or unwraps key blocks. */
export function keyBlockProtection(mode: 'Wrap' | 'Unwrap'): KeyRequirement {
  return {
    usages: KEY_BLOCK_PROTECTION_USAGES,
    algorithms: ['TDES_2KEY', 'TDES_3KEY', 'AES_128', 'AES_192', 'AES_256'],
    modes: [mode],
  };
}

/** Returns the cipher of a key block protection key (KBPK). */
export function kbpkAlgorithm(algorithm: KeyAlgorithm): Kbpk['algorithm'] {
  return isTdes(algorithm) ? 'TDES' : 'AES';
}
