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

/** Key unwrapped from a key block and lent, with the attributes that the block states. */
export interface OpenedKey extends UnwrappedKey {
  attributes: KeyAttributes;
  exportable: boolean;
}

/**
 * Unwraps a TR-31 key block and lends the key to one computation. The caller must check that a key may have the
 * combination of attributes that the block states.
 *
 * @param kbpk        key block protection key; the caller zeroizes it
 * @param protections everything that protects the key in transit; none may be weaker than the key
 * @param compute     receives the key, which is zeroized when it returns
 * @throws CryptoError KEY_BLOCK, DECRYPTION_FAILED; ValidationException if a protection is too weak, or if the block
 *   contradicts itself or has attributes that the service doesn't know
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

/** Verifies the check value of the wrapped key (optional block KC) or of the wrapping key (KP), if the block has it. */
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
