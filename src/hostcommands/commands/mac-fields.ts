import { aes } from '../../crypto/aes.js';
import { ZEROS } from '../../crypto/block-cipher.js';
import { padMethod2, padMethod3 } from '../../crypto/bytes.js';
import { firstDes, tdes } from '../../crypto/des.js';
import type { SymmetricKey } from '../../crypto/held-key.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { blockBytes, macOf, type MacScheme } from '../../payment/dataplane/mac/mac-algorithms.js';
import { isTdes, type KeyAlgorithm } from '../../payment/keys/key-attributes.js';
import type { KeyNeeds } from '../command.js';
import { HostError } from '../host-error.js';
import type { Algorithm, MacMethod } from '../layouts/mac-fields.js';
import { requireBlocks } from './data-field.js';

const SCHEMES: Record<Algorithm, MacScheme> = {
  ISO9797_ALGORITHM1: macOf({ Algorithm: 'ISO9797_ALGORITHM1' }).scheme,
  ISO9797_ALGORITHM3: macOf({ Algorithm: 'ISO9797_ALGORITHM3' }).scheme,
  CMAC: macOf({ Algorithm: 'CMAC' }).scheme,
};

/** Cipher that chains all blocks but the last, for each algorithm. */
const CHAINING = {
  ISO9797_ALGORITHM1: tdes,
  ISO9797_ALGORITHM3: firstDes,
  CMAC: (key: SymmetricKey, algorithm: KeyAlgorithm) => (isTdes(algorithm) ? tdes(key) : aes(key)),
} as const;

/** Returns what a MAC needs of its key. */
export function macKeyNeeds(
  operation: 'GenerateMac' | 'VerifyMac',
  { algorithm, keyType }: Pick<MacMethod, 'algorithm' | 'keyType'>,
  code?: KeyNeeds['code'],
): KeyNeeds {
  return { type: keyType, rule: KEY_ARGUMENTS[operation].KeyIdentifier[algorithm], code };
}

/** Message, or its last part, prepared for a MAC. */
export interface MacInput {
  readonly scheme: MacScheme;
  readonly message: Buffer;
  /** Chaining value of the previous parts. */
  readonly iv: Buffer;
}

/**
 * Pads a message, or its last part.
 *
 * @param iv chaining value of the previous parts, if any
 * @throws HostError 15 for an IV that isn't one block; 80 for data that isn't whole blocks without padding, and for
 *   empty data, which padding methods 1 and 3 don't extend to a block
 */
export function macInput(
  { algorithm, padding }: Pick<MacMethod, 'algorithm' | 'padding'>,
  key: WorkingKey,
  data: Buffer,
  iv?: Buffer,
): MacInput {
  const block = blockBytes(key.algorithm);
  if (algorithm !== 'CMAC' && padding === '0') requireBlocks(data, block);
  if (data.length === 0 && padding !== '2') throw new HostError('80', 'data must not be empty with this padding');
  const message = padding === '2' ? padMethod2(data, block) : padding === '3' ? padMethod3(data, block) : data;
  return { scheme: SCHEMES[algorithm], message, iv: ivOf(key, iv) };
}

/**
 * Chains the blocks of an incomplete message.
 *
 * @returns the chaining value, one block, which the host sends with the next part
 * @throws HostError 15 for an IV that isn't one block, 80 for data that isn't whole blocks
 */
export function chain({ algorithm }: Pick<MacMethod, 'algorithm'>, key: WorkingKey, data: Buffer, iv?: Buffer): Buffer {
  const block = blockBytes(key.algorithm);
  requireBlocks(data, block);
  const chaining = ivOf(key, iv);
  return key.use((clear) => {
    using cipher = CHAINING[algorithm](clear, key.algorithm);
    return cipher.encryptCbc(chaining, data).subarray(-block);
  });
}

function ivOf(key: WorkingKey, iv?: Buffer): Buffer {
  const block = blockBytes(key.algorithm);
  if (iv === undefined) return ZEROS[block];
  if (iv.length !== block) throw new HostError('15', `IV must be ${2 * block} hexadecimal digits with this key`);
  return iv;
}
