import { randomInt } from 'node:crypto';
import type { BlockCipher } from './block-cipher.js';
import { CryptoError } from './errors.js';
import { requirePan } from './pan.js';
import { requirePin } from './pin.js';

/**
 * PIN block formats of ISO 9564-1:2017, numbered by their control nibbles. Each begins with a PIN field of 16 nibbles:
 *
 *     control | PIN length | PIN, 4 to 12 digits | fill to nibble 15
 *
 * Formats 0 and 3 are XORed with a PAN field. Format 4 appends 8 random bytes and is XORed with its PAN field between
 * two encryptions. Format 2 is for the offline PIN of chip cards.
 *
 * `DIEBOLD` is the format of Diebold and IBM 3624 terminals, which is older than the standard: the PIN and its fill,
 * without control, length and PAN. Equal PINs of all accounts give equal blocks under one key.
 */
export type PinBlockFormat = 0 | 1 | 2 | 3 | 4 | 'DIEBOLD';

/** Formats with a clear block of 8 bytes, encrypted under TDES. */
export type TdesPinBlockFormat = Exclude<PinBlockFormat, 4>;

/** Lowest and highest fill nibble; the fill is random if they differ. */
const FILL: Record<PinBlockFormat, readonly [number, number]> = {
  0: [0xf, 0xf],
  1: [0x0, 0xf],
  2: [0xf, 0xf],
  3: [0xa, 0xf],
  4: [0xa, 0xa],
  DIEBOLD: [0xf, 0xf],
};

/** The PAN including its check digit, 12 to 19 digits; ignored by formats 1, 2 and Diebold. */
interface WithPan {
  pan?: string | undefined;
}

/** Source of fill, by default `randomInt` of node:crypto: returns a number from `low` up to but not including `end`. */
export type RandomFill = (low: number, end: number) => number;

/**
 * Encodes a clear PIN block of any format but 4.
 *
 * @returns 8 bytes; the caller must zeroize it
 * @throws CryptoError PIN, PAN
 */
export function encodePinBlock(
  format: TdesPinBlockFormat,
  { pin, pan }: WithPan & { pin: string },
  random: RandomFill = randomInt,
): Buffer {
  const block = Buffer.alloc(8);
  xorPanField(format, block, pan);
  xorPinField(format, block, pinIn(pin), random);
  return block;
}

/**
 * Decodes the PIN of a clear PIN block of any format but 4.
 *
 * @param from.block 8 bytes; the caller zeroizes it
 * @throws CryptoError PAN; PIN_BLOCK, always with the same message
 */
export function decodePinBlock(format: TdesPinBlockFormat, { block, pan }: WithPan & { block: Buffer }): string {
  const field = Buffer.from(block);
  try {
    if (block.length !== 8) throw undecodable();
    xorPanField(format, field, pan);
    return pinOf(pinField(field, format));
  } finally {
    field.fill(0);
  }
}

/**
 * Encodes and encrypts a PIN block. Format 4 is encrypted under AES as in ISO 9564-1:2017 9.4.2: the encrypted PIN field
 * is XORed with the PAN field and encrypted again. The others are encrypted in ECB under TDES.
 *
 * @param cipher `tdes(key)`, or `aes(key)` for format 4; the caller disposes of it
 * @returns one block
 * @throws CryptoError MODE, PIN, PAN
 */
export function encryptPinBlock(
  cipher: BlockCipher,
  format: PinBlockFormat,
  { pin, pan }: WithPan & { pin: string },
  random: RandomFill = randomInt,
): Buffer {
  return encrypted({ cipher, format, pan }, pinIn(pin), random);
}

/**
 * Decrypts and decodes the PIN of an encrypted PIN block.
 *
 * @param cipher     `tdes(key)`, or `aes(key)` for format 4; the caller disposes of it
 * @param from.block 8 bytes, or 16 for format 4
 * @throws CryptoError MODE, PAN; PIN_BLOCK, always with the same message
 */
export function decryptPinBlock(
  cipher: BlockCipher,
  format: PinBlockFormat,
  { block, pan }: WithPan & { block: Buffer },
): string {
  return withPinField({ cipher, format, pan }, block, pinOf);
}

