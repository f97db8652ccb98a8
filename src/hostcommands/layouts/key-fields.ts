import type { KeyType } from './layout.js';
import type { RequestFields } from './request-fields.js';

/** Key type of a key whose key block states its type. */
export const SEE_KEY_BLOCK = 'FFF';

/** A check value in a reply. */
export interface CheckValue {
  /** Number of digits. */
  readonly digits: 6 | 16;
  /** Part of a double-length key; the whole key by default. */
  readonly half?: 'left' | 'right';
}

/** Check values by the digit with which a command asks for them. */
export type CheckValueKinds = Readonly<Record<string, readonly CheckValue[]>>;

export const SHORT_CHECK_VALUE: readonly CheckValue[] = [{ digits: 6 }];
const LONG_CHECK_VALUE: readonly CheckValue[] = [{ digits: 16 }];

/** 16 digits, which are those of commands that don't ask, or 6. */
export const CHECK_VALUE_KINDS = { '0': LONG_CHECK_VALUE, '1': SHORT_CHECK_VALUE } as const;

/** Reads the letter of a scheme: 0 in place of Z for a single-length key. */
export function readScheme(fields: RequestFields, name: string): string {
  return fields.choice(name, ['U', 'T', 'X', 'Y', 'Z', 'S', 'R', '0'], '26');
}

/** Reads the code of a key type. */
export function readKeyType(fields: RequestFields): KeyType {
  return fields.text('key type', 3).toUpperCase();
}

/** Reads which check values a command asks for. */
export function readKind(fields: RequestFields, kinds: CheckValueKinds = CHECK_VALUE_KINDS): readonly CheckValue[] {
  return kinds[fields.choice('check value kind', Object.keys(kinds))] as readonly CheckValue[];
}
