import { randomFillSync } from 'node:crypto';
import { aes } from '../../crypto/aes.js';
import { equal, toHex } from '../../crypto/bytes.js';
import { cmac } from '../../crypto/cmac.js';
import { CryptoError } from '../../crypto/errors.js';
import { HeldKey } from '../../crypto/held-key.js';
import { isComponent } from '../../crypto/tr31/header.js';
import { deriveKey } from '../../crypto/tr31/kbpk.js';
import { HostError, type HostErrorCode } from '../host-error.js';
import {
  type BlockAlgorithm,
  checkHeader,
  type HostKeyAttributes,
  KEY_BYTES,
  type LmkBlockHeader,
  usageCodeOf,
} from '../layouts/block-header.js';

/** A key block whose header was read. Nothing in it is authenticated yet. */
export interface LmkBlock {
  readonly header: LmkBlockHeader;
  /** The whole block without the letter S. */
  readonly text: string;
}

/** Identifier of the LMK in a block under a ZMK. */
export const UNDER_ZMK = 'FF';

const HEADER_CHARS = 16;
const MAC_BYTES = 8;
const BLOCK_BYTES = 16;
/** DES keys of every length have blocks of one length. */
const MASKED_KEY_BYTES: Readonly<Record<BlockAlgorithm, number>> = { A: 0, D: 24, T: 24 };

/**
 * Key usages in the derivation data (two letters). TR-31 has 0 to 2, so a TR-31 key block under the same key never
 * shares a derived key with a block under an LMK.
 */
const PURPOSES = { encryption: 0x4c45, authentication: 0x4c41, pins: 0x4c50 } as const;

/**
 * Reads the header of a key block: version `1`, length in 4 digits, usage, algorithm, mode of use, key version, exportability,
 * `00` optional blocks, LMK identifier. The encrypted key and the authenticator follow in hexadecimal.
 *
 * @param text the block without the letter S
 * @throws HostError A4 to AB
 */
export function parseLmkBlock(text: string, name: string): LmkBlock {
  const field = (offset: number, length: number) => text.slice(offset, offset + length);
  const refuse = (code: HostErrorCode, what: string) => new HostError(code, `${name} is a key block with ${what}`);
  if (Number(field(1, 4)) !== text.length || text.length < HEADER_CHARS)
    throw refuse('A5', `a length other than that of its header`);
  if (field(0, 1) !== '1') throw refuse('A4', 'a version other than 1: it is from another HSM');
  const header = headerOf(text);
  checkHeader(header, refuse);
  if (field(12, 2) !== '00') throw refuse('AB', 'optional blocks, which are not supported');
  const keyChars = text.length - HEADER_CHARS - 2 * MAC_BYTES;
  if (!possibleBytes(header.algorithm).includes(keyChars / 2))
    throw refuse('A5', 'a length that its algorithm does not allow');
  return { header, text };
}

function headerOf(text: string): LmkBlockHeader {
  return {
    usage: usageCodeOf(text.slice(5, 7)),
    algorithm: text.charAt(7) as BlockAlgorithm,
    modeOfUse: text.charAt(8),
    keyVersionNumber: text.slice(9, 11),
    exportability: text.charAt(11),
    lmk: text.slice(14, 16),
  };
}

/** Returns true for a block that holds a component of a key. */
export function holdsComponent(header: HostKeyAttributes): boolean {
  return isComponent(header);
}

/**
 * Key blocks under an AES key: an LMK, or a ZMK. The layout is that of a payShield's blocks, but the contents are our
 * own (ADR 43): length of the key in bits (2 bytes), key, random padding; authenticated with the header by a CMAC of 8
 * bytes, and encrypted in CBC with the CMAC as the IV. The two keys are derived as in version D of TR-31.
 */
export class LmkBlocks {
  readonly #encryption: HeldKey;
  readonly #authentication: HeldKey;
  /** Encrypts PINs under the LMK. */
  readonly pins: HeldKey;