/** Cipher, format and PAN of an encrypted PIN block. */
interface Side extends WithPan {
  /** `tdes(key)`, or `aes(key)` for format 4; the caller disposes of it. */
  cipher: BlockCipher;
  format: PinBlockFormat;
}

/** One side of a translation. Format 2 is excluded, because it is sent only to the card. */
export type PinBlockSide = Side & { format: Exclude<PinBlockFormat, 2> };

/**
 * Translates an encrypted PIN block to another key, in the same or another format. Not every pair of formats is
 * allowed: ISO 9564-1:2017 and PCI PIN requirement 3-3 forbid removing or changing the PAN that a PIN is bound to, and
 * translating ISO formats to others. The PIN is copied nibble by nibble between buffers that are zeroized, never through
 * a string.
 *
 * @param block 8 bytes, or 16 for format 4
 * @returns one encrypted block
 * @throws CryptoError MODE for a cipher that does not match the format or a pair of formats that is not allowed; PAN;
 *   PIN_BLOCK, always with the same message
 */
export function translatePinBlock(
  block: Buffer,
  from: PinBlockSide,
  to: PinBlockSide,
  random: RandomFill = randomInt,
): Buffer {
  return translateWithLength(block, from, to, random).block;
}

/** Translates an encrypted PIN block as translatePinBlock does, and returns the number of digits of its PIN, too. */
export function translateWithLength(
  block: Buffer,
  from: PinBlockSide,
  to: PinBlockSide,
  random: RandomFill = randomInt,
): { block: Buffer; pinLength: number } {
  requireTranslatable(from.format, to.format);
  if (isBound(from.format) && isBound(to.format) && from.pan !== to.pan)
    throw new CryptoError('PAN', 'The PAN must be the same on both sides of a translation');
  requireCipherOf(to);
  return withPinField(from, block, (pin) => ({ block: encrypted(to, pin, random), pinLength: pin.length }));
}

/**
 * Checks that PIN blocks of one format are translated to another.
 *
 * @throws CryptoError MODE for a translation that removes the PAN, or one from an ISO format to Diebold's
 */
export function requireTranslatable(from: PinBlockSide['format'], to: PinBlockSide['format']): void {
  if (isBound(from) && to === 1)
    throw new CryptoError('MODE', 'A PIN block that is bound to a PAN is not translated to PIN block format 1');
  if (from !== 'DIEBOLD' && to === 'DIEBOLD')
    throw new CryptoError('MODE', 'A PIN block of an ISO format is not translated to the Diebold format');
}

/** Returns true for formats whose blocks contain the PAN. */
function isBound(format: PinBlockFormat): boolean {
  return format === 0 || format === 3 || format === 4;
}

/** A PIN of 4 to 12 digits, independent of where the digits are stored. */
interface Digits {
  length: number;
  digit: (i: number) => number;
}

function encrypted({ cipher, format, pan }: Side, pin: Digits, random: RandomFill): Buffer {
  requireCipherOf({ cipher, format });
  const clear = Buffer.alloc(cipher.blockBytes);
  try {
    if (format !== 4) xorPanField(format, clear, pan);
    xorPinField(format, clear, pin, random);
    const once = cipher.encrypt(clear);
    if (format !== 4) return once;
    xorPanField(format, once, pan);
    return cipher.encrypt(once);
  } finally {
    clear.fill(0);
  }
}

/** Decrypts and checks a PIN block, passes its PIN to `compute` and zeroizes it afterwards. */
function withPinField<T>({ cipher, format, pan }: Side, block: Buffer, compute: (pin: Digits) => T): T {
  requireCipherOf({ cipher, format });
  if (block.length !== cipher.blockBytes) throw undecodable();
  const decrypted = cipher.decrypt(block);
  let field = decrypted;
  try {
    xorPanField(format, decrypted, pan);
    if (format === 4) field = cipher.decrypt(decrypted);
    return compute(pinField(field, format));
  } finally {
    decrypted.fill(0);
    field.fill(0);
  }
}

function pinIn(pin: string): Digits {
  requirePin(pin);
  return { length: pin.length, digit: (i) => digit(pin, i) };
}

