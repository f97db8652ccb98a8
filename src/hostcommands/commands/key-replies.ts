import { aes } from '../../crypto/aes.js';
import { toHex } from '../../crypto/bytes.js';
import { cmac } from '../../crypto/cmac.js';
import { des, tdes } from '../../crypto/des.js';
import type { HostCall, HostKey, ReplyField } from '../command.js';
import { HostError } from '../host-error.js';
import { checkUsageOfType, transportKey } from '../key-types.js';
import type { HostKeyAttributes } from '../layouts/block-header.js';
import type { WantedHeader } from '../layouts/key-options.js';
import { SHORT_CHECK_VALUE } from '../layouts/key-fields.js';
import type { KeyType } from '../layouts/layout.js';
import type { KeyField } from '../layouts/request-fields.js';

/** Computes the check value of a key: encrypted zeros for DES, CMAC of a block of zeros for AES. */
function checkValue(key: Buffer, isAes: boolean, digits: number): string {
  if (isAes) {
    using cipher = aes(key);
    return toHex(cmac(cipher, Buffer.alloc(16))).slice(0, digits);
  }
  using cipher = key.length === 8 ? des(key) : tdes(key);
  return toHex(cipher.encrypt(Buffer.alloc(8))).slice(0, digits);
}

/** Returns the check values of a key as fields. @param values halves are those of DES keys of 16 bytes */
export function checkValueFields(key: Buffer, isAes: boolean, values = SHORT_CHECK_VALUE): ReplyField[] {
  const parts = { left: key.subarray(0, 8), right: key.subarray(8) };
  return values.map(({ digits, half }) =>
    half
      ? [`check value of the ${half} half`, checkValue(parts[half], isAes, digits)]
      : ['check value', checkValue(key, isAes, digits)],
  );
}

/** Finds the transport key of an imported or exported key. */
export function findTransportKey(
  host: HostCall,
  field: KeyField,
  mode: 'Wrap' | 'Unwrap',
  type: KeyType = '000',
): HostKey | Promise<HostKey> {
  return host.key(field, { type, rule: transportKey(mode) });
}

/**
 * Requires a key under a variant LMK, for commands that leave it there: any other key has attributes, which nothing would
 * keep.
 *
 * @throws HostError 28
 */
export function requireVariantKey({ attributes }: HostKey, { name }: KeyField): void {
  if (attributes) throw new HostError('28', `${name} must be a key under a variant LMK`);
}

/** Returns true for an AES key. */
export function isAesKey({ algorithm }: HostKey): boolean {
  return algorithm.startsWith('AES');
}

/** A key as its key block describes it. */
interface DescribedKey {
  readonly bytes: number;
  readonly isAes: boolean;
  /** Absent if the key came without a key block. */
  readonly attributes?: HostKeyAttributes | undefined;
}

/**
 * Returns the attributes of a key for its key block: its own, which the command may repeat but not change, or those of
 * the command.
 *
 * @throws HostError 28, A6, A7, A8
 */
export function attributesFor(
  type: KeyType,
  { bytes, isAes, attributes: own }: DescribedKey,
  wanted: WantedHeader | undefined,
): HostKeyAttributes | undefined {
  if (wanted && (wanted.bytes !== bytes || wanted.isAes !== isAes))
    throw new HostError('A7', 'The fields after "#" name a key of another length or algorithm');
  if (own && wanted && own.usage !== wanted.usage) throw new HostError('A6', 'The fields after "#" name another usage');
  if (own && wanted && own.modeOfUse !== wanted.modeOfUse)
    throw new HostError('A8', 'The fields after "#" name another mode of use');
  const attributes = own ?? wanted;
  if (attributes) checkUsageOfType(type, attributes.usage);
  return attributes;
}

/**
 * Returns the header for the block under the LMK of a key that is imported or formed, and checks that the key has the
 * command's type.
 *
 * @param exportability that the command requests; it may only restrict that of the key
 * @throws HostError 28, A6, A7, A8, AA
 */
export function headerUnderLmk(
  type: KeyType,
  key: DescribedKey,
  wanted: WantedHeader | undefined,
  exportability: string | undefined,
): WantedHeader | undefined {
  const attributes = attributesFor(type, key, wanted);
  if (!attributes) return undefined;
  if (exportability !== undefined && 'NES'.indexOf(exportability) > 'NES'.indexOf(attributes.exportability))
    throw new HostError('AA', 'Exportability: the key under the LMK may not allow more than the key or its components');
  return {
    ...attributes,
    exportability: exportability ?? attributes.exportability,
    isAes: key.isAes,
    bytes: key.bytes,
  };
}
