import type { z } from 'zod';
import type { Call } from '../../../call.js';
import { aes } from '../../../crypto/aes.js';
import { transactionPinKey } from '../../../crypto/as2805.js';
import type { BlockCipher } from '../../../crypto/block-cipher.js';
import { tdes } from '../../../crypto/des.js';
import { ValidationException } from '../../../errors/exceptions.js';
import type { WrappedKey } from '../../fields.js';
import { isTdes } from '../../keys/key-attributes.js';
import type { KeyRequirement } from '../../keys/key.repository.js';
import type { Synchronous } from '../../../provider/crypto-provider.js';
import { type DukptAttributes, dukptKey } from '../dukpt.js';
import { derivedKey, type WorkingKey, type WorkingKeys } from '../keys/working-keys.js';

/** PIN block formats by their names in the API. Once its key is derived, a block of AS 2805 is one of ISO format 0. */
export const PIN_BLOCK_FORMATS = {
  ISO_FORMAT_0: 0,
  ISO_FORMAT_1: 1,
  ISO_FORMAT_3: 3,
  ISO_FORMAT_4: 4,
  AS2805_FORMAT_0: 0,
} as const;
export type PinBlockFormatName = keyof typeof PIN_BLOCK_FORMATS;

/**
 * The bytes of an encrypted PIN block.
 *
 * @param digits hexadecimal, as the schema lets it pass
 * @throws ValidationException where it hasn't the length of its format
 */
export function encryptedPinBlock(format: PinBlockFormatName, digits: string): Buffer {
  const length = PIN_BLOCK_FORMATS[format] === 4 ? 32 : 16;
  if (digits.length !== length)
    throw new ValidationException(`EncryptedPinBlock must have ${length} hexadecimal digits in ${format}.`);
  return Buffer.from(digits, 'hex');
}

/** @throws ValidationException where a format binds the PIN to the PAN and the call has none */
export function requirePanFor(format: PinBlockFormatName, pan: string | undefined): void {
  if (pan === undefined && PIN_BLOCK_FORMATS[format] !== 1)
    throw new ValidationException(`PrimaryAccountNumber is required for PIN block format ${format}.`);
}

/** A key of PIN blocks as a call names it. */
interface PinKeyArgument {
  identifier: string;
  format: PinBlockFormatName;
  wrappedKey: z.infer<typeof WrappedKey> | undefined;
  /** Of the transaction, where the key is a base derivation key. */
  dukpt: Omit<DukptAttributes, 'variant'> | undefined;
}

/**
 * The key of a PIN block: stored, come with the call, or derived for the transaction from a base derivation key.
 *
 * @param rules the rules of KEY_ARGUMENTS for this argument
 * @throws ResourceNotFoundException, ValidationException for a key that doesn't serve
 */
export async function findPinKey<F extends PinBlockFormatName>(
  keys: WorkingKeys,
  call: Call,
  rules: Record<F | 'Dukpt', KeyRequirement>,
  { identifier, format, wrappedKey, dukpt }: PinKeyArgument & { format: F },
): Promise<WorkingKey> {
  if (!dukpt) return keys.find(call, rules[format], identifier, wrappedKey);
  if (wrappedKey) throw new ValidationException('A wrapped key does not go with DUKPT attributes: give one of them.');
  return dukptKey(await keys.find(call, rules.Dukpt, identifier), 'PIN', dukpt);
}

/** Lends a cipher under a key of PIN blocks, for one computation. */
export function underPinKey<T>(key: WorkingKey, compute: (cipher: BlockCipher) => Synchronous<T>): T {
  return key.use((clear) => {
    using cipher = isTdes(key.algorithm) ? tdes(clear) : aes(clear);
    return compute(cipher);
  });
}

/**
 * The key of one transaction's PIN block in AS 2805, as a key to work with.
 *
 * @param kpp  PIN protection key, of usage P0 and TDES
 * @param from `stan` 6 digits, `amount` 12
 */
export function as2805PinKey(kpp: WorkingKey, from: { stan: string; amount: string }): WorkingKey {
  return derivedKey(kpp, 'TDES_2KEY', (clear) => transactionPinKey(clear, from));
}
