import type { z } from 'zod';
import type { Call } from '../../../call.js';
import { aes } from '../../../crypto/aes.js';
import { transactionPinKey } from '../../../crypto/as2805.js';
import type { BlockCipher } from '../../../crypto/block-cipher.js';
import { tdes } from '../../../crypto/des.js';
import { ValidationException } from '../../../errors/exceptions.js';
import type { WrappedKey } from '../../fields.js';
import { isTdes } from '../../keys/key-attributes.js';
import type { KeyRequirement } from '../../keys/key-rules.js';
import type { Synchronous } from '../../../provider/crypto-provider.js';
import { type DukptAttributes, dukptKey } from '../dukpt.js';
import { whenReady } from '../../../when-ready.js';
import { derivedKey, type WorkingKey, type WorkingKeys } from '../keys/working-keys.js';

/** PIN block formats by their names in the API. An AS 2805 block differs from ISO format 0 only in its key. */
export const PIN_BLOCK_FORMATS = {
  ISO_FORMAT_0: 0,
  ISO_FORMAT_1: 1,
  ISO_FORMAT_3: 3,
  ISO_FORMAT_4: 4,
  AS2805_FORMAT_0: 0,
} as const;
export type PinBlockFormatName = keyof typeof PIN_BLOCK_FORMATS;

/**
 * Decodes an encrypted PIN block.
 *
 * @param digits hexadecimal digits, validated by the schema
 * @throws ValidationException if the length is wrong for the format
 */
export function encryptedPinBlock(format: PinBlockFormatName, digits: string): Buffer {
  const length = PIN_BLOCK_FORMATS[format] === 4 ? 32 : 16;
  if (digits.length !== length)
    throw new ValidationException(`EncryptedPinBlock must have ${length} hexadecimal digits in ${format}.`);
  return Buffer.from(digits, 'hex');
}

/** @throws ValidationException if the format binds the PIN to the PAN and the request has no PAN */
export function requirePanFor(format: PinBlockFormatName, pan: string | undefined): void {
  if (pan === undefined && PIN_BLOCK_FORMATS[format] !== 1)
    throw new ValidationException(`PrimaryAccountNumber is required for PIN block format ${format}.`);
}

/** Key of a PIN block, as specified in a request. */
interface PinKeyArgument {
  identifier: string;
  format: PinBlockFormatName;
  wrappedKey: z.infer<typeof WrappedKey> | undefined;
  /** Attributes of the transaction, if the key is a base derivation key. */
  dukpt: DukptAttributes | undefined;
}

/**
 * Returns the key of a PIN block: stored, sent with the request, or derived from a base derivation key for the
 * transaction.
 *
 * @param rules rules in KEY_ARGUMENTS for this argument
 * @returns a promise only for a key that isn't cached or that the request contains
 * @throws ResourceNotFoundException; ValidationException if the key is unsuitable
 */
export function findPinKey<F extends PinBlockFormatName>(
  keys: WorkingKeys,
  call: Call,
  rules: Record<F | 'Dukpt', KeyRequirement>,
  { identifier, format, wrappedKey, dukpt }: PinKeyArgument & { format: F },
): WorkingKey | Promise<WorkingKey> {
  if (!dukpt) return keys.find(call, rules[format], identifier, wrappedKey);
  if (wrappedKey)
    throw new ValidationException('A wrapped key and DUKPT attributes can not be combined: give one of them.');
  return whenReady(keys.find(call, rules.Dukpt, identifier), (bdk) => dukptKey(bdk, 'PIN', dukpt));
}

/** Lends a cipher with the key of a PIN block to one computation. */
export function underPinKey<T>(key: WorkingKey, compute: (cipher: BlockCipher) => Synchronous<T>): T {
  return key.use((clear) => {
    using cipher = isTdes(key.algorithm) ? tdes(clear) : aes(clear);
    return compute(cipher);
  });
}

/**
 * Returns the AS 2805 PIN key of one transaction.
 *
 * @param kpp  PIN protection key, usage P0, TDES
 * @param from system trace audit number (`stan`), 6 digits, and transaction amount, 12 digits
 */
export function as2805PinKey(kpp: WorkingKey, from: { stan: string; amount: string }): WorkingKey {
  return derivedKey(kpp, 'TDES_2KEY', (clear) => transactionPinKey(clear, from));
}
