import { aes } from '../../crypto/aes.js';
import { tdes } from '../../crypto/des.js';
import { isCheckValueOf } from '../../crypto/tr31/check-value.js';
import { CIPHERS, type Kbpk } from '../../crypto/tr31/kbpk.js';
import type { OptionalBlock } from '../../crypto/tr31/optional-blocks.js';
import { type UnwrappedKey, unwrapKeyBlock } from '../../crypto/tr31/unwrap.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { KeyAttributes } from '../keys/key-attributes.js';
import { attributesOf } from '../keys/key-block-attributes.js';
import { checkStrength, type Protection } from './strength.js';

/** A key out of a key block, lent, and what the block says of it. */
export interface OpenedKey extends UnwrappedKey {
  attributes: KeyAttributes;
  exportable: boolean;
}

/**
 * Opens a TR-31 key block and lends the key for one computation. Whether there can be such a key is the caller's to check.
 *
 * @param kbpk        stays the caller's to zeroize
 * @param protections all that the key travels under; none may be weaker than it
 * @param compute     gets the key, which is zeroized when it returns
 * @throws CryptoError KEY_BLOCK, DECRYPTION_FAILED; ValidationException for what contradicts itself or can't be a key
 */
export function openKeyBlock<T>(
  kbpk: Kbpk,
  text: string,
  protections: readonly Protection[],
  compute: (opened: OpenedKey) => T,
): T {
  const unwrapped = unwrapKeyBlock(kbpk, text);
  const { header, optionalBlocks, key } = unwrapped;
  try {
    const { attributes, exportable } = attributesOf(header, optionalBlocks, key.length);
    for (const protection of protections) checkStrength(attributes.KeyAlgorithm, protection);
    verifyCheckValue('KP', optionalBlocks, CIPHERS[kbpk.algorithm], kbpk.key);
    if (header.algorithm !== 'H') verifyCheckValue('KC', optionalBlocks, header.algorithm === 'T' ? tdes : aes, key);
    return compute({ ...unwrapped, attributes, exportable });
  } finally {
    key.fill(0);
  }
}

/** A check value in the block must be that of the wrapped key (KC) or of the wrapping key (KP). */
function verifyCheckValue(
  id: 'KC' | 'KP',
  optionalBlocks: readonly OptionalBlock[],
  cipherUnder: typeof aes | typeof tdes,
  key: Buffer,
): void {
  const data = optionalBlocks.find((block) => block.id === id)?.data;
  if (data === undefined) return;
  using cipher = cipherUnder(key);
  if (!isCheckValueOf(data, cipher))
    throw new ValidationException(
      `Optional block ${id} of the key block is not the check value of the ${id === 'KC' ? 'wrapped' : 'wrapping'} key.`,
    );
}
