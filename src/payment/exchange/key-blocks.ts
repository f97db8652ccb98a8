import { aes } from '../../crypto/aes.js';
import { tdes } from '../../crypto/des.js';
import { isCheckValueOf } from '../../crypto/tr31/check-value.js';
import { CIPHERS, type Kbpk } from '../../crypto/tr31/kbpk.js';
import type { OptionalBlock } from '../../crypto/tr31/optional-blocks.js';
import { type UnwrappedKey, unwrapKeyBlock } from '../../crypto/tr31/unwrap.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { KeyAttributes } from '../keys/key-attributes.js';
import { attributesOf } from '../keys/key-block-attributes.js';
import { checkStrength, type Protection, requireOtherKey } from './strength.js';

/** A key unwrapped from a key block and lent to a computation, with the attributes that the block states. */
export interface OpenedKey extends UnwrappedKey {
  attributes: KeyAttributes;
  exportable: boolean;
}

/** Opens TR-31 key blocks that callers send, to import the key or to use it for one call. */
export class KeyBlocks {
  /** @param acceptsLegacy also accepts versions A and C, which derive their keys as variants of the KBPK */
  constructor(private readonly acceptsLegacy: boolean) {}

  /**
   * Unwraps a key block and lends the key to one computation. The caller must check that a key may have the combination
   * of attributes that the block states.
   *
   * @param kbpk        key block protection key; the caller zeroizes it
   * @param protections everything that protects the key in transit; none may be weaker than the key
   * @param compute     receives the key, which is zeroized when it returns
   * @throws CryptoError KEY_BLOCK, DECRYPTION_FAILED; ValidationException if the version isn't accepted, if the key is
   *   weak or weakly protected, or if the block contradicts itself or has attributes that the service doesn't know
   */
  open<T>(kbpk: Kbpk, text: string, protections: readonly Protection[], compute: (opened: OpenedKey) => T): T {
    this.#checkVersion(text);
    const unwrapped = unwrapKeyBlock(kbpk, text);
    const { header, optionalBlocks, key } = unwrapped;
    try {
      const { attributes, exportable } = attributesOf(header, optionalBlocks, key.length);
      for (const protection of protections) checkStrength(attributes.KeyAlgorithm, protection);
      requireOtherKey(key, kbpk.key);
      verifyCheckValues(optionalBlocks, { letter: header.algorithm, clear: key }, kbpk);
      return compute({ ...unwrapped, attributes, exportable });
    } finally {
      key.fill(0);
    }
  }

  #checkVersion(text: string): void {
    const version = text.charAt(0);
    if (!this.acceptsLegacy && (version === 'A' || version === 'C'))
      throw new ValidationException(
        `Key block version ${version} is not accepted: use version B, or D under an AES key. The operator can allow it ` +
          'with KEYBLOCK_TR31_LEGACY.',
      );
  }
}

/**
 * Verifies the check values of the wrapped key (optional block KC) and of the wrapping key (KP), if there are such
 * blocks. An HMAC key has no check value that KC could hold.
 *
 * @param optionalBlocks in the form that X9.143 requires
 * @param key.letter     algorithm in the header
 * @param key.clear      wrapped key; the caller zeroizes it
 * @param kbpk           key block protection key; the caller zeroizes it. A TR-34 transport has none
 * @throws ValidationException
 */
export function verifyCheckValues(
  optionalBlocks: readonly OptionalBlock[],
  key: { letter: string; clear: Buffer },
  kbpk?: Kbpk,
): void {
  if (kbpk) verifyCheckValue('KP', optionalBlocks, CIPHERS[kbpk.algorithm], kbpk.key);
  if (key.letter !== 'H') verifyCheckValue('KC', optionalBlocks, key.letter === 'T' ? tdes : aes, key.clear);
}

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
