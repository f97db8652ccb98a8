import type { PinBlockSide } from '../../crypto/pin-block.js';
import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** Fields of PIN commands. Every function reads the next field, and throws HostError 15 if it is malformed. */

export type PinFormat = PinBlockSide['format'];

/** PIN block formats by their codes. Docutel, PLUS, EMV and Mastercard PAY NOW are not served. */
const FORMATS = { '01': 0, '03': 'DIEBOLD', '05': 1, '47': 3, '48': 4 } as const satisfies Record<string, PinFormat>;
const FORMAT_CODES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/** Digits of the shortest and of the longest PIN (ISO 9564-1). */
export const SHORTEST_PIN = 4;
export const LONGEST_PIN = 12;

/** PIN block format of the older DUKPT commands, whose requests don't name it. */
export const OLD_DUKPT_FORMAT: PinFormat = 0;

/** Digits of the account number in which `N` of the validation data is replaced. */
const INSERTED_DIGITS = 5;
/** Digits of the transaction counter in a KSN, by the algorithm of the BDK. */
const COUNTER_DIGITS = { TDES: 5, AES: 8 } as const;
const TDES_KSN_DIGITS = 20;
const AES_KSN_DIGITS = 24;

/**
 * Reads the code of a PIN block format.
 *
 * @throws HostError 23 for a format that isn't served
 */
export function pinFormat(fields: RequestFields, name = 'PIN block format'): PinFormat {
  return FORMATS[fields.choice(name, FORMAT_CODES, '23')];
}

/** Returns true for a key block that contains an AES key. Keys in other forms are TDES keys. */
export function isAes({ scheme, value }: KeyField): boolean {
  return scheme === 'S' && value.charAt(7) === 'A';
}

/** Returns true for a key block that contains a base derivation key. */
export function isBdk({ scheme, value }: KeyField): boolean {
  return scheme === 'S' && value.startsWith('B0', 5);
}

/** Reads a PIN block, whose length is the block length of its key: 16 digits for TDES, 32 for AES. */
export function pinBlock(fields: RequestFields, key: KeyField, name = 'PIN block'): Buffer {
  return fields.hexBytes(name, isAes(key) ? 32 : 16);
}

/**
 * Checks that the key of a PIN block that the request contains has the algorithm of the block's format.
 *
 * @throws HostError 23
 */
export function requireFormatOf(key: KeyField, format: PinFormat): void {
  if (isAes(key) !== (format === 4))
    throw new HostError(
      '23',
      `${key.name}: format 48 needs an AES key in a key block, and the other formats a TDES key`,
    );
}

/**
 * Reads the account number: 12 digits without the check digit, or the whole PAN and `;` if a PIN block is of format 48.
 *
 * @returns a PAN for the library. Its check digit is 0 if the request has none: no construction but format 48 uses it.
 */
export function account(fields: RequestFields, format: PinFormat, other: PinFormat = format): string {
  const name = 'account number';
  if (format === 4 || other === 4) return fields.digitsUntil(name, ';', { least: 12, most: 19 });
  return panOf(fields.digits(name, 12));
}

/** Returns a PAN for the library. @param digits 12 digits before the check digit */
export function panOf(digits: string): string {
  return `${digits}0`;
}

/** Returns the 12 digits before the check digit, with zeros on the left of a shorter PAN. */
export function accountOf(pan: string): string {
  return pan.slice(-13, -1).padStart(12, '0');
}

/**
 * Reads the descriptor of a key serial number and the key serial number (KSN). The digits of the descriptor are the
 * lengths of its parts without the transaction counter.
 *
 * @param padding 4 if the KSN has FFFF on its left, which the descriptor doesn't count: see parseWithKsn
 * @returns 20 digits, or 24 for AES
 */
export function keySerialNumber(fields: RequestFields, bdk: KeyField, padding: 0 | 4, name = 'KSN'): string {
  let length = 0;
  for (const digit of fields.hex(`${name} descriptor`, 3)) length += parseInt(digit, 16);
  const most = isAes(bdk) ? AES_KSN_DIGITS : TDES_KSN_DIGITS;
  length += COUNTER_DIGITS[isAes(bdk) ? 'AES' : 'TDES'] + padding;
  if (length > most || (isAes(bdk) && length !== most))
    throw new HostError('15', `${name} descriptor: the KSN of this BDK has at most ${most} digits`);
  const ksn = fields.hex(name, length);
  if (padding === 4 && !ksn.startsWith('FFFF')) throw new HostError('15', `${name} is longer than its descriptor says`);
  return ksn.padStart(most, 'F');
}

/**
 * Parses a request with a KSN. Some hosts send a KSN of 16 digits with FFFF on its left, while its descriptor says 16: a
 * request that otherwise doesn't end with its last field is read this way.
 */
export function parseWithKsn<R>(fields: RequestFields, parse: (padding: 0 | 4) => R): R {
  return fields.firstComplete(
    () => parse(0),
    () => parse(4),
  );
}

/** Reads the maximum length of a PIN. */
export function maximumLength(fields: RequestFields): number {
  return fields.number('maximum PIN length', 2);
}

/** Reads a check length, 4 to 12: the number of PIN digits in an offset, and the minimum number that are compared. */
export function checkLength(fields: RequestFields): number {
  const length = fields.number('check length', 2);
  if (length < SHORTEST_PIN || length > LONGEST_PIN) throw new HostError('15', 'check length must be 04 to 12');
  return length;
}

/** The fields from which the natural PIN of the IBM 3624 method is computed. */
export interface Ibm3624Fields {
  /** 16 digits. */
  readonly table: string;
  /** 16 digits: the data of the account, which contain its last digits. */
  readonly validationData: string;
}

/** Reads a decimalisation table and the PIN validation data. @param pan of the request */
export function ibm3624(fields: RequestFields, pan: string): Ibm3624Fields {
  const table = fields.hex('decimalisation table', 16);
  const data = fields.text('PIN validation data', 12).toUpperCase();
  if (!/^[0-9]*N[0-9]*$/.test(data))
    throw new HostError('15', 'PIN validation data must be 11 digits and the letter N, where digits are inserted');
  return { table, validationData: data.replace('N', accountOf(pan).slice(-INSERTED_DIGITS)) };
}

/**
 * Reads an offset: digits on the left, and F in the rest of 12 characters.
 *
 * @returns 4 to 12 digits
 */
export function offset(fields: RequestFields, checkLength: number): string {
  const [, digits = ''] = /^([0-9]*)F*$/.exec(fields.hex('offset', 12)) ?? [];
  if (digits.length < checkLength)
    throw new HostError('15', 'offset must be as many digits as the check length or more, and F on their right');
  return digits;
}

/** Reads a PIN verification key index, 0 to 6. */
export function pvki(fields: RequestFields): number {
  const index = fields.number('PVKI', 1);
  if (index > 6) throw new HostError('15', 'PVKI must be 0 to 6');
  return index;
}

/** Reads a PIN under the LMK of the request. */
export function pinUnderLmk(fields: RequestFields): string {
  const name = 'PIN under the LMK';
  const { scheme, pinLength } = fields.lmkAhead();
  if (scheme === 'variant') return fields.digits(name, pinLength + 1);
  fields.expect('J');
  return `J${fields.hex(name, 32)}`;
}
