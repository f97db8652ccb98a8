import { randomInt } from 'node:crypto';
import type { BlockCipher } from './block-cipher.js';
import { CryptoError } from './errors.js';
import { requirePan } from './pan.js';
import { requirePin } from './pin.js';

/**
 * PIN block formats of ISO 9564-1:2017, which are also the control nibbles. Each begins with its PIN field of 16 nibbles:
 *
 *     control | PIN length | PIN, 4 to 12 digits | fill to nibble 15
 *
 * Formats 0 and 3 are xored with a PAN field, format 4 has 8 random bytes more and meets its PAN field between two
 * encryptions. Format 2 is for the offline PIN of chip cards.
 */
export type PinBlockFormat = 0 | 1 | 2 | 3 | 4;

/** The formats whose clear block says all: 8 bytes, encrypted under TDES. */
export type TdesPinBlockFormat = Exclude<PinBlockFormat, 4>;

/** The lowest and the highest nibble of fill; between unlike ones it is random. */
const FILL: Record<PinBlockFormat, readonly [number, number]> = {
  0: [0xf, 0xf],
  1: [0x0, 0xf],
  2: [0xf, 0xf],
  3: [0xa, 0xf],
  4: [0xa, 0xa],
};

/** The PAN with its check digit, 12 to 19 digits; formats 1 and 2 don't read it. */
interface WithPan {
  pan?: string | undefined;
}

/** `randomInt` of node:crypto, or fill that a test knows: a number from `low` up to but not including `end`. */
export type RandomFill = (low: number, end: number) => number;

/**
 * Clear PIN block of formats 0 to 3.
 *
 * @returns 8 bytes, the caller's to zeroize
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
 * The PIN of a clear PIN block of formats 0 to 3.
 *
 * @param from.block 8 bytes; stays the caller's to zeroize
 * @throws CryptoError PAN; PIN_BLOCK, always with the same message
 */
export function decodePinBlock(format: TdesPinBlockFormat, { block, pan }: WithPan & { block: Buffer }): string {
  const field = Buffer.from(block);
  try {
    if (block.length !== 8) throw undecodable();
    xorPanField(format, field, pan);
    requirePinField(field, format);
    return pinOf(field);
  } finally {
    field.fill(0);
  }
}

/**
 * Encrypted PIN block: formats 0 to 3 in ECB under TDES; format 4 under AES as ISO 9564-1:2017 9.4.2 has it, where the
 * encrypted PIN field is xored with the PAN field and encrypted again.
 *
 * @param cipher `tdes(key)`, for format 4 `aes(key)`; stays the caller's to dispose of
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
 * The PIN of an encrypted PIN block.
 *
 * @param cipher     `tdes(key)`, for format 4 `aes(key)`; stays the caller's to dispose of
 * @param from.block 8 bytes, for format 4 16
 * @throws CryptoError MODE, PAN; PIN_BLOCK, always with the same message
 */
export function decryptPinBlock(
  cipher: BlockCipher,
  format: PinBlockFormat,
  { block, pan }: WithPan & { block: Buffer },
): string {
  return withPinField({ cipher, format, pan }, block, pinOf);
}

/** What an encrypted PIN block is made with, or read. */
interface Side extends WithPan {
  /** `tdes(key)`, for format 4 `aes(key)`; stays the caller's to dispose of. */
  cipher: BlockCipher;
  format: PinBlockFormat;
}

/** One side of a translation; format 2 is for the card and isn't translated. */
export type PinBlockSide = Side & { format: Exclude<PinBlockFormat, 2> };

/**
 * An encrypted PIN block under another key, in the same format or another one. Not every pair of formats is allowed: by
 * ISO 9564-1:2017 and PCI PIN requirement 3-3 the PAN that binds a PIN is neither taken away nor changed. The PIN goes
 * from field to field, in bytes that are cleared.
 *
 * @param block 8 bytes, of format 4 16
 * @returns one block, encrypted
 * @throws CryptoError MODE for a cipher that isn't of the format, or formats that aren't translated; PAN; PIN_BLOCK,
 *                     always with the same message
 */
