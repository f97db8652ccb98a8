import type { CipherMode } from '../../crypto/cipher-modes.js';
import type { HostErrorCode } from '../host-error.js';
import { readIv } from './data-field.js';
import { readKsn } from './ksn-field.js';
import { isBdk } from './pin-fields.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** Values of the field of the mode. */
const MODES = { '00': 'ECB', '01': 'CBC', '02': 'CFB8', '03': 'CFB64' } as const satisfies Record<string, CipherMode>;
/** Mode of a cipher. */
export type Mode = (typeof MODES)[keyof typeof MODES];

/** Key types of base derivation keys, 1 to 3. */
const BDKS: readonly string[] = ['009', '609', '809'];
/** Key types of a ZEK, a DEK, a TEK and BDKs, and that of keys in key blocks. */
const KEY_TYPES = ['00A', '00B', '30B', ...BDKS, 'FFF'] as const;

/** Key of a cipher: a data key, or a base derivation key and the KSN of a transaction. */
export interface CipherKey {
  readonly key: KeyField;
  readonly keyType: string;
  readonly ksn?: string;
}

/** Reads the mode of a cipher. @param code error for any other value */
export function readMode(fields: RequestFields, name: string, code: HostErrorCode): Mode {
  return MODES[fields.choice(name, ['00', '01', '02', '03'], code)];
}

/**
 * Reads key type, key and, after a base derivation key, the KSN, and all fields after them.
 *
 * @param code error for a key type that encrypts no data
 * @param rest called again where the KSN is read in another way
 */
export function readCipherKey<T>(
  fields: RequestFields,
  name: string,
  code: HostErrorCode,
  rest: (key: CipherKey) => T,
): T {
  const keyType = fields.choice(`${name} type`, KEY_TYPES, code);
  const isBdkType = BDKS.includes(keyType);
  const key = fields.key(name, { isDouble: isBdkType });
  const hasKsn = isBdkType || (keyType === 'FFF' && isBdk(key));
  return hasKsn ? readKsn(fields, key, (ksn) => rest({ keyType, key, ksn })) : rest({ keyType, key });
}

/** Reads the initialization vector, which all modes but ECB have, and all fields after it. */
export function readCipherIv<T>(
  fields: RequestFields,
  name: string,
  mode: Mode,
  { key }: CipherKey,
  rest: (iv?: Buffer) => T,
): T {
  return mode === 'ECB' ? rest() : readIv(fields, name, key, rest);
}