/** Number of nibbles before the PIN. */
function pinStart(format: PinBlockFormat): 0 | 2 {
  return format === 'DIEBOLD' ? 0 : 2;
}

/**
 * XORs the PIN field, and the random bytes that follow it in format 4, into a block that holds zeros or a PAN field.
 */
function xorPinField(format: PinBlockFormat, block: Buffer, { length, digit }: Digits, random: RandomFill): void {
  const [low, high] = FILL[format];
  const start = pinStart(format);
  if (format !== 'DIEBOLD') {
    xorNibble(block, 0, format);
    xorNibble(block, 1, length);
  }
  for (let i = 0; i < length; i++) xorNibble(block, start + i, digit(i));
  for (let i = start + length; i < 16; i++) xorNibble(block, i, low === high ? low : random(low, high + 1));
  for (let i = 8; i < block.length; i++) block[i] = random(0x00, 0x100);
}

/**
 * Checks every nibble of a PIN field against its format, after the PAN field is removed.
 *
 * @returns its PIN, which reads the field
 * @throws CryptoError PIN_BLOCK
 */
function pinField(field: Buffer, format: PinBlockFormat): Digits {
  const [low, high] = FILL[format];
  const start = pinStart(format);
  const length = format === 'DIEBOLD' ? digitsBeforeFill(field) : nibble(field, 1);
  if ((format !== 'DIEBOLD' && nibble(field, 0) !== format) || length < 4 || length > 12) throw undecodable();
  for (let i = start; i < 16; i++) {
    const value = nibble(field, i);
    if (i < start + length ? value > 9 : value < low || value > high) throw undecodable();
  }
  return { length, digit: (i) => nibble(field, start + i) };
}

function digitsBeforeFill(field: Buffer): number {
  let length = 0;
  while (length < 16 && nibble(field, length) !== 0xf) length += 1;
  return length;
}

function pinOf({ length, digit }: Digits): string {
  let pin = '';
  for (let i = 0; i < length; i++) pin += String(digit(i));
  return pin;
}

/**
 * XORs the PAN field into a block, which binds the block to the PAN or reverses that. In formats 0 and 3 the PAN field
 * is 0000 and the 12 digits before the check digit, preceded by a zero for a PAN of 12 digits; in format 4 it is the
 * PAN length minus 12, the whole PAN, and zeros.
 */
function xorPanField(format: PinBlockFormat, block: Buffer, pan: string | undefined): void {
  if (format === 1 || format === 2 || format === 'DIEBOLD') return;
  if (pan === undefined) throw new CryptoError('PAN', `PIN block format ${format} needs the PAN`);
  requirePan(pan);
  if (format === 4) {
    xorNibble(block, 0, pan.length - 12);
    for (let i = 0; i < pan.length; i++) xorNibble(block, 1 + i, digit(pan, i));
  } else {
    const beforeCheckDigit = pan.length - 1;
    for (let i = 1; i <= Math.min(12, beforeCheckDigit); i++)
      xorNibble(block, 16 - i, digit(pan, beforeCheckDigit - i));
  }
}

function requireCipherOf({ cipher, format }: Pick<Side, 'cipher' | 'format'>): void {
  if (cipher.blockBytes !== (format === 4 ? 16 : 8))
    throw new CryptoError('MODE', 'PIN block format 4 needs an AES key, the other formats need a TDES key');
}

function undecodable(): CryptoError {
  return new CryptoError(
    'PIN_BLOCK',
    'Pin block provided is invalid. Please check your input to ensure all field values are correct.',
  );
}

function digit(digits: string, i: number): number {
  return digits.charCodeAt(i) & 0xf;
}

/** Reads a nibble; nibble 0 is the high nibble of the first byte. */
function nibble(bytes: Buffer, i: number): number {
  const byte = bytes[i >> 1] as number;
  return i % 2 === 0 ? byte >> 4 : byte & 0xf;
}

function xorNibble(bytes: Buffer, i: number, value: number): void {
  bytes[i >> 1] = (bytes[i >> 1] as number) ^ (i % 2 === 0 ? value << 4 : value);
}
