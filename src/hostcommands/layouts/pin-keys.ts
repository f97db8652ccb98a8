import { HostError } from '../host-error.js';
import type { KeyType } from './layout.js';
import { isBdk } from './pin-fields.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** Key types of zone PIN keys, terminal PIN keys and base derivation keys of type 1. */
export const ZPK = '001';
export const TPK = '002';
export const BDK_1 = '009';
/** Key types of base derivation keys by their flag. */
const BDK_TYPES = { '*': BDK_1, '~': '609' } as const;

/** The key of a PIN block, as the request has it. */
export interface PinKey {
  readonly field: KeyField;
  readonly type: KeyType;
  /** Of the transaction, for a base derivation key. */
  readonly ksn?: string;
}

/** Reads a base derivation key with its flag: `*` for type 1, which is the default, or `~` for type 2. */
export function bdk(fields: RequestFields, name = 'BDK'): Omit<PinKey, 'ksn'> {
  const flag = bdkFlag(fields) ?? '*';
  return { field: fields.key(name, { isDouble: true }), type: BDK_TYPES[flag] };
}

/**
 * Reads the key of a destination: a ZPK, or a base derivation key. The latter has a flag under a variant LMK, and is
 * known by its usage in a key block. `ksn` must be read if `isBdk`.
 */
export function zpkOrBdk(fields: RequestFields): Omit<PinKey, 'ksn'> & { isBdk: boolean } {
  const flag = bdkFlag(fields);
  const field = fields.key(flag ? 'BDK' : 'ZPK', { isDouble: flag !== undefined });
  if (flag) return { field, type: BDK_TYPES[flag], isBdk: true };
  return isBdk(field) ? { field, type: BDK_1, isBdk: true } : { field, type: ZPK, isBdk: false };
}

function bdkFlag(fields: RequestFields): keyof typeof BDK_TYPES | undefined {
  return fields.accept('*') ? '*' : fields.accept('~') ? '~' : undefined;
}

/**
 * Reads the key type of a PIN key and the key.
 *
 * @throws HostError 28 for another type, or for `FFF` before a key that isn't in a key block
 */
export function typedPinKey(fields: RequestFields): PinKey {
  const type = fields.choice('key type', [ZPK, TPK, 'FFF'], '28');
  const field = fields.key('PIN key');
  if (type === 'FFF' && field.scheme !== 'S' && field.scheme !== '@')
    throw new HostError('28', 'Key type FFF is for a key in a key block');
  return { field, type };
}
