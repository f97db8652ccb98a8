import { aes } from './aes.js';
import { type BlockCipher, ZEROS } from './block-cipher.js';
import { CryptoError } from './errors.js';
import type { SymmetricKey } from './held-key.js';

const ROUNDS = 10;
/** Characters of numerals in ascending order; a radix uses the first of them. */
const NUMERALS = '0123456789abcdefghijklmnopqrstuvwxyz';
const MAX_CHARS = 256;
const MAX_TWEAK_BYTES = 255;

/** A numeral string's radix, 2 to 36, and the public value that its encryption depends on. */
export interface Ff1Arguments {
  /** AES key of 16, 24 or 32 bytes; the caller zeroizes it. */
  key: SymmetricKey;
  radix: number;
  /** At most 255 bytes. */
  tweak: Buffer;
}

/**
 * Encrypts a numeral string into one of the same length: FF1 of NIST SP 800-38G, algorithm 7.
 *
 * @param text 2 to 256 numerals of the radix in lower case; radix^length must be at least 100
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH, DATA_FORMAT
 */
export function ff1Encrypt(how: Ff1Arguments, text: string): string {
  return feistel(how, text, 'encrypt');
}

/** Decrypts a numeral string: FF1 of NIST SP 800-38G, algorithm 8. @throws CryptoError as `ff1Encrypt` */
export function ff1Decrypt(how: Ff1Arguments, text: string): string {
  return feistel(how, text, 'decrypt');
}

function feistel({ key, radix, tweak }: Ff1Arguments, text: string, direction: 'encrypt' | 'decrypt'): string {
  requireNumerals(text, radix, tweak);
  using cipher = aes(key);
  const [n, u] = [text.length, Math.floor(text.length / 2)];
  const v = n - u;
  // Steps 3 and 4: lengths in bytes of a half as a number, and of the pseudorandom string.
  const b = Math.ceil(Math.ceil(v * Math.log2(radix)) / 8);
  const d = 4 * Math.ceil(b / 4) + 4;
  const p = firstBlock(radix, u, n, tweak.length);
  const rounds = Array.from({ length: ROUNDS }, (_, i) => (direction === 'encrypt' ? i : ROUNDS - 1 - i));

  let [left, right] = [text.slice(0, u), text.slice(u)];
  for (const i of rounds) {
    const m = i % 2 === 0 ? u : v;
    const [half, source] = direction === 'encrypt' ? [left, right] : [right, left];
    const y = roundValue(cipher, p, { tweak, i, b, d, half: numberOf(source, radix) });
    const modulus = BigInt(radix) ** BigInt(m);
    const sum = direction === 'encrypt' ? numberOf(half, radix) + y : numberOf(half, radix) - y;
    const c = textOf(((sum % modulus) + modulus) % modulus, radix, m);
    [left, right] = direction === 'encrypt' ? [source, c] : [c, source];
  }
  return left + right;
}

/** Step 5. */
function firstBlock(radix: number, u: number, n: number, t: number): Buffer {
  const p = Buffer.alloc(16);
  p.set([1, 2, 1]);
  p.writeUIntBE(radix, 3, 3);
  p.set([ROUNDS, u % 256], 6);
  p.writeUInt32BE(n, 8);
  p.writeUInt32BE(t, 12);
  return p;
}

/** Steps 6 i to iv. */
function roundValue(
  cipher: BlockCipher,
  p: Buffer,
  { tweak, i, b, d, half }: { tweak: Buffer; i: number; b: number; d: number; half: bigint },
): bigint {
  const zeros = (16 - ((tweak.length + b + 1) % 16)) % 16;
  const q = Buffer.concat([tweak, Buffer.alloc(zeros), Buffer.from([i]), Buffer.from(hexOf(half, b), 'hex')]);
  const r = cipher.encryptCbc(ZEROS[16], Buffer.concat([p, q])).subarray(-16);
  const blocks = [r];
  for (let j = 1; 16 * j < d; j++) {
    const block = Buffer.from(r);
    block.writeUInt32BE((block.readUInt32BE(12) ^ j) >>> 0, 12);
    blocks.push(cipher.encrypt(block));
  }
  return BigInt(`0x${Buffer.concat(blocks).subarray(0, d).toString('hex')}`);
}

function numberOf(text: string, radix: number): bigint {
  let value = 0n;
  for (const numeral of text) value = value * BigInt(radix) + BigInt(NUMERALS.indexOf(numeral));
  return value;
}

function textOf(value: bigint, radix: number, length: number): string {
  return value.toString(radix).padStart(length, '0');
}

function hexOf(value: bigint, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, '0');
}

function requireNumerals(text: string, radix: number, tweak: Buffer): void {
  if (!Number.isInteger(radix) || radix < 2 || radix > NUMERALS.length)
    throw new CryptoError('DATA_FORMAT', `The radix must be 2 to ${NUMERALS.length}`);
  if (text.length < 2 || text.length > MAX_CHARS || text.length * Math.log2(radix) < Math.log2(100))
    throw new CryptoError('DATA_LENGTH', `The text must have 2 to ${MAX_CHARS} numerals, and 100 possible values`);
  if (tweak.length > MAX_TWEAK_BYTES)
    throw new CryptoError('DATA_LENGTH', `The tweak must have at most ${MAX_TWEAK_BYTES} bytes`);
  const allowed = NUMERALS.slice(0, radix);
  if (Array.from(text).some((numeral) => !allowed.includes(numeral)))
    throw new CryptoError('DATA_FORMAT', `The text must be numerals of radix ${radix}`);
}
