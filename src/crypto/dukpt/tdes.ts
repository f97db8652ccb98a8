import { xor } from '../bytes.js';
import { des, tdes } from '../des.js';
import { CryptoError } from '../errors.js';

/** Use of a working key; `REQUEST` is from the terminal to the host, `RESPONSE` from the host to the terminal. */
export type TdesDukptUsage = 'PIN' | 'MAC_REQUEST' | 'MAC_RESPONSE' | 'DATA_REQUEST' | 'DATA_RESPONSE';

/** X9.24-1:2009 table A-1: what each half of the transaction key is xored with. */
const VARIANTS: Record<TdesDukptUsage, Buffer> = {
  PIN: bothHalves('00000000000000FF'),
  MAC_REQUEST: bothHalves('000000000000FF00'),
  MAC_RESPONSE: bothHalves('00000000FF000000'),
  DATA_REQUEST: bothHalves('0000000000FF0000'),
  DATA_RESPONSE: bothHalves('000000FF00000000'),
};

/** Separates the left half of a generated key from its right half. */
const LEFT_HALF_VARIANT = bothHalves('C0C0C0C000000000');

const COUNTER_BITS = 21;

/**
 * Initial key (IPEK) of TDES DUKPT: ANSI X9.24-1:2009 A.6, equal to X9.24-3:2017 C.7.
 *
 * @param keys.bdk base derivation key, 16 bytes (the standard knows no other), parity ignored; the caller's to zeroize
 * @param keys.ksn key serial number, 10 bytes, or 8 which FFFF is put before; its counter is not read
 * @returns 16 bytes, parity as it falls; the caller's to zeroize
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
 * Transaction key of TDES DUKPT, which stands in the device's key register before any variant: ANSI X9.24-1:2009 A.3.
 *
 * The one-bits of the counter are walked from the highest, one generation each; for counter 0 the initial key is the
 * transaction key. A device skips counters with more than ten one-bits, so that no key is further away; the standard asks
 * no host to check that, and such a key is defined, so it is derived.
 *
 * @param keys.initialKey 16 bytes; stays the caller's to zeroize
 * @param keys.ksn        as for `tdesInitialKey`; the counter is its rightmost 21 bits
 * @returns 16 bytes, the caller's to zeroize
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
 * Working key of TDES DUKPT: the variant of the transaction key for one use, ANSI X9.24-1:2009 A.4.1. A data key goes
 * through a one-way function too: each half of the variant is encrypted under the variant itself.
 *
 * @param keys.bdk   as for `tdesInitialKey`
 * @param keys.ksn   as for `tdesTransactionKey`
 * @param keys.usage what the key is for
 * @returns 16 bytes, the caller's to zeroize
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

/** Non-reversible key generation process, A.2: the key becomes the one that the register leads to. */
function generate(key: Buffer, register: Buffer): void {
  const variant = xor(key, LEFT_HALF_VARIANT);
  const generated = joined(generateHalf(variant, register), generateHalf(key, register));
  generated.copy(key);
  generated.fill(0);
  variant.fill(0);
}

/** The register xored with the right half of the key, before and after DES under its left half. */
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

/** Two halves as one key; the halves are cleared. */
function joined(left: Buffer, right: Buffer): Buffer {
  const key = Buffer.concat([left, right]);
  left.fill(0);
  right.fill(0);
  return key;
}

/** A copy of the KSN, ten bytes long. */
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
