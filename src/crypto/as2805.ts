import type { BlockCipher } from './block-cipher.js';
import { xor } from './bytes.js';
import { tdes, withOddParity } from './des.js';
import { CryptoError } from './errors.js';
import { requireDigits } from './fields.js';

/**
 * AS 2805.6.3 keys between nodes. Everything is TDES in CBC with a zero initialization vector, and a key-encryption key is
 * used in variants: a mask repeated over its whole length is xored in. Where the standard is silent in public, these are
 * the steps of the AWS sample client.
 */

/** The masks of KEK validation by their names on the wire: one for the random key sent, one for its inverse. */
const VALIDATION_MASKS = {
  VARIANT_MASK_82: { send: '82', receive: '84' },
  VARIANT_MASK_82C0: { send: '82C0', receive: '84C0' },
} as const;

export type KekValidationMask = keyof typeof VALIDATION_MASKS;

/** The masks for working keys by their names on the wire. */
const WORKING_KEY_MASKS = {
  PIN_ENCRYPTION_KEY_VARIANT_28: '28C0',
  MESSAGE_AUTHENTICATION_KEY_VARIANT_24: '24C0',
  DATA_ENCRYPTION_KEY_VARIANT_22: '22C0',
  TERMINAL_MAJOR_KEY_VARIANT_00: '0000',
} as const;

export type WorkingKeyVariant = keyof typeof WORKING_KEY_MASKS;

/**
 * KEK validation request: the random key under the KEK's send variant, and the answer to expect, which is its inverse with
 * odd parity under the receive variant.
 *
 * @param kek       TDES, 16 or 24 bytes; stays the caller's to zeroize
 * @param randomKey 8, 16 or 24 bytes, fresh from `generateTdesKey`; stays the caller's to zeroize
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function kekValidationRequest(
  { kek, mask }: { kek: Buffer; mask: KekValidationMask },
  randomKey: Buffer,
): { randomKeySend: Buffer; randomKeyReceive: Buffer } {
  const { send, receive } = VALIDATION_MASKS[mask];
  checkRandomKey(randomKey);
  return {
    randomKeySend: underVariant(kek, send, (cipher) => cipher.encryptCbc(Buffer.alloc(8), randomKey)),
    randomKeyReceive: underVariant(kek, receive, (cipher) => encryptInverse(cipher, randomKey)),
  };
}

/**
 * KEK validation response: what proves to the sender of `randomKeySend` that we hold the same KEK. A random key without
 * parity is answered too, and nothing tells whether it was sent under this KEK: that is for the sender to see.
 *
 * @param kek           TDES, 16 or 24 bytes; stays the caller's to zeroize
 * @param randomKeySend 8, 16 or 24 bytes
 * @returns the random key received: inverted, with odd parity, under the KEK's receive variant
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function kekValidationResponse(
  { kek, mask }: { kek: Buffer; mask: KekValidationMask },
  randomKeySend: Buffer,
): Buffer {
  const { send, receive } = VALIDATION_MASKS[mask];
  checkRandomKey(randomKeySend);
  const randomKey = underVariant(kek, send, (cipher) => cipher.decryptCbc(Buffer.alloc(8), randomKeySend));
  try {
    return underVariant(kek, receive, (cipher) => encryptInverse(cipher, randomKey));
  } finally {
    randomKey.fill(0);
  }
}

/**
 * The cryptogram of a working key: its bytes as they are, encrypted under the KEK's variant for its purpose.
 *
 * @param kek TDES, 16 or 24 bytes; stays the caller's to zeroize
 * @param key TDES, 16 or 24 bytes, parity ignored; stays the caller's to zeroize
 * @returns as long as the key
 * @throws CryptoError KEY_LENGTH
 */
export function wrapWorkingKey({ kek, variant }: { kek: Buffer; variant: WorkingKeyVariant }, key: Buffer): Buffer {
  checkWorkingKey(key);
  return underVariant(kek, WORKING_KEY_MASKS[variant], (cipher) => cipher.encryptCbc(Buffer.alloc(8), key));
}

/**
 * The inverse of `wrapWorkingKey`. A cryptogram carries no check: of a wrong KEK or variant comes another key, which only
 * its check value tells apart.
 *
 * @param kek        TDES, 16 or 24 bytes; stays the caller's to zeroize
 * @param cryptogram 16 or 24 bytes
 * @returns the working key, the caller's to zeroize
 * @throws CryptoError KEY_LENGTH
 */
export function unwrapWorkingKey(
  { kek, variant }: { kek: Buffer; variant: WorkingKeyVariant },
  cryptogram: Buffer,
): Buffer {
  checkWorkingKey(cryptogram);
  return underVariant(kek, WORKING_KEY_MASKS[variant], (cipher) => cipher.decryptCbc(Buffer.alloc(8), cryptogram));
}

/**
 * The key of one transaction's PIN block, KPE = OWF(KPP, D): with M the last block of D in CBC from zero, D in CBC from M,
 * xored with D.
 *
 *     D    STAN (6 digits), 10 zeros, 4 zeros, amount (12 digits), packed in 16 bytes
 *
 * @param kpp    PIN protection key, TDES, 16 or 24 bytes; stays the caller's to zeroize
 * @param stan   system trace audit number, 6 digits
 * @param amount transaction amount, 12 digits
 * @returns 16 bytes, a TDES key without parity adjustment, the caller's to zeroize
 * @throws CryptoError KEY_LENGTH, DIGITS
 */
export function transactionPinKey(kpp: Buffer, { stan, amount }: { stan: string; amount: string }): Buffer {
  requireDigits(stan, 6, 'system trace audit number');
  requireDigits(amount, 12, 'transaction amount');
  using cipher = tdes(kpp);
  const data = Buffer.from(stan.padEnd(16, '0') + amount.padStart(16, '0'), 'hex');
  // CBC goes on from its last block, so both passes are one over D || D.
  const passes = cipher.encryptCbc(Buffer.alloc(8), Buffer.concat([data, data]));
  const kpe = xor(passes.subarray(16), data);
  passes.fill(0);
  return kpe;
}

/** Lends a cipher under the KEK with the mask repeated over it. */
function underVariant<T>(kek: Buffer, mask: string, use: (cipher: BlockCipher) => T): T {
  const variant = xor(kek, Buffer.alloc(kek.length, mask, 'hex'));
  try {
    using cipher = tdes(variant);
    return use(cipher);
  } finally {
    variant.fill(0);
  }
}

/** The complement of a random key, with odd parity, encrypted. */
function encryptInverse(cipher: BlockCipher, randomKey: Buffer): Buffer {
  const complement = xor(randomKey, Buffer.alloc(randomKey.length, 0xff));
  const inverse = withOddParity(complement);
  try {
    return cipher.encryptCbc(Buffer.alloc(8), inverse);
  } finally {
    complement.fill(0);
    inverse.fill(0);
  }
}

function checkRandomKey({ length }: Buffer): void {
  if (length !== 8 && length !== 16 && length !== 24)
    throw new CryptoError('DATA_LENGTH', 'The random key of a KEK validation must be 8, 16 or 24 bytes');
}

function checkWorkingKey({ length }: Buffer): void {
  if (length !== 16 && length !== 24)
    throw new CryptoError('KEY_LENGTH', 'A working key and its cryptogram must be 16 or 24 bytes');
}
