import type { KeyType } from './layout.js';
import type { RequestFields } from './request-fields.js';

/** Key type of a key whose key block says what it is. */
export const SEE_KEY_BLOCK = 'FFF';

/** Number of digits of a check value. */
export type CheckValueDigits = 6 | 16;

/** Reads the letter of a scheme: 0 in the place of Z for a single-length key. */
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
