import { equal } from '../bytes.js';
import { cbcMac } from '../cbc-mac.js';
import { cmac } from '../cmac.js';
import { CryptoError } from '../errors.js';
import { isKeyLength, VERSIONS } from './header-values.js';
import type { KeyBlockHeader } from './header.js';
import { CIPHERS, deriveBlockKeys, type Kbpk } from './kbpk.js';
import { checkAttributes, parseKeyBlock, type KeyBlock } from './key-block.js';
import type { OptionalBlock } from './optional-blocks.js';

export interface UnwrappedKey {
  header: KeyBlockHeader;
  /** In the order of the block, including PB. */
  optionalBlocks: OptionalBlock[];
  /** The caller must zeroize it. */
  key: Buffer;
}

/**
 * Unwraps a key block (TR 31-2018 5.3, X9.143 clause 7). Does not read the clear payload before the MAC is verified. A
 * wrong KBPK, a modified block and an impossible key length all fail with the same error. Accepts padding of any
 * length.
 *
 * @throws CryptoError KEY_BLOCK for a malformed block, MODE for a KBPK of the wrong algorithm, KEY_LENGTH for a KBPK of
 *   the wrong length, DECRYPTION_FAILED
 */
export function unwrapKeyBlock(kbpk: Kbpk, text: string): UnwrappedKey {
  const block = parseKeyBlock(text);
  const { header, optionalBlocks } = block;
  checkAttributes(header, optionalBlocks);

  const payload = recover(kbpk, block);
  try {
    const keyBits = payload.readUInt16BE(0);
    const end = 2 + keyBits / 8;
    if (keyBits % 8 !== 0 || end > payload.length || !isKeyLength(header.algorithm, keyBits / 8)) throw failed();
    const key = Buffer.alloc(keyBits / 8);
    payload.copy(key, 0, 2, end);
    return { header, optionalBlocks, key };
  } finally {
    payload.fill(0);
  }
}

/** Decrypts and authenticates the payload, which the caller must zeroize. */
function recover(kbpk: Kbpk, { header: { versionId }, headerBytes, ciphertext, mac }: KeyBlock): Buffer {
  const { binding, kbpkAlgorithm, macBytes } = VERSIONS[versionId];
  using keys = deriveBlockKeys(versionId, kbpk);
  using encryption = CIPHERS[kbpkAlgorithm](keys.kbek);

  if (binding === 'variant') {
    const expected = cbcMac(keys.kbak, Buffer.concat([headerBytes, ciphertext]), macBytes);
    if (!equal(expected, mac)) throw failed();
    return encryption.decryptCbc(headerBytes.subarray(0, 8), ciphertext);
  }

  using authentication = CIPHERS[kbpkAlgorithm](keys.kbak);
  const payload = encryption.decryptCbc(mac, ciphertext);
  const covered = Buffer.concat([headerBytes, payload]);
  const authentic = equal(cmac(authentication, covered), mac);
  covered.fill(0);
  if (authentic) return payload;
  payload.fill(0);
  throw failed();
}

function failed(): CryptoError {
  return new CryptoError('DECRYPTION_FAILED', 'The key block cannot be opened with this key block protection key');
}
