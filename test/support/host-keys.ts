import { withOddParity } from '../../src/crypto/des.js';
import { toHex } from '../../src/crypto/bytes.js';
import { VariantLmk } from '../../src/hostcommands/lmk/variant-lmk.js';
import { hex } from './vectors.js';

const LMK = VariantLmk.test();
/** Schemes of keys without a key block, by the length of the key in bytes. */
const SCHEMES = { 8: 'Z', 16: 'U', 24: 'T' } as const;

/**
 * Encrypts a TDES key under the public test LMK. Its parity is made odd, which changes nothing that it computes.
 *
 * @param type  of the key, e.g. `402`
 * @param clear in hexadecimal digits
 * @returns the field as hosts send it
 */
export function underTestLmk(type: string, clear: string): string {
  const key = withOddParity(hex(clear));
  const scheme = SCHEMES[key.length as keyof typeof SCHEMES];
  return `${scheme}${toHex(LMK.wrap(type, scheme, key))}`;
}

/** Returns bytes as the Latin-1 text in which `runCommand` takes and returns them. */
export function raw(digits: string): string {
  return hex(digits).toString('latin1');
}

/** Returns the four hexadecimal digits of a length. */
export function length4(length: number): string {
  return length.toString(16).toUpperCase().padStart(4, '0');
}
