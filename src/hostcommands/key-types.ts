import { KEY_BLOCK_PROTECTION_USAGES } from '../payment/exchange/key-block-protection.js';
import { KEY_USAGES, SYMMETRIC_KEY_ALGORITHMS } from '../payment/keys/key-attributes.js';
import type { KeyRequirement } from '../payment/keys/key-rules.js';
import type { HostKey } from './command.js';
import { HostError } from './host-error.js';
import { SEE_KEY_BLOCK } from './layouts/key-fields.js';
import type { KeyType } from './layouts/layout.js';

/** Key types that this service issues, with the corresponding TR-31 usages. */
const USAGES: Readonly<Record<KeyType, readonly string[]>> = {
  '000': ['K0', 'K1'],
  '001': ['P0'],
  '002': ['K0', 'P0', 'V0', 'V1', 'V2'],
  '402': ['C0'],
  '003': ['M1', 'M3'],
  '008': ['M1', 'M3', 'M6'],
  '009': ['B0'],
  '609': ['B0'],
  '809': ['B0'],
  '109': ['E0'],
  '209': ['E2'],
  '309': ['E1'],
  '409': ['E3'],
  '509': ['E4'],
  '709': ['E6'],
  '00A': ['D0'],
  '00B': ['D0'],
  '30B': ['D0'],
  '70D': ['P0'],
  '80D': ['K0'],
};

/** Accepts every symmetric key. */
export const ANY_KEY: KeyRequirement = { usages: KEY_USAGES, algorithms: SYMMETRIC_KEY_ALGORITHMS, modes: [] };

/** Accepts a key that encrypts keys. */
export const transportKey = (mode: 'Wrap' | 'Unwrap'): KeyRequirement => ({
  usages: KEY_BLOCK_PROTECTION_USAGES,
  algorithms: SYMMETRIC_KEY_ALGORITHMS,
  modes: [mode],
});

/** Checks the code of a key type. @throws HostError 04 */
export function checkKeyType(type: KeyType): void {
  if (type !== SEE_KEY_BLOCK && !Object.hasOwn(USAGES, type))
    throw new HostError('04', `Key type: ${type} is none of ${Object.keys(USAGES).join(' ')} ${SEE_KEY_BLOCK}`);
}

/** Checks that a usage is allowed for the type that the command names. @throws HostError 28 */
export function checkUsageOfType(type: KeyType, usage: string): void {
  if (type !== SEE_KEY_BLOCK && !USAGES[type]?.includes(usage))
    throw new HostError('28', `A key with usage ${usage} isn't of type ${type}`);
}

/** Checks that a key with attributes has the type that the command names. @throws HostError 28 */
export function checkTypeOf(type: KeyType, { attributes }: HostKey): void {
  if (attributes) checkUsageOfType(type, attributes.usage);
}
