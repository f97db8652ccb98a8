import {
  kekValidationRequest,
  type KekValidationMask,
  kekVariant,
  transactionPinKey,
  unwrapWorkingKey,
  VALIDATION_MASKS,
  WORKING_KEY_MASKS,
  type WorkingKeyVariant,
  wrapWorkingKey,
} from '../crypto/as2805.js';
import { tdes, withOddParity } from '../crypto/des.js';
import { xor } from '../crypto/bytes.js';
import type { NamedDigits } from './fields.js';

/** The validation of a KEK, step by step. All members are the caller's to zeroize. */
export interface KekValidation {
  readonly sendKey: Buffer;
  readonly receiveKey: Buffer;
  readonly randomKey: Buffer;
  /** The complement of the random key, with odd parity. */
  readonly inverse: Buffer;
  readonly randomKeySend: Buffer;
  readonly randomKeyReceive: Buffer;
}

/**
 * Computes both sides of the validation of a KEK (AS 2805.6.3).
 *
 * @param kek  16 or 24 bytes; the caller zeroizes it
 * @param from the random key of 8, 16 or 24 bytes, or the same encrypted by the sender
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function validateKek(
  kek: Buffer,
  mask: KekValidationMask,
  from: { randomKey: Buffer } | { randomKeySend: Buffer },
): KekValidation {
  const { send, receive } = VALIDATION_MASKS[mask];
  const sendKey = kekVariant(kek, send);
  const randomKey = 'randomKey' in from ? from.randomKey : decrypted(sendKey, from.randomKeySend);
  return {
    sendKey,
    receiveKey: kekVariant(kek, receive),
    randomKey,
    inverse: withOddParity(xor(randomKey, Buffer.alloc(randomKey.length, 0xff))),
    ...kekValidationRequest({ kek, mask }, randomKey),
  };
}

/** A working key under a variant of the KEK. All members are the caller's to zeroize. */
export interface WorkingKeySteps {
  readonly mask: string;
  readonly variantKey: Buffer;
  readonly key: Buffer;
  readonly cryptogram: Buffer;
}

/**
 * Wraps a working key, or unwraps its cryptogram.
 *
 * @param kek  16 or 24 bytes; the caller zeroizes it
 * @param from 16 or 24 bytes
 * @throws CryptoError KEY_LENGTH
 */
export function workingKeySteps(
  kek: Buffer,
  variant: WorkingKeyVariant,
  from: { key: Buffer } | { cryptogram: Buffer },
): WorkingKeySteps {
  const mask = WORKING_KEY_MASKS[variant];
  const variantKey = kekVariant(kek, mask);
  return 'key' in from
    ? { mask, variantKey, key: from.key, cryptogram: wrapWorkingKey({ kek, variant }, from.key) }
    : { mask, variantKey, key: unwrapWorkingKey({ kek, variant }, from.cryptogram), cryptogram: from.cryptogram };
}

/**
 * Derives the PIN encryption key of one transaction.
 *
 * @param kpp PIN protection key, 16 or 24 bytes; the caller zeroizes it
 * @returns the diversification data, and the key of 16 bytes, which is the caller's to zeroize
 * @throws CryptoError KEY_LENGTH, DIGITS
 */
export function pinKeySteps(
  kpp: Buffer,
  { stan, amount }: { stan: string; amount: string },
): { readonly input: readonly NamedDigits[]; readonly key: Buffer } {
  const key = transactionPinKey(kpp, { stan, amount });
  const zeros = (digits: number) => ({ name: 'Zeros', digits: '0'.repeat(digits) });
  return { input: [{ name: 'STAN', digits: stan }, zeros(14), { name: 'Amount', digits: amount }], key };
}

function decrypted(key: Buffer, data: Buffer): Buffer {
  using cipher = tdes(key);
  return cipher.decryptCbc(Buffer.alloc(8), data);
}