  /** @param key AES key; the caller zeroizes it */
  constructor(key: Buffer) {
    using cipher = aes(key);
    const derived = (purpose: number) => {
      const clear = deriveKey(cipher, { algorithm: 'AES', key }, purpose);
      try {
        return new HeldKey(clear);
      } finally {
        clear.fill(0);
      }
    };
    this.#encryption = derived(PURPOSES.encryption);
    this.#authentication = derived(PURPOSES.authentication);
    this.pins = derived(PURPOSES.pins);
  }

  /**
   * Wraps a key.
   *
   * @param key key of a valid length; the caller zeroizes it
   * @returns the block with the letter S
   */
  wrap(header: LmkBlockHeader, key: Buffer): string {
    const { usage, algorithm, modeOfUse, keyVersionNumber, exportability, lmk } = header;
    if (!KEY_BYTES[algorithm].includes(key.length))
      throw new CryptoError('KEY_LENGTH', `The length of the key is invalid for algorithm ${algorithm}`);
    const payload = Buffer.alloc(payloadBytes(algorithm, key.length));
    try {
      randomFillSync(payload);
      payload.writeUInt16BE(8 * key.length, 0);
      key.copy(payload, 2);
      const chars = HEADER_CHARS + 2 * (payload.length + MAC_BYTES);
      const length = String(chars).padStart(4, '0');
      const text = `1${length}${usage}${algorithm}${modeOfUse}${keyVersionNumber}${exportability}00${lmk}`;
      const mac = this.#mac(text, payload);
      return `S${text}${toHex(aes(this.#encryption).encryptCbc(ivOf(mac), payload))}${toHex(mac)}`;
    } finally {
      payload.fill(0);
    }
  }

  /**
   * Unwraps a key. A wrong key, a modified block and an impossible length all fail with the same error.
   *
   * @returns the key, which the caller must zeroize
   * @throws CryptoError DECRYPTION_FAILED
   */
  open({ header, text }: LmkBlock): Buffer {
    const digits = text.slice(HEADER_CHARS);
    const encrypted = Buffer.from(/^[0-9A-F]*$/.test(digits) ? digits : '0'.repeat(digits.length), 'hex');
    const mac = encrypted.subarray(-MAC_BYTES);
    const payload = aes(this.#encryption).decryptCbc(ivOf(mac), encrypted.subarray(0, -MAC_BYTES));
    try {
      const isAuthentic = equal(this.#mac(text.slice(0, HEADER_CHARS), payload), mac);
      const bytes = payload.readUInt16BE(0) / 8;
      const isKey =
        KEY_BYTES[header.algorithm].includes(bytes) && payloadBytes(header.algorithm, bytes) === payload.length;
      if (!isAuthentic || !isKey)
        throw new CryptoError('DECRYPTION_FAILED', 'The key block cannot be opened with this LMK');
      return Buffer.from(payload.subarray(2, 2 + bytes));
    } finally {
      payload.fill(0);
    }
  }

  #mac(header: string, payload: Buffer): Buffer {
    const covered = Buffer.concat([Buffer.from(header, 'latin1'), payload]);
    try {
      return cmac(aes(this.#authentication), covered, MAC_BYTES);
    } finally {
      covered.fill(0);
    }
  }
}

function possibleBytes(algorithm: BlockAlgorithm): number[] {
  return KEY_BYTES[algorithm].map((bytes) => payloadBytes(algorithm, bytes));
}

function payloadBytes(algorithm: BlockAlgorithm, keyBytes: number): number {
  return Math.ceil((2 + Math.max(keyBytes, MASKED_KEY_BYTES[algorithm])) / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The padding is random, so two payloads under an LMK have the same MAC only by chance. */
function ivOf(mac: Buffer): Buffer {
  return Buffer.concat([mac, Buffer.alloc(BLOCK_BYTES - MAC_BYTES)]);
}