export function translatePinBlock(
  block: Buffer,
  from: PinBlockSide,
  to: PinBlockSide,
  random: RandomFill = randomInt,
): Buffer {
  if (from.format !== 1 && to.format === 1)
    throw new CryptoError('MODE', 'A PIN block that is bound to a PAN is not translated to PIN block format 1');
  if (from.format !== 1 && to.format !== 1 && from.pan !== to.pan)
    throw new CryptoError('PAN', 'The PAN must be the same on both sides of a translation');
  requireCipherOf(to);
  return withPinField(from, block, (field) =>
    encrypted(to, { length: nibble(field, 1), digit: (i) => nibble(field, 2 + i) }, random),
  );
}

/** A PIN of 4 to 12 digits, wherever they are. */
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

/** Lends the PIN field of an encrypted PIN block, without the PAN, for one computation and clears it. */
function withPinField<T>({ cipher, format, pan }: Side, block: Buffer, compute: (field: Buffer) => T): T {
  requireCipherOf({ cipher, format });
  if (block.length !== cipher.blockBytes) throw undecodable();
  const decrypted = cipher.decrypt(block);
  let field = decrypted;
  try {
    xorPanField(format, decrypted, pan);
    if (format === 4) field = cipher.decrypt(decrypted);
    requirePinField(field, format);
    return compute(field);
  } finally {
    decrypted.fill(0);
    field.fill(0);
  }
}

function pinIn(pin: string): Digits {
  requirePin(pin);
  return { length: pin.length, digit: (i) => digit(pin, i) };
}

/** Puts the PIN field into a block that is zeros or a PAN field; of format 4 with the random bytes that follow it. */
function xorPinField(format: PinBlockFormat, block: Buffer, { length, digit }: Digits, random: RandomFill): void {
  const [low, high] = FILL[format];
  xorNibble(block, 0, format);
  xorNibble(block, 1, length);
  for (let i = 0; i < length; i++) xorNibble(block, 2 + i, digit(i));
  for (let i = 2 + length; i < 16; i++) xorNibble(block, i, low === high ? low : random(low, high + 1));
  for (let i = 8; i < block.length; i++) block[i] = random(0x00, 0x100);
}

/** Whether every nibble of a field without PAN is what its format allows. @throws CryptoError PIN_BLOCK */
function requirePinField(field: Buffer, format: PinBlockFormat): void {
  const [low, high] = FILL[format];
  const length = nibble(field, 1);
  if (nibble(field, 0) !== format || length < 4 || length > 12) throw undecodable();
  for (let i = 2; i < 16; i++) {
    const value = nibble(field, i);
    if (i < 2 + length ? value > 9 : value < low || value > high) throw undecodable();
  }
}

/** The PIN of a PIN field. */
function pinOf(field: Buffer): string {
  return field.toString('hex', 1, 7).slice(0, nibble(field, 1));
}

/**
 * Binds a block to the PAN, or frees it. Of formats 0 and 3 the PAN field is 0000 and the 12 digits before the check
 * digit, with a zero before them when the PAN has 12; of format 4 it is the PAN's length less 12, the whole PAN, zeros.
 */
function xorPanField(format: PinBlockFormat, block: Buffer, pan: string | undefined): void {
  if (format === 1 || format === 2) return;
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

/** Nibble 0 is the high one of the first byte. */
function nibble(bytes: Buffer, i: number): number {
  const byte = bytes[i >> 1] as number;
  return i % 2 === 0 ? byte >> 4 : byte & 0xf;
}

function xorNibble(bytes: Buffer, i: number, value: number): void {
  bytes[i >> 1] = (bytes[i >> 1] as number) ^ (i % 2 === 0 ? value << 4 : value);
}
