import { aes } from '../../src/crypto/aes.js';
import { type BlockCipher, ZEROS } from '../../src/crypto/block-cipher.js';
import { toHex } from '../../src/crypto/bytes.js';
import { cmac } from '../../src/crypto/cmac.js';
import { des, tdes } from '../../src/crypto/des.js';
import { hmac, type HmacHash } from '../../src/crypto/hmac.js';

/** A check value of a key by one method. */
export interface CheckValue {
  algorithm: 'DES' | 'TDES' | 'AES' | 'HMAC';
  method: 'ECB' | 'CMAC' | HmacHash;
  /** All digits that the method gives, in upper case. */
  digits: string;
}

const HASHES: readonly HmacHash[] = ['SHA224', 'SHA256', 'SHA384', 'SHA512'];

/** True for the lengths of keys in bytes that have check values. */
export function isKeyLength(bytes: number): boolean {
  return bytes >= 8 && bytes <= 64;
}

/** Computes the check values of a key by every method that its length allows. @param key 8 to 64 bytes */
export function checkValues(key: Buffer): CheckValue[] {
  const { length } = key;
  return [
    ...(length === 8 ? ofCipher('DES', des(key)) : []),
    ...(length === 16 || length === 24 ? ofCipher('TDES', tdes(key)) : []),
    ...(length === 16 || length === 24 || length === 32 ? ofCipher('AES', aes(key)) : []),
    ...HASHES.map((method) => ({
      algorithm: 'HMAC' as const,
      method,
      digits: toHex(hmac(method, key, Buffer.alloc(0))),
    })),
  ];
}

/** The start of a block of zeros in ECB, or of its CMAC (ANSI X9.24-1:2017 Annex A). */
function ofCipher(algorithm: CheckValue['algorithm'], created: BlockCipher): CheckValue[] {
  using cipher = created;
  const zeros = ZEROS[cipher.blockBytes];
  return [
    { algorithm, method: 'ECB', digits: toHex(cipher.encrypt(zeros)) },
    { algorithm, method: 'CMAC', digits: toHex(cmac(cipher, zeros)) },
  ];
}
