import type { BlockCipher } from '../crypto/block-cipher.js';
import { toHex, xor } from '../crypto/bytes.js';
import { CryptoError } from '../crypto/errors.js';
import { requirePan } from '../crypto/pan.js';
import {
  decodePinBlock,
  decryptPinBlock,
  encodePinBlock,
  encryptPinBlock,
  type RandomFill,
  type TdesPinBlockFormat,
} from '../crypto/pin-block.js';

const FORMATS: readonly TdesPinBlockFormat[] = [0, 1, 2, 3];

/** Digits of the PAN that a PIN block may be XORed with: the standard's first, then common mistakes. */
const PAN_PARTS = [
  'the 12 digits before the check digit',
  'the last 12 digits, with the check digit',
  'the first 12 digits',
] as const;
type PanPart = (typeof PAN_PARTS)[number];

/** An interpretation of a clear PIN block that gives a PIN. */
export interface PinBlockReading {
  readonly format: TdesPinBlockFormat;
  /** Undefined for a format that isn't bound to the PAN. */
  readonly panPart?: PanPart;
  readonly pin: string;
}

/** A field of a PIN field. */
export interface PinBlockField {
  readonly name: 'format' | 'PIN length' | 'PIN' | 'fill' | 'random';
  readonly digits: string;
}

/**
 * Finds the formats, and the digits of the PAN, with which a clear PIN block gives a PIN.
 *
 * @param block 8 bytes
 * @param pan   12 to 19 digits; without it, only formats 1 and 2 are tried
 * @throws CryptoError DATA_LENGTH, PAN
 */
export function readingsOf(block: Buffer, pan?: string): PinBlockReading[] {
  if (pan !== undefined) requirePan(pan);
  if (block.length !== 8) throw new CryptoError('DATA_LENGTH', 'A clear PIN block must be 8 bytes');
  return FORMATS.flatMap((format): PinBlockReading[] => {
    if (format === 1 || format === 2) return pinOf(format, block).map((pin) => ({ format, pin }));
    if (pan === undefined) return [];
    const parts = PAN_PARTS.filter(
      (part, i) => PAN_PARTS.findIndex((other) => partOf(pan, other) === partOf(pan, part)) === i,
    );
    return parts.flatMap((panPart) =>
      pinOf(format, block, `${partOf(pan, panPart)}0`).map((pin) => ({ format, panPart, pin })),
    );
  });
}

/**
 * Divides a clear PIN field, without its PAN part, into fields.
 *
 * @param field of a block that decodes: 8 bytes, or 16 for format 4
 */
export function fieldsOf(field: Buffer): PinBlockField[] {
  const digits = toHex(field);
  const length = Number.parseInt(digits.charAt(1), 16);
  return [
    { name: 'format', digits: digits.slice(0, 1) },
    { name: 'PIN length', digits: digits.slice(1, 2) },
    { name: 'PIN', digits: digits.slice(2, 2 + length) },
    { name: 'fill', digits: digits.slice(2 + length, 16) },
    ...(digits.length > 16 ? [{ name: 'random' as const, digits: digits.slice(16) }] : []),
  ];
}

/**
 * Returns the PAN field of a format: for 0 and 3 0000 and the 12 digits before the check digit, for 4 the length of the PAN
 * less 12, the whole PAN, and zeros.
 *
 * @param pan 12 to 19 digits
 * @returns 8 bytes, or 16 for format 4
 */
export function panField(format: 0 | 3 | 4, pan: string): Buffer {
  if (format === 4) return Buffer.from(`${pan.length - 12}${pan}`.padEnd(32, '0'), 'hex');
  return Buffer.from(`0000${partOf(pan, PAN_PARTS[0])}`, 'hex');
}

