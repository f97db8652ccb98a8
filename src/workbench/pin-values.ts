import { toHex } from '../crypto/bytes.js';
import { decimalize } from '../crypto/decimalize.js';
import { tdes } from '../crypto/des.js';
import {
  type Ibm3624Arguments,
  isWeakDecimalizationTable,
  naturalPin,
  paddedValidationData,
  pinFromOffset,
  pinOffset,
} from '../crypto/ibm3624.js';
import { pvv } from '../crypto/pvv.js';
import type { ValueSteps } from './card-values.js';

/**
 * Shows how a Visa PIN verification value is computed.
 *
 * @param pvk  16 or 24 bytes; the caller zeroizes it
 * @param from `pan` 12 to 19 digits, `pvki` 0 to 6, `pin` 4 to 12 digits
 * @throws CryptoError KEY_LENGTH, PAN, PIN, DIGITS
 */
export function pvvSteps(
  pvk: Buffer,
  from: { pan: string; pvki: number; pin: string },
): ValueSteps & { readonly value: string } {
  const value = pvv(pvk, from);
  const input = [
    { name: 'PAN', digits: from.pan.slice(-12, -1) },
    { name: 'PVKI', digits: String(from.pvki) },
    { name: 'PIN', digits: from.pin.slice(0, 4) },
  ];
  const encrypted = encryptedDigits(pvk, input.map(({ digits }) => digits).join(''));
  return { input, encrypted, decimalized: decimalize(encrypted), value };
}

/** Inputs of a PIN by the IBM 3624 method. */
export interface Ibm3624Steps {
  /** 16 digits. */
  readonly validationData: string;
  /** 8 bytes. */
  readonly encrypted: Buffer;
  readonly naturalPin: string;
  readonly pin: string;
  readonly offset: string;
  /** True if the decimalization table makes PINs easy to guess. */
  readonly isWeakTable: boolean;
}

/**
 * Shows the relation of the natural PIN, the PIN and its offset.
 *
 * @param pvk  16 or 24 bytes; the caller zeroizes it
 * @param from a PIN of 4 to 12 digits, or an offset of as many
 * @throws CryptoError KEY_LENGTH, PIN, DIGITS
 */
export function ibm3624Steps(
  pvk: Buffer,
  from: Ibm3624Arguments & ({ pin: string } | { offset: string }),
): Ibm3624Steps {
  const [pin, offset] =
    'pin' in from ? [from.pin, pinOffset(pvk, from, from.pin)] : [pinFromOffset(pvk, from, from.offset), from.offset];
  const validationData = paddedValidationData(from);
  return {
    validationData,
    encrypted: encryptedDigits(pvk, validationData),
    naturalPin: naturalPin(pvk, from, pin.length),
    pin,
    offset,
    isWeakTable: isWeakDecimalizationTable(from.decimalizationTable),
  };
}

/** Returns the hexadecimal digits of the encrypted validation data that become the natural PIN. */
export function intermediateOf({ encrypted, pin }: Ibm3624Steps): string {
  return toHex(encrypted).slice(0, pin.length);
}

function encryptedDigits(key: Buffer, digits: string): Buffer {
  using cipher = tdes(key);
  return cipher.encrypt(Buffer.from(digits, 'hex'));
}
