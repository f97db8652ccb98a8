import type { BlockCipher } from '../../crypto/block-cipher.js';
import { HostError } from '../host-error.js';

/** Schemes by which TDES keys are encrypted without a key block, under a pair of a variant LMK or under a ZMK. */
export type VariantScheme = 'plain' | 'Z' | 'U' | 'T' | 'X' | 'Y';

/**
 * Variants of U and T: the first byte of the right half of the encrypting key is XORed with them, once for each part of
 * the encrypted key. The other schemes are ECB.
 */
const SCHEME_VARIANTS: Partial<Record<VariantScheme, readonly number[]>> = {
  U: [0xa6, 0x5a],
  T: [0x6a, 0xde, 0x2b],
};

/** Returns the encrypting key's cipher with a variant in the first byte of its right half; 0 for none. */
export type CipherWithVariant = (variant: number) => BlockCipher;

/** Encrypts a key of 8, 16 or 24 bytes. Disposes of the ciphers. */
export function encryptKey(scheme: VariantScheme, key: Buffer, cipher: CipherWithVariant): Buffer {
  return eachPart(scheme, key, cipher, 'encrypt');
}

/** Decrypts a key of 8, 16 or 24 bytes. Disposes of the ciphers. @returns the key, which the caller must zeroize */
export function decryptKey(scheme: VariantScheme, encrypted: Buffer, cipher: CipherWithVariant): Buffer {
  return eachPart(scheme, encrypted, cipher, 'decrypt');
}

function eachPart(
  scheme: VariantScheme,
  key: Buffer,
  cipherOf: CipherWithVariant,
  direction: 'encrypt' | 'decrypt',
): Buffer {
  const variants = SCHEME_VARIANTS[scheme] ?? [];
  const result = Buffer.alloc(key.length);
  for (let offset = 0; offset < key.length; offset += 8) {
    using cipher = cipherOf(variants[offset / 8] ?? 0);
    const part = cipher[direction](key.subarray(offset, offset + 8));
    part.copy(result, offset);
    part.fill(0);
  }
  return result;
}

/** Lengths of keys by the letter with which commands name a scheme, and of keys without a letter. */
const SCHEME_BYTES: Readonly<Record<string, readonly number[]>> = {
  '0': [8],
  plain: [8, 16],
  Z: [8],
  U: [16],
  X: [16],
  T: [24],
  Y: [24],
};

/**
 * Returns the scheme with which a command wants a DES key to be encrypted.
 *
 * @param wanted        the letter; Z and 0 give a single-length key, which is sent without a letter; `plain` gives a single-length
 *                      or double-length one without a letter, for commands whose layout tells the length
 * @param takesAnsiX917 X, Y and double-length keys without a letter are allowed: nothing binds their parts to each other
 * @throws HostError 26 for another letter, or one that keys of this length don't have
 */
export function requireScheme(
  wanted: string,
  bytes: number,
  takesAnsiX917: boolean,
): { scheme: VariantScheme; letter: string } {
  const isPlain = wanted === 'Z' || wanted === '0' || wanted === 'plain';
  if (!Object.hasOwn(SCHEME_BYTES, wanted))
    throw new HostError('26', `Key scheme: ${wanted} isn't a scheme for a DES key`);
  const isAnsiX917 = wanted === 'X' || wanted === 'Y' || (wanted === 'plain' && bytes === 16);
  if (isAnsiX917 && !takesAnsiX917)
    throw new HostError('26', `Key scheme: ${wanted} is off; the configuration has ansiX917`);
  if (!SCHEME_BYTES[wanted]?.includes(bytes))
    throw new HostError('26', `Key scheme: ${wanted} isn't a scheme for a key of ${bytes} bytes`);
  return { scheme: isPlain ? 'plain' : (wanted as VariantScheme), letter: isPlain ? '' : wanted };
}

/** Returns the length of the keys of a scheme, in bytes. @throws HostError 26 */
export function bytesOfScheme(wanted: string): 8 | 16 | 24 {
  const [bytes] = SCHEME_BYTES[wanted] ?? [];
  if (bytes === undefined) throw new HostError('26', `Key scheme: ${wanted} isn't a scheme for a DES key`);
  return bytes as 8 | 16 | 24;
}
