import { equal, toHex } from '../../src/crypto/bytes.js';
import { isStrong, withOddParity } from '../../src/crypto/des.js';
import { kcvCmac, kcvEcb } from '../../src/crypto/kcv.js';
import { CIPHERS } from '../../src/crypto/tr31/kbpk.js';
import { count } from '../words.js';
import type { Typed } from './hex.js';

const LENGTHS: Readonly<Record<number, string>> = {
  8: 'single DES',
  16: 'TDES 2-key or AES-128',
  24: 'TDES 3-key or AES-192',
  32: 'AES-256',
};
const NAMES: Readonly<Record<'TDES' | 'AES', Readonly<Record<number, string>>>> = {
  TDES: { 16: 'TDES 2-key', 24: 'TDES 3-key' },
  AES: { 16: 'AES-128', 24: 'AES-192', 32: 'AES-256' },
};

/**
 * Describes the entered key: its length, for the lengths of TDES its parity and weakness, and for one algorithm its
 * check value.
 *
 * @param algorithm the key's algorithm; without it, names both algorithms of that length and no check value
 */
export function keyWords(typed: Typed, whenEmpty: string, algorithm?: 'TDES' | 'AES'): string {
  if (typed === undefined) return whenEmpty;
  if ('fault' in typed) return typed.fault;
  const { bytes } = typed;
  const words = [];
  const name = (algorithm ? NAMES[algorithm] : LENGTHS)[bytes.length];
  if (algorithm === undefined || name === undefined) words.push(count(bytes.length, 'byte'));
  if (name !== undefined) words.push(name);
  if (algorithm !== 'AES' && (bytes.length === 8 || bytes.length === 16 || bytes.length === 24)) {
    words.push(equal(withOddParity(bytes), bytes) ? 'odd parity' : 'parity not odd');
    if (!isStrong(bytes)) words.push('weak as TDES: a part is weak or equal to another');
  }
  if (algorithm && name !== undefined) words.push(`check value ${checkValueOf(algorithm, bytes)}`);
  return `${words.join(', ')}.`;
}

/** The usual check value of a key for its algorithm: zeros in ECB for TDES, CMAC for AES. @returns 6 digits */
export function checkValueOf(algorithm: 'TDES' | 'AES', key: Buffer): string {
  using cipher = CIPHERS[algorithm](key);
  return toHex(algorithm === 'AES' ? kcvCmac(cipher) : kcvEcb(cipher));
}
