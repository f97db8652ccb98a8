import type { CipherMode } from '../../crypto/cipher-modes.js';
import * as modes from '../../crypto/cipher-modes.js';
import { runCipher } from '../../payment/dataplane/data/ciphers.js';
import { dukptKey } from '../../payment/dataplane/dukpt.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { blockBytes } from '../../payment/dataplane/mac/mac-algorithms.js';
import type { KeyRequirement } from '../../payment/keys/key-rules.js';
import type { KeyNeeds } from '../command.js';
import { readIv, requireBlocks } from './data-field.js';
import { HostError, type HostErrorCode } from '../host-error.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { readKsn } from './ksn-field.js';
import { isBdk } from './pin-fields.js';

/** Values of the field of the mode. */
const MODES = { '00': 'ECB', '01': 'CBC', '02': 'CFB8', '03': 'CFB64' } as const satisfies Record<string, CipherMode>;
type Mode = (typeof MODES)[keyof typeof MODES];

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
 * @param rest called again if the KSN is parsed in another way
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

/** Returns the requirements of a cipher for its key. */
export function cipherKeyNeeds(
  { keyType, ksn }: CipherKey,
  rules: { Symmetric: KeyRequirement; Dukpt: KeyRequirement },
  code?: KeyNeeds['code'],
): KeyNeeds {
  return { type: keyType, rule: ksn === undefined ? rules.Symmetric : rules.Dukpt, code };
}

/** A cipher of a request with its key. */
export interface Cipher {
  readonly mode: Mode;
  readonly iv?: Buffer;
  readonly key: WorkingKey;
}

/**
 * Returns the cipher of a request.
 *
 * @throws HostError 15 for an IV that isn't one block
 */
export function cipherWith(key: WorkingKey, { ksn }: CipherKey, mode: Mode, iv?: Buffer): Cipher {
  const working = ksn === undefined ? key : dukptKey(key, 'DATA', { ksn });
  const block = blockBytes(working.algorithm);
  if (iv !== undefined && iv.length !== block)
    throw new HostError('15', `IV must be ${2 * block} hexadecimal digits with this key`);
  return { mode, iv, key: working };
}

/**
 * Encrypts data without padding.
 *
 * @throws HostError 80 for no data, and in ECB and CBC for data that aren't whole blocks
 */
export function encrypt(cipher: Cipher, plaintext: Buffer): Buffer {
  requireSuitable(cipher, plaintext);
  return runCipher(modes.encrypt, cipher.key, cipher, plaintext);
}

/**
 * Decrypts data.
 *
 * @returns the plaintext, which the caller zeroizes unless it is returned to the host
 * @throws HostError 80 as `encrypt`
 */
export function decrypt(cipher: Cipher, ciphertext: Buffer): Buffer {
  requireSuitable(cipher, ciphertext);
  return runCipher(modes.decrypt, cipher.key, cipher, ciphertext);
}

/** Returns the vector with which the host continues: the last block of the ciphertext. Undefined in ECB. */
export function nextIv({ iv }: Cipher, ciphertext: Buffer): Buffer | undefined {
  return iv && Buffer.concat([iv, ciphertext]).subarray(-iv.length);
}

function requireSuitable({ mode, key }: Cipher, data: Buffer): void {
  if (mode === 'ECB' || mode === 'CBC') requireBlocks(data, blockBytes(key.algorithm));
  else if (data.length === 0) throw new HostError('80', 'data must not be empty');
}
