import { aes } from '../aes.js';
import type { BlockCipher } from '../block-cipher.js';
import { xor } from '../bytes.js';
import { cmac } from '../cmac.js';
import { tdes } from '../des.js';
import { CryptoError } from '../errors.js';
import { VERSIONS, type KeyBlockVersion } from './header-values.js';

/** Key Block Protection Key, which wraps key blocks. */
export interface Kbpk {
  /** TDES for versions A, B and C, AES for D. */
  algorithm: 'TDES' | 'AES';
  /** TDES 16 or 24 bytes, AES 16, 24 or 32 bytes; parity ignored; the caller zeroizes it. */
  key: Buffer;
}

export const CIPHERS = { TDES: tdes, AES: aes } as const;

/** The two keys that protect a key block. Disposal zeroizes them. */
export class BlockKeys implements Disposable {
  /**
   * @param kbek Key Block Encryption Key
   * @param kbak Key Block Authentication Key
   */
  constructor(
    readonly kbek: Buffer,
    readonly kbak: Buffer,
  ) {}

  [Symbol.dispose](): void {
    this.kbek.fill(0);
    this.kbak.fill(0);
  }
}

/**
 * Derives the encryption and authentication keys from the KBPK: as variants in versions A and C, by key derivation in B
 * (TR 31-2018 5.3.2.1, X9.143 7.2.1.1) and D (TR 31-2018 5.3.2.3, X9.143 7.2.2.1). Both are as long as the KBPK.
 *
 * @returns the keys; hold them with `using`
 * @throws CryptoError MODE for a KBPK of the wrong algorithm, KEY_LENGTH
 */
export function deriveBlockKeys(versionId: KeyBlockVersion, kbpk: Kbpk): BlockKeys {
  const { binding, kbpkAlgorithm } = VERSIONS[versionId];
  if (kbpk.algorithm !== kbpkAlgorithm)
    throw new CryptoError('MODE', `Key block version ${versionId} needs a ${kbpkAlgorithm} key block protection key`);
  using cipher = CIPHERS[kbpkAlgorithm](kbpk.key);

  if (binding === 'variant') return new BlockKeys(variant(kbpk.key, 'E'), variant(kbpk.key, 'M'));
  return new BlockKeys(deriveKey(cipher, kbpk, PURPOSES.encryption), deriveKey(cipher, kbpk, PURPOSES.authentication));
}

/** XORs every byte of the KBPK with the letter E (0x45, encryption) or M (0x4D, MAC). */
function variant(kbpk: Buffer, letter: 'E' | 'M'): Buffer {
  return xor(kbpk, Buffer.alloc(kbpk.length, letter));
}

/** Values of "key usage" and, by KBPK length in bytes, "algorithm" in the derivation data: X9.143 tables 24 and 25. */
const PURPOSES = { encryption: 0, authentication: 1 } as const;
const DERIVED_ALGORITHMS: Record<Kbpk['algorithm'], Record<number, number>> = {
  TDES: { 16: 0, 24: 1 },
  AES: { 16: 2, 24: 3, 32: 4 },
};

/**
 * Derives a key with NIST SP 800-108 in counter mode over CMAC. The derivation data has 8 bytes: counter from 1 (1
 * byte), key usage (2), separator 00, algorithm (2), length of the derived key in bits (2).
 *
 * @param cipher   of the key in `kbpk`; the caller disposes of it
 * @param keyUsage 2 bytes that no other construction with the same key may use; X9.143 defines 0 to 2
 * @returns a key as long as the given one, which the caller must zeroize
 */
export function deriveKey(cipher: BlockCipher, { algorithm, key }: Kbpk, keyUsage: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeUInt16BE(keyUsage, 1);
  data.writeUInt16BE(DERIVED_ALGORITHMS[algorithm][key.length] as number, 4);
  data.writeUInt16BE(8 * key.length, 6);

  const derived = Buffer.alloc(key.length);
  for (let offset = 0; offset < derived.length; offset += cipher.blockBytes) {
    data.writeUInt8(offset / cipher.blockBytes + 1, 0);
    const block = cmac(cipher, data);
    block.copy(derived, offset); // AES-192 uses only the left half of the last block
    block.fill(0);
  }
  return derived;
}
