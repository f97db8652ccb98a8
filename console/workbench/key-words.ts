import { equal } from '../../src/crypto/bytes.js';
import { isStrong, withOddParity } from '../../src/crypto/des.js';
import { count } from '../words.js';
import type { Typed } from './hex.js';

const LENGTHS: Readonly<Record<number, string>> = {
  8: 'single DES',
  16: 'TDES 2-key or AES-128',
  24: 'TDES 3-key or AES-192',
  32: 'AES-256',
};

/** Describes what is typed as a key: its length, and for the lengths of TDES its parity and weakness. */
export function keyWords(typed: Typed, whenEmpty: string): string {
  if (typed === undefined) return whenEmpty;
  if ('fault' in typed) return typed.fault;
  const { bytes } = typed;
  const words = [count(bytes.length, 'byte')];
  const length = LENGTHS[bytes.length];
  if (length !== undefined) words.push(length);
  if (bytes.length === 8 || bytes.length === 16 || bytes.length === 24) {
    words.push(equal(withOddParity(bytes), bytes) ? 'odd parity' : 'parity not odd');
    if (!isStrong(bytes)) words.push('weak as TDES: a part is weak or equal to another');
  }
  return `${words.join(', ')}.`;
}
