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
  xorPinField(format, block, pin, random);
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
    return pinOf(format, field);
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
  requireCipherOf(format, cipher);
  const clear = Buffer.alloc(cipher.blockBytes);
  if (format !== 4) xorPanField(format, clear, pan);
  xorPinField(format, clear, pin, random);
  try {
    const encrypted = cipher.encrypt(clear);
    if (format !== 4) return encrypted;
    xorPanField(format, encrypted, pan);
    return cipher.encrypt(encrypted);
  } finally {
    clear.fill(0);
  }
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
  requireCipherOf(format, cipher);
  if (block.length !== cipher.blockBytes) throw undecodable();
  const decrypted = cipher.decrypt(block);
  let field = decrypted;
  try {
    xorPanField(format, decrypted, pan);
    if (format === 4) field = cipher.decrypt(decrypted);
    return pinOf(format, field);
  } finally {
    decrypted.fill(0);
    field.fill(0);
  }
}

/** Puts the PIN field into a block that is zeros or a PAN field; of format 4 with the random bytes that follow it. */
function xorPinField(format: PinBlockFormat, block: Buffer, pin: string, random: RandomFill): void {
  requirePin(pin);
  const [low, high] = FILL[format];
  xorNibble(block, 0, format);
  xorNibble(block, 1, pin.length);
  for (let i = 0; i < pin.length; i++) xorNibble(block, 2 + i, digit(pin, i));
  for (let i = 2 + pin.length; i < 16; i++) xorNibble(block, i, low === high ? low : random(low, high + 1));
  for (let i = 8; i < block.length; i++) block[i] = random(0x00, 0x100);
}

/** The PIN of a field without PAN, when every nibble is what its format allows. */
function pinOf(format: PinBlockFormat, field: Buffer): string {
  const [low, high] = FILL[format];
  const length = nibble(field, 1);
  if (nibble(field, 0) !== format || length < 4 || length > 12) throw undecodable();
  for (let i = 2; i < 16; i++) {
    const value = nibble(field, i);
    if (i < 2 + length ? value > 9 : value < low || value > high) throw undecodable();
  }
  return field.toString('hex', 1, 7).slice(0, length);
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

function requireCipherOf(format: PinBlockFormat, { blockBytes }: BlockCipher): void {
  if (blockBytes !== (format === 4 ? 16 : 8))
    throw new CryptoError('MODE', 'PIN block format 4 needs an AES key, the other formats need a TDES key');
}

function undecodable(): CryptoError {
  return new CryptoError('PIN_BLOCK', 'The PIN block holds no PIN in this format: check format, key, PAN and block');
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
