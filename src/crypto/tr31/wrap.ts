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
  /** In the order to write them; PB is added if needed. */
  optionalBlocks?: readonly OptionalBlock[];
  /** The key to wrap: a symmetric or HMAC key as it is, a private key in DER; the caller zeroizes it. */
  key: Buffer;
  /**
   * Pads the payload to the length of a key of this many bytes, to hide the length of shorter keys; see `payloadBytes`.
   */
  maskedKeyBytes?: number;
  /** Source of the padding after the key: random by default; replace it only to reproduce published key blocks. */
  padding?: (bytes: number) => Buffer;
}

/**
 * Wraps a key in a key block (TR 31-2018 5.3, X9.143 clause 7).
 *
 * @returns the key block, printable ASCII with upper-case hexadecimal
 * @throws CryptoError KEY_BLOCK for an invalid header or optional block or a block that is too long, MODE for a KBPK of
 *   the wrong algorithm, KEY_LENGTH for a KBPK or key of the wrong length
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
 * Returns the length in bytes of the encrypted part (X9.143 6.1): key length in bits (2 bytes), key, and padding to
 * whole cipher blocks, as many as a key of `maskedKeyBytes` would take. X9.143 asks for the length of the algorithm's
 * longest key there; TR 31-2018 leaves it open. By default TDES keys are masked to 24 bytes and other keys are not
 * masked.
 *
 * @param maskedKeyBytes no effect if shorter than the key
 */
export function payloadBytes(
  { versionId, algorithm }: KeyBlockHeader,
  keyBytes: number,
  maskedKeyBytes = ALGORITHMS[algorithm]?.maskedKeyBytes ?? 0,
): number {
  const blockBytes = cipherBlockBytes(versionId);
  return Math.ceil((2 + Math.max(keyBytes, maskedKeyBytes)) / blockBytes) * blockBytes;
}

/**
 * Draws padding bytes with `randomInt`, which keeps a cache of random bytes: a call to `randomBytes` costs as much as
 * setting up a cipher with a key.
 */
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
    // Encrypt, then MAC the ciphertext. The first 8 characters of the header are the IV.
    const ciphertext = encryption.encryptCbc(header.subarray(0, 8), payload);
    return { ciphertext, mac: cbcMac(keys.kbak, Buffer.concat([header, ciphertext]), macBytes) };
  }

  // MAC the clear payload, then encrypt it with the MAC as the IV.
  using authentication = CIPHERS[kbpkAlgorithm](keys.kbak);
  const covered = Buffer.concat([header, payload]);
  try {
    const mac = cmac(authentication, covered);
    return { ciphertext: encryption.encryptCbc(mac, payload), mac };
  } finally {
    covered.fill(0);
  }
}
