import { xor } from '../bytes.js';
import { des, tdes } from '../des.js';
import { CryptoError } from '../errors.js';

/** Working key purpose. `REQUEST` means terminal to host, `RESPONSE` means host to terminal. */
export type TdesDukptUsage = 'PIN' | 'MAC_REQUEST' | 'MAC_RESPONSE' | 'DATA_REQUEST' | 'DATA_RESPONSE';

/** Masks XORed into the transaction key: X9.24-1:2009 table A-1. */
const VARIANTS: Record<TdesDukptUsage, Buffer> = {
  PIN: bothHalves('00000000000000FF'),
  MAC_REQUEST: bothHalves('000000000000FF00'),
  MAC_RESPONSE: bothHalves('00000000FF000000'),
  DATA_REQUEST: bothHalves('0000000000FF0000'),
  DATA_RESPONSE: bothHalves('000000FF00000000'),
};

/**
 * Mask XORed into a key to compute one half of a derived key: the right half of an initial key, the left half of a
 * generated transaction key.
 */
const LEFT_HALF_VARIANT = bothHalves('C0C0C0C000000000');

const COUNTER_BITS = 21;

/**
 * Derives the initial key (IPEK) of TDES DUKPT: ANSI X9.24-1:2009 A.6, identical to X9.24-3:2017 C.7.
 *
 * @param keys.bdk base derivation key, 16 bytes (the only length in the standard), parity ignored; the caller zeroizes
 *                 it
 * @param keys.ksn key serial number, 10 bytes, or 8 bytes to be prefixed with FFFF; its counter is ignored
 * @returns 16 bytes, parity not adjusted; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, KSN
 */
export function tdesInitialKey({ bdk, ksn }: { bdk: Buffer; ksn: Buffer }): Buffer {
  requireDoubleLength(bdk);
  const serial = wholeKsn(ksn).subarray(0, 8);
  serial[7] = (serial[7] as number) & 0xe0;
  const variant = xor(bdk, LEFT_HALF_VARIANT);
  try {
    using left = tdes(bdk);
    using right = tdes(variant);
    return joined(left.encrypt(serial), right.encrypt(serial));
  } finally {
    variant.fill(0);
  }
}

/**
 * Derives the transaction key of TDES DUKPT, the content of the device's key register before any variant is applied:
 * ANSI X9.24-1:2009 A.3.
 *
 * Each one-bit of the counter, from the highest down, adds one key generation; for counter 0 the transaction key is the
 * initial key. Devices skip counters with more than ten one-bits to limit the number of generations. The standard does
 * not ask a host to check this, and the key is well defined, so such counters are accepted.
 *
 * @param keys.initialKey 16 bytes; the caller zeroizes it
 * @param keys.ksn        as for `tdesInitialKey`; the counter is the rightmost 21 bits
 * @returns 16 bytes; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, KSN
 */
export function tdesTransactionKey({ initialKey, ksn }: { initialKey: Buffer; ksn: Buffer }): Buffer {
  requireDoubleLength(initialKey);
  const register = wholeKsn(ksn).subarray(2);
  const last = register.readUIntBE(5, 3);
  const counter = last % 2 ** COUNTER_BITS;
  const key = Buffer.from(initialKey);
  let walked = last - counter;
  for (let bit = 2 ** (COUNTER_BITS - 1); bit >= 1; bit /= 2) {
    if ((counter & bit) === 0) continue;
    walked += bit;
    register.writeUIntBE(walked, 5, 3);
    generate(key, register);
  }
  return key;
}

/**
 * Derives a TDES DUKPT working key: the variant of the transaction key for one purpose, ANSI X9.24-1:2009 A.4.1. A data
 * key also passes through a one-way function, which encrypts each half of the variant under the variant itself.
 *
 * @param keys.bdk   as for `tdesInitialKey`
 * @param keys.ksn   as for `tdesTransactionKey`
 * @param keys.usage purpose of the key
 * @returns 16 bytes; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, KSN
 */
export function tdesWorkingKey({ bdk, ksn, usage }: { bdk: Buffer; ksn: Buffer; usage: TdesDukptUsage }): Buffer {
  const initialKey = tdesInitialKey({ bdk, ksn });
  const transactionKey = tdesTransactionKey({ initialKey, ksn });
  initialKey.fill(0);
  const variant = xor(transactionKey, VARIANTS[usage]);
  transactionKey.fill(0);
  if (usage !== 'DATA_REQUEST' && usage !== 'DATA_RESPONSE') return variant;
  try {
    using cipher = tdes(variant);
    return cipher.encrypt(variant);
  } finally {
    variant.fill(0);
  }
}

/** Non-reversible key generation process, A.2. Replaces the key in place by the one that the register selects. */
function generate(key: Buffer, register: Buffer): void {
  const variant = xor(key, LEFT_HALF_VARIANT);
  const generated = joined(generateHalf(variant, register), generateHalf(key, register));
  generated.copy(key);
  generated.fill(0);
  variant.fill(0);
}

/** Encrypts the register with DES under the left half of the key, XORing the right half in before and after. */
function generateHalf(key: Buffer, register: Buffer): Buffer {
  const right = key.subarray(8);
  const input = xor(register, right);
  using left = des(key.subarray(0, 8));
  const output = left.encrypt(input);
  input.fill(0);
  try {
    return xor(output, right);
  } finally {
    output.fill(0);
  }
}

/** Joins two halves into one key and zeroizes the halves. */
function joined(left: Buffer, right: Buffer): Buffer {
  const key = Buffer.concat([left, right]);
  left.fill(0);
  right.fill(0);
  return key;
}

/** Returns a copy of the KSN, extended to 10 bytes. */
function wholeKsn(ksn: Buffer): Buffer {
  if (ksn.length !== 8 && ksn.length !== 10)
    throw new CryptoError('KSN', 'The key serial number of a TDES base derivation key must be 10 bytes, or 8');
  const whole = Buffer.alloc(10, 0xff);
  ksn.copy(whole, 10 - ksn.length);
  return whole;
}

function requireDoubleLength(key: Buffer): void {
  if (key.length !== 16) throw new CryptoError('KEY_LENGTH', 'A TDES DUKPT key must be 16 bytes (TDES_2KEY)');
}

function bothHalves(mask: string): Buffer {
  return Buffer.from(mask + mask, 'hex');
}
