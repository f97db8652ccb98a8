import { aes } from '../../crypto/aes.js';
import { ZEROS } from '../../crypto/block-cipher.js';
import { padMethod2, padMethod3 } from '../../crypto/bytes.js';
import { firstDes, tdes } from '../../crypto/des.js';
import type { SymmetricKey } from '../../crypto/held-key.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { blockBytes, macOf, type MacScheme } from '../../payment/dataplane/mac/mac-algorithms.js';
import { isTdes, type KeyAlgorithm } from '../../payment/keys/key-attributes.js';
import { requireBlocks } from './data-field.js';
import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import type { KeyNeeds } from '../command.js';

/** Values of the field of the algorithm by their names in the service model. */
const ALGORITHMS = { '1': 'ISO9797_ALGORITHM1', '3': 'ISO9797_ALGORITHM3', '6': 'CMAC' } as const;
type Algorithm = (typeof ALGORITHMS)[keyof typeof ALGORITHMS];

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

/** None, or padding method 1, 2 or 3 of ISO/IEC 9797-1. */
const PADDINGS = ['0', '1', '2', '3'] as const;
type Padding = (typeof PADDINGS)[number];

/** Key types of a TAK and a ZAK, and that of keys in key blocks. */
const TAK = '003';
const KEY_TYPES = [TAK, '008', 'FFF'] as const;

/** Part of a message in a request: whole message, first, middle or last part. */
export type Part = '0' | '1' | '2' | '3';

/** Computation of a MAC. */
export interface MacMethod {
  readonly algorithm: Algorithm;
  readonly padding: Padding;
  /** Length of the MAC in bytes. */
  readonly length: 4 | 8;
  readonly key: KeyField;
  readonly keyType: string;
}

/** Reads size, algorithm, padding, key type and key. */
export function readMethod(fields: RequestFields, keyName: string): MacMethod {
  const length = fields.choice('MAC size', ['0', '1']) === '0' ? 4 : 8;
  const algorithm = ALGORITHMS[fields.choice('MAC algorithm', ['1', '3', '6'], '04')];
  const padding = fields.choice('padding method', PADDINGS, '09');
  if (algorithm === 'CMAC' && padding !== '0')
    throw new HostError('09', 'padding method must be 0 with algorithm 6, which pads by itself');
  const keyType = fields.choice('key type', KEY_TYPES, '05');
  if (algorithm === 'CMAC' && keyType === TAK)
    throw new HostError('05', 'key type: a TAK computes the algorithms 1 and 3 only');
  return { algorithm, padding, length, keyType, key: fields.key(keyName) };
}

/** Returns the requirements of a MAC for its key. */
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
 * @throws HostError 15 for an IV that isn't one block; 80 for data that aren't whole blocks without padding, and for no
 *   data, which padding methods 1 and 3 don't make a block of
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
 * @throws HostError 15 for an IV that isn't one block, 80 for data that aren't whole blocks
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
