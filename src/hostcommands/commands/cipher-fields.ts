import * as modes from '../../crypto/cipher-modes.js';
import { runCipher } from '../../payment/dataplane/data/ciphers.js';
import { dukptKey } from '../../payment/dataplane/dukpt.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { blockBytes } from '../../payment/dataplane/mac/mac-algorithms.js';
import type { KeyRequirement } from '../../payment/keys/key-rules.js';
import type { KeyNeeds } from '../command.js';
import { HostError } from '../host-error.js';
import type { CipherKey, Mode } from '../layouts/cipher-fields.js';
import { requireBlocks } from './data-field.js';

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
 * @throws HostError 80 for no data, and in ECB and CBC for data that isn't whole blocks
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
