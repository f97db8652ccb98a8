import { randomInt } from 'node:crypto';
import { toHex } from '../bytes.js';
import { cbcMac } from '../cbc-mac.js';
import { cmac } from '../cmac.js';
import { CryptoError } from '../errors.js';
import { ALGORITHMS, cipherBlockBytes, isKeyLength, VERSIONS, type KeyBlockVersion } from './header-values.js';
import type { KeyBlockHeader } from './header.js';
import { CIPHERS, deriveBlockKeys, type Kbpk } from './kbpk.js';
import { checkAttributes, formatHeader } from './key-block.js';
import type { OptionalBlock } from './optional-blocks.js';

export interface WrapArguments {
  kbpk: Kbpk;
  header: KeyBlockHeader;
  /** In the order wanted; PB is added where it is needed. */
  optionalBlocks?: readonly OptionalBlock[];
  /** The key to wrap: a symmetric or HMAC key as it is, a private key in DER; stays the caller's to zeroize. */
  key: Buffer;
  /** The block is as long as for a key of this many bytes, to hide shorter ones; see `payloadBytes`. */
  maskedKeyBytes?: number;
  /** Where the padding after the key comes from; anything but random bytes is for reproducing published key blocks. */
  padding?: (bytes: number) => Buffer;
}

/**
 * Wraps a key in a key block (TR 31-2018 5.3, X9.143 clause 7).
 *
 * @returns the key block, printable ASCII with upper-case hexadecimal
 * @throws CryptoError KEY_BLOCK for header, optional blocks or too long a block, MODE for a KBPK of the wrong algorithm,
 *   KEY_LENGTH for KBPK and key
 */
export function wrapKeyBlock(args: WrapArguments): string {
  const { kbpk, header, optionalBlocks = [], key, maskedKeyBytes, padding = randomPadding } = args;
  if (!isKeyLength(header.algorithm, key.length))
    throw new CryptoError('KEY_LENGTH', `The key does not have a length of algorithm ${header.algorithm}`);
  const length = payloadBytes(header, key.length, maskedKeyBytes);
  const headerText = formatHeader(header, optionalBlocks, length);
  checkAttributes(header, optionalBlocks);

  const payload = Buffer.alloc(length);
  try {
    payload.writeUInt16BE(8 * key.length);
    key.copy(payload, 2);
    padding(length - 2 - key.length).copy(payload, 2 + key.length);
    const { ciphertext, mac } = protect(header.versionId, kbpk, Buffer.from(headerText, 'latin1'), payload);
    return headerText + toHex(ciphertext) + toHex(mac);
  } finally {
    payload.fill(0);
  }
}

/**
 * Bytes of the part that is encrypted (X9.143 6.1): key length in bits (2 bytes), key, and padding to whole blocks of
 * the cipher, as many as a key of `maskedKeyBytes` would take. X9.143 wants the longest key of the algorithm there, TR
 * 31-2018 leaves it open: TDES keys are masked to 24 bytes by default, others keep their length.
 *
 * @param maskedKeyBytes less than the key itself means no masking
 */
export function payloadBytes(
  { versionId, algorithm }: KeyBlockHeader,
  keyBytes: number,
  maskedKeyBytes = ALGORITHMS[algorithm]?.maskedKeyBytes ?? 0,
): number {
  const blockBytes = cipherBlockBytes(versionId);
  return Math.ceil((2 + Math.max(keyBytes, maskedKeyBytes)) / blockBytes) * blockBytes;
}

/** A few bytes from `randomInt`, which draws on a store of random bytes: `randomBytes` costs as much as a key. */
function randomPadding(bytes: number): Buffer {
  const padding = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) padding[i] = randomInt(0x100);
  return padding;
}

function protect(
  versionId: KeyBlockVersion,
  kbpk: Kbpk,
  header: Buffer,
  payload: Buffer,
): { ciphertext: Buffer; mac: Buffer } {
  const { binding, kbpkAlgorithm, macBytes } = VERSIONS[versionId];
  using keys = deriveBlockKeys(versionId, kbpk);
  using encryption = CIPHERS[kbpkAlgorithm](keys.kbek);

  if (binding === 'variant') {
    // Encrypt, then MAC what was encrypted; the first 8 characters of the header are the IV.
    const ciphertext = encryption.encryptCbc(header.subarray(0, 8), payload);
    return { ciphertext, mac: cbcMac(keys.kbak, Buffer.concat([header, ciphertext]), macBytes) };
  }

  // MAC the clear payload, then encrypt it with the MAC as IV.
  using authentication = CIPHERS[kbpkAlgorithm](keys.kbak);
  const covered = Buffer.concat([header, payload]);
  try {
    const mac = cmac(authentication, covered);
    return { ciphertext: encryption.encryptCbc(mac, payload), mac };
  } finally {
    covered.fill(0);
  }
}