/** A PIN block and its parts. */
export interface PinBlockSteps {
  /** The PIN field of the format: 8 bytes; in format 4 16 bytes, of which the last 8 are random. */
  readonly pinField: Buffer;
  /** Absent for formats that aren't bound to the PAN. */
  readonly panField?: Buffer;
  /** PIN field XOR PAN field; in format 4, the PIN field encrypted once. */
  readonly middle: Buffer;
  /** The encrypted block; absent without a key. */
  readonly encrypted?: Buffer;
  /** Absent if the block doesn't decode. */
  readonly pin?: string;
}

export type IsoFormat = 0 | 1 | 2 | 3 | 4;

/**
 * Encodes a PIN block and encrypts it.
 *
 * @param pin    4 to 12 digits
 * @param pan    12 to 19 digits, for formats 0, 3 and 4
 * @param cipher of a TDES key, or of an AES key for format 4, which needs it; the caller disposes of it
 * @throws CryptoError MODE, PIN, PAN
 */
export function encodeSteps(
  format: IsoFormat,
  { pin, pan, cipher }: { pin: string; pan?: string | undefined; cipher?: BlockCipher | undefined },
  random?: RandomFill,
): PinBlockSteps {
  if (format === 4) {
    const block = encryptPinBlock(requireCipher(cipher), format, { pin, pan }, random);
    return decodeSteps(format, { block, pan, cipher });
  }
  const block = encodePinBlock(format, { pin, pan }, random);
  return { ...decodeSteps(format, { block, pan }), ...(cipher && { encrypted: cipher.encrypt(block) }) };
}

/**
 * Decrypts a PIN block and decodes it.
 *
 * @param block  8 bytes, or 16 for format 4; clear if there is no cipher
 * @param pan    12 to 19 digits, for formats 0, 3 and 4
 * @param cipher as for `encodeSteps`
 * @throws CryptoError MODE, PAN, DATA_LENGTH
 */
export function decodeSteps(
  format: IsoFormat,
  { block, pan, cipher }: { block: Buffer; pan?: string | undefined; cipher?: BlockCipher | undefined },
): PinBlockSteps {
  const bytes = format === 4 ? 16 : 8;
  if (block.length !== bytes)
    throw new CryptoError('DATA_LENGTH', `A PIN block of format ${format} must be ${bytes} bytes`);
  const bound = format === 1 || format === 2 ? undefined : panField(format, requiredPan(format, pan));
  if (format === 4) {
    const aes = requireCipher(cipher);
    const pin = pinIn(() => decryptPinBlock(aes, format, { block, pan }));
    const xored = aes.decrypt(block);
    const middle = bound ? xor(xored, bound) : xored;
    return { pinField: aes.decrypt(middle), ...(bound && { panField: bound }), middle, encrypted: block, ...pin };
  }
  const clear = cipher ? cipher.decrypt(block) : block;
  return {
    pinField: bound ? xor(clear, bound) : clear,
    ...(bound && { panField: bound }),
    middle: clear,
    ...(cipher && { encrypted: block }),
    ...pinIn(() => decodePinBlock(format, { block: clear, pan })),
  };
}

function requireCipher(cipher: BlockCipher | undefined): BlockCipher {
  if (!cipher) throw new CryptoError('MODE', 'PIN block format 4 needs an AES key: its PIN field is encrypted twice');
  return cipher;
}

function requiredPan(format: IsoFormat, pan: string | undefined): string {
  if (pan === undefined) throw new CryptoError('PAN', `PIN block format ${format} needs the PAN`);
  requirePan(pan);
  return pan;
}

function pinIn(decode: () => string): { pin?: string } {
  try {
    return { pin: decode() };
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'PIN_BLOCK') return {};
    throw error;
  }
}

function partOf(pan: string, part: PanPart): string {
  const digits = part === PAN_PARTS[0] ? pan.slice(0, -1) : pan;
  return (part === PAN_PARTS[2] ? digits.slice(0, 12) : digits.slice(-12)).padStart(12, '0');
}

function pinOf(format: TdesPinBlockFormat, block: Buffer, pan?: string): string[] {
  const { pin } = pinIn(() => decodePinBlock(format, { block, pan }));
  return pin === undefined ? [] : [pin];
}
