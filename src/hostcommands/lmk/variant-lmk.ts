import type { BlockCipher } from '../../crypto/block-cipher.js';
import { equal } from '../../crypto/bytes.js';
import { tdes, withOddParity } from '../../crypto/des.js';
import { CryptoError } from '../../crypto/errors.js';
import { HeldCipher, HeldKey, lendBytes } from '../../crypto/held-key.js';
import { type CipherWithVariant, decryptKey, encryptKey, type VariantScheme } from './key-scheme.js';

/** Pairs of a variant LMK, by their code in a key type. */
export const PAIRS = {
  '00': '04-05',
  '01': '06-07',
  '02': '14-15',
  '03': '16-17',
  '04': '18-19',
  '05': '20-21',
  '06': '22-23',
  '07': '24-25',
  '08': '26-27',
  '09': '28-29',
  '0A': '30-31',
  '0B': '32-33',
  '0C': '34-35',
  '0D': '36-37',
} as const;

/** The pair that encrypts keys, and the pair that encrypts PINs. */
export type Pair = (typeof PAIRS)[keyof typeof PAIRS] | '02-03';

/** Every pair that this service uses. */
export const PAIR_NAMES: readonly Pair[] = ['02-03', ...Object.values(PAIRS)];

/** Variants of a pair by the first digit of a key type: XORed into the first byte of the left half. */
const VARIANTS = [0x00, 0xa6, 0x5a, 0x6a, 0xde, 0x2b, 0x50, 0x74, 0x9c, 0xfa] as const;

/** The public test LMKs, which protect nothing. */
const TEST_PAIRS: Readonly<Record<Pair, string>> = {
  '02-03': '20202020202020203131313131313131',
  '04-05': '40404040404040405151515151515151',
  '06-07': '61616161616161617070707070707070',
  '14-15': 'E0E0010101010101F1F1010101010101',
  '16-17': '1C587F1C13924FEF0101010101010101',
  '18-19': '01010101010101010101010101010101',
  '20-21': '02020202020202020404040404040404',
  '22-23': '07070707070707071010101010101010',
  '24-25': '13131313131313131515151515151515',
  '26-27': '16161616161616161919191919191919',
  '28-29': '1A1A1A1A1A1A1A1A1C1C1C1C1C1C1C1C',
  '30-31': '23232323232323232525252525252525',
  '32-33': '26262626262626262929292929292929',
  '34-35': '2A2A2A2A2A2A2A2A2C2C2C2C2C2C2C2C',
  '36-37': '2F2F2F2F2F2F2F2F3131313131313131',
};

/** Returns true for the code of a key type for which a variant LMK has a pair and a variant, e.g. `001`. */
export function isKeyType(type: string): boolean {
  return /^[0-9][0-9A-F]{2}$/.test(type) && Object.hasOwn(PAIRS, type.slice(1));
}

/** Returns true if each byte of a DES key has odd parity. */
export function hasOddParity(key: Buffer): boolean {
  const adjusted = withOddParity(key);
  const isOdd = equal(adjusted, key);
  adjusted.fill(0);
  return isOdd;
}

/** A variant LMK: pairs of DES keys, one for each kind of key. */
export class VariantLmk {
  readonly #pairs: ReadonlyMap<Pair, HeldKey>;

  /** @param pairs 16 bytes each, all of PAIR_NAMES; the caller zeroizes them */
  constructor(pairs: ReadonlyMap<Pair, Buffer>) {
    this.#pairs = new Map(PAIR_NAMES.map((name) => [name, held(pairs.get(name))]));
  }

  /** Returns the public test LMK. */
  static test(): VariantLmk {
    return new VariantLmk(new Map(PAIR_NAMES.map((name) => [name, Buffer.from(TEST_PAIRS[name], 'hex')])));
  }

  /**
   * Decrypts a key. The scheme has no authentication: a key of another type or LMK decrypts to random bytes, whose
   * parity the caller checks.
   *
   * @param type      key type of `isKeyType`, e.g. `001`
   * @param encrypted 8, 16 or 24 bytes
   * @returns the key, which the caller must zeroize
   */
  open(type: string, scheme: VariantScheme, encrypted: Buffer): Buffer {
    return decryptKey(scheme, encrypted, this.#cipher(type));
  }

  /** Encrypts a key of 8, 16 or 24 bytes. @param type key type of `isKeyType` */
  wrap(type: string, scheme: VariantScheme, key: Buffer): Buffer {
    return encryptKey(scheme, key, this.#cipher(type));
  }

  /** Passes a pair, 16 bytes, to a derivation of other keys. @param derive must not keep the buffer or a view of it */
  lend<T>(pair: Pair, derive: (pair: Buffer) => T): T {
    return lendBytes(this.#pair(pair), derive);
  }

  #cipher(type: string): CipherWithVariant {
    if (!isKeyType(type)) throw new CryptoError('KEY_TYPE', `There is no key type ${type}`);
    const pair = this.#pair(PAIRS[type.slice(1) as keyof typeof PAIRS]);
    const variant = VARIANTS[Number(type[0])] as number;
    return (schemeVariant) =>
      pair.cipher(`variants ${variant} ${schemeVariant}`, () => withVariants(pair, variant, schemeVariant));
  }

  #pair(name: Pair): HeldKey {
    return this.#pairs.get(name) as HeldKey;
  }
}

function held(pair: Buffer | undefined): HeldKey {
  if (pair?.length !== 16) throw new CryptoError('KEY_LENGTH', 'A pair of the LMK must be 16 bytes');
  return new HeldKey(pair);
}

/** Returns the cipher of a pair whose halves have variants in their first bytes; it lives as long as the pair. */
function withVariants(pair: HeldKey, left: number, right: number): HeldCipher {
  return lendBytes(pair, (clear) => {
    clear.writeUInt8(clear.readUInt8(0) ^ left, 0);
    clear.writeUInt8(clear.readUInt8(8) ^ right, 8);
    return new HeldCipher('des-ede', clear, 8);
  });
}

/**
 * Returns a key's cipher with a variant, for the schemes under a ZMK.
 *
 * @param key 8 (as twice the same half) or 16 bytes, or 24 without a variant; the caller zeroizes it
 * @returns the cipher, of which the caller disposes
 */
export function cipherWithVariant(key: Buffer, variant: number): BlockCipher {
  const whole = key.length === 8 ? Buffer.concat([key, key]) : Buffer.from(key);
  try {
    whole.writeUInt8(whole.readUInt8(8) ^ variant, 8);
    return tdes(whole);
  } finally {
    whole.fill(0);
  }
}
