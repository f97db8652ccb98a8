import { aes } from '../crypto/aes.js';
import type { BlockCipher } from '../crypto/block-cipher.js';
import { toHex } from '../crypto/bytes.js';
import { cmac } from '../crypto/cmac.js';
import { des, tdes } from '../crypto/des.js';
import { CryptoError } from '../crypto/errors.js';
import { hmac, type HmacHash } from '../crypto/hmac.js';
import { kcvPublicKey } from '../crypto/kcv.js';

/** Minimum number of digits of a check value in practice. */
const LEAST_DIGITS = 4;

export type CheckValueMethod = 'ECB' | 'CMAC' | HmacHash;

/** A check value of a key by one method. */
export interface CheckValue {
  readonly algorithm: 'DES' | 'TDES' | 'AES' | 'HMAC';
  readonly method: CheckValueMethod;
  /** All hexadecimal digits that the method gives, in upper case; check values are their leftmost 4 to 16, mostly 6. */
  readonly digits: string;
}

const HASHES: readonly HmacHash[] = ['SHA224', 'SHA256', 'SHA384', 'SHA512'];

/**
 * Computes the check values of a key for every algorithm that allows its length: a block of zeros encrypted (ANSI
 * X9.24-1 Annex A), the CMAC of a block of zeros, and the HMAC of the empty message.
 *
 * @param key 8 to 64 bytes; the caller zeroizes it
 * @throws CryptoError KEY_LENGTH
 */
export function checkValues(key: Buffer): CheckValue[] {
  if (key.length < 8 || key.length > 64) throw new CryptoError('KEY_LENGTH', 'A key must be 8 to 64 bytes');
  const values: CheckValue[] = [];
  const add = (algorithm: CheckValue['algorithm'], cipher: BlockCipher) => {
    const zeros = Buffer.alloc(cipher.blockBytes);
    values.push({ algorithm, method: 'ECB', digits: toHex(cipher.encrypt(zeros)) });
    if (algorithm !== 'DES') values.push({ algorithm, method: 'CMAC', digits: toHex(cmac(cipher, zeros)) });
    cipher[Symbol.dispose]();
  };
  if (key.length === 8) add('DES', des(key));
  if (key.length === 16 || key.length === 24) add('TDES', tdes(key));
  if (key.length === 16 || key.length === 24 || key.length === 32) add('AES', aes(key));
  for (const method of HASHES)
    values.push({ algorithm: 'HMAC', method, digits: toHex(hmac(method, key, Buffer.alloc(0))) });
  return values;
}

/**
 * Finds the methods that give a check value.
 *
 * @param value 4 to 16 hexadecimal digits
 * @throws CryptoError KEY_LENGTH, DIGITS
 */
export function methodsOf(key: Buffer, value: string): CheckValue[] {
  if (!/^[0-9A-Fa-f]+$/.test(value) || value.length < LEAST_DIGITS || value.length > 16)
    throw new CryptoError('DIGITS', 'A check value has 4 to 16 hexadecimal digits');
  return checkValues(key).filter(({ digits }) => digits.startsWith(value.toUpperCase()));
}

/** Base64 between the lines of a PEM file, or alone. */
const PEM = /^\s*(?:-----BEGIN PUBLIC KEY-----)?([A-Za-z0-9+/=\s]+)(?:-----END PUBLIC KEY-----)?\s*$/;
const SEQUENCE = 0x30;

/**
 * Computes the check value of a public key: SHA-1 over its DER SubjectPublicKeyInfo.
 *
 * @param pem `PUBLIC KEY` in PEM, or its base64
 * @returns the first 8 digits of the hash, and the length of the key's DER in bytes
 * @throws CryptoError KEY_TYPE
 */
export function publicKeyCheckValue(pem: string): { readonly digits: string; readonly bytes: number } {
  const spki = Buffer.from(PEM.exec(pem)?.[1] ?? '', 'base64');
  if (spki[0] !== SEQUENCE || spki.length !== derLength(spki))
    throw new CryptoError('KEY_TYPE', 'A public key is PEM that begins with -----BEGIN PUBLIC KEY-----');
  return { digits: toHex(kcvPublicKey(spki)), bytes: spki.length };
}

/** Returns the length of a DER value with its tag and length, in bytes. */
function derLength(der: Buffer): number {
  const first = der[1] ?? 0;
  if (first < 0x80) return 2 + first;
  const lengthBytes = first - 0x80;
  return lengthBytes > 2 || der.length < 2 + lengthBytes ? 0 : 2 + lengthBytes + der.readUIntBE(2, lengthBytes);
}
