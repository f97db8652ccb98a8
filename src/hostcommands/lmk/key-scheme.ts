import type { BlockCipher } from '../../crypto/block-cipher.js';

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

/** Encrypts a key of 8, 16 or 24 bytes. @param cipher the caller disposes of the ciphers */
export function encryptKey(scheme: VariantScheme, key: Buffer, cipher: CipherWithVariant): Buffer {
  return eachPart(scheme, key, (variant, part) => cipher(variant).encrypt(part));
}

/** Decrypts a key of 8, 16 or 24 bytes. @returns the key, which the caller must zeroize */
export function decryptKey(scheme: VariantScheme, encrypted: Buffer, cipher: CipherWithVariant): Buffer {
  return eachPart(scheme, encrypted, (variant, part) => cipher(variant).decrypt(part));
}

function eachPart(scheme: VariantScheme, key: Buffer, transform: (variant: number, part: Buffer) => Buffer): Buffer {
  const variants = SCHEME_VARIANTS[scheme] ?? [];
  const result = Buffer.alloc(key.length);
  for (let offset = 0; offset < key.length; offset += 8) {
    const part = transform(variants[offset / 8] ?? 0, key.subarray(offset, offset + 8));
    part.copy(result, offset);
    part.fill(0);
  }
  return result;
}
