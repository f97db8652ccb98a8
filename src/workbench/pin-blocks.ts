import { toHex } from '../crypto/bytes.js';
import { CryptoError } from '../crypto/errors.js';
import { requirePan } from '../crypto/pan.js';
import { decodePinBlock, type TdesPinBlockFormat } from '../crypto/pin-block.js';

const FORMATS: readonly TdesPinBlockFormat[] = [0, 1, 2, 3];

/** Digits of the PAN that a PIN block may be XORed with: the standard's first, then common mistakes. */
const PAN_PARTS = [
  'the 12 digits before the check digit',
  'the last 12 digits, with the check digit',
  'the first 12 digits',
] as const;
type PanPart = (typeof PAN_PARTS)[number];

/** A way to read a clear PIN block that gives a PIN. */
export interface PinBlockReading {
  readonly format: TdesPinBlockFormat;
  /** Undefined for a format that isn't bound to the PAN. */
  readonly panPart?: PanPart;
  readonly pin: string;
}

/** A field of a clear PIN block of format 0, 1, 2 or 3. */
export interface PinBlockField {
  readonly name: 'format' | 'PIN length' | 'PIN' | 'fill';
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
 * @param field 8 bytes of a block that decodes
 */
export function fieldsOf(field: Buffer): PinBlockField[] {
  const digits = toHex(field);
  const length = Number.parseInt(digits.charAt(1), 16);
  return [
    { name: 'format', digits: digits.slice(0, 1) },
    { name: 'PIN length', digits: digits.slice(1, 2) },
    { name: 'PIN', digits: digits.slice(2, 2 + length) },
    { name: 'fill', digits: digits.slice(2 + length) },
  ];
}

/** Returns the PAN part of formats 0 and 3: 0000 and the 12 digits before the check digit. @param pan 12 to 19 digits */
export function panField(pan: string): Buffer {
  return Buffer.from(`0000${partOf(pan, PAN_PARTS[0])}`, 'hex');
}

function partOf(pan: string, part: PanPart): string {
  const digits = part === PAN_PARTS[0] ? pan.slice(0, -1) : pan;
  return (part === PAN_PARTS[2] ? digits.slice(0, 12) : digits.slice(-12)).padStart(12, '0');
}

function pinOf(format: TdesPinBlockFormat, block: Buffer, pan?: string): string[] {
  try {
    return [decodePinBlock(format, { block, pan })];
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'PIN_BLOCK') return [];
    throw error;
  }
}
