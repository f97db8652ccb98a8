import { aes } from '../../crypto/aes.js';
import { toHex } from '../../crypto/bytes.js';
import { cmac } from '../../crypto/cmac.js';
import { des, tdes } from '../../crypto/des.js';
import type { HostCall, ReplyField } from '../command.js';
import { HostError } from '../host-error.js';
import type { WantedHeader } from '../key-options.js';
import { checkUsageOfType, transportKey } from '../key-types.js';
import type { Imported } from '../key-transport.js';
import type { HostKey, HostKeyAttributes, KeyType } from '../command.js';
import type { KeyField, RequestFields } from '../request-fields.js';

/** Number of digits of a check value. */
export type CheckValueDigits = 6 | 16;

/** Computes the check value of a key: encrypted zeros for DES, CMAC of a block of zeros for AES. */
export function checkValue(key: Buffer, isAes: boolean, digits: CheckValueDigits = 6): string {
  if (isAes) {
    using cipher = aes(key);
    return toHex(cmac(cipher, Buffer.alloc(16))).slice(0, digits);
  }
  using cipher = key.length === 8 ? des(key) : tdes(key);
  return toHex(cipher.encrypt(Buffer.alloc(8))).slice(0, digits);
}

export function checkValueField(key: Buffer, isAes: boolean, digits?: CheckValueDigits): ReplyField {
  return ['check value', checkValue(key, isAes, digits)];
}

/** Reads the letter of a scheme: 0 instead of Z for a single-length key. */
export function readScheme(fields: RequestFields, name: string): string {
  return fields.choice(name, ['U', 'T', 'X', 'Y', 'Z', 'S', 'R', '0'], '26');
}

/** Reads the code of a key type. */
export function readKeyType(fields: RequestFields): KeyType {
  return fields.text('key type', 3).toUpperCase();
}

/** Reads the kind of a check value: 0 for 16 digits, 1 for 6. */
export function readKind(fields: RequestFields): CheckValueDigits {
  return fields.choice('check value kind', ['0', '1']) === '0' ? 16 : 6;
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

/** Returns true for an AES key. */
export function isAesKey({ algorithm }: HostKey): boolean {
  return algorithm.startsWith('AES');
}

/**
 * Returns the attributes of a key for its key block: its own, which the command may repeat but not change, or those of
 * the command.
 *
 * @throws HostError 28, A6, A7, A8
 */
export function attributesFor(
  type: KeyType,
  bytes: number,
  own: HostKeyAttributes | undefined,
  wanted: WantedHeader | undefined,
): HostKeyAttributes | undefined {
  if (wanted && wanted.bytes !== bytes) throw new HostError('A7', 'The fields after "#" name a key of another length');
  if (own && wanted && own.usage !== wanted.usage) throw new HostError('A6', 'The fields after "#" name another usage');
  if (own && wanted && own.modeOfUse !== wanted.modeOfUse)
    throw new HostError('A8', 'The fields after "#" name another mode of use');
  const attributes = own ?? wanted;
  if (attributes) checkUsageOfType(type, attributes.usage);
  return attributes;
}

/**
 * Returns the header for an imported key's block under the LMK, and checks that the key has the command's type.
 *
 * @param exportability that the command requests; it may only restrict that of the incoming key block
 * @throws HostError 28, A6, A7, A8, AA
 */
export function headerOfImported(
  type: KeyType,
  { clear, isAes, attributes: own }: Imported,
  wanted: WantedHeader | undefined,
  exportability: string | undefined,
): WantedHeader | undefined {
  const attributes = attributesFor(type, clear.length, own, wanted);
  if (!attributes) return undefined;
  if (exportability !== undefined && 'NES'.indexOf(exportability) > 'NES'.indexOf(attributes.exportability))
    throw new HostError('AA', 'Exportability: the key under the LMK may not allow more than the received key');
  return {
    ...attributes,
    exportability: exportability ?? attributes.exportability,
    isAes,
    bytes: clear.length,
  };
}
