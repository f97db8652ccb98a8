import { aes } from '../aes.js';
import { CryptoError } from '../errors.js';

/** Key usage indicators of X9.24-3:2017 tables 2 and 3. */
const USAGES = {
  KEY_ENCRYPTION: 0x0002,
  PIN_ENCRYPTION: 0x1000,
  MAC_GENERATION: 0x2000,
  MAC_VERIFICATION: 0x2001,
  MAC_BOTH: 0x2002,
  DATA_ENCRYPT: 0x3000,
  DATA_DECRYPT: 0x3001,
  DATA_BOTH: 0x3002,
  KEY_DERIVATION: 0x8000,
  KEY_DERIVATION_INITIAL_KEY: 0x8001,
} as const;

/** Algorithm indicators and key lengths of the same tables; strength is in bits, SP 800-57 part 1 table 2. */
const KEY_TYPES = {
  TDES_2KEY: { algorithm: 0x0000, bytes: 16, strength: 80 },
  TDES_3KEY: { algorithm: 0x0001, bytes: 24, strength: 112 },
  AES_128: { algorithm: 0x0002, bytes: 16, strength: 128 },
  AES_192: { algorithm: 0x0003, bytes: 24, strength: 192 },
  AES_256: { algorithm: 0x0004, bytes: 32, strength: 256 },
  HMAC_128: { algorithm: 0x0005, bytes: 16, strength: 128 },
  HMAC_192: { algorithm: 0x0005, bytes: 24, strength: 192 },
  HMAC_256: { algorithm: 0x0005, bytes: 32, strength: 256 },
} as const;

/**
 * Working key purpose, named from the terminal's side: it generates the MACs that the host verifies and encrypts the
 * data that the host decrypts.
 */
export type AesDukptUsage = Exclude<keyof typeof USAGES, 'KEY_DERIVATION_INITIAL_KEY'>;

/** Working key type: algorithm and key length. */
export type AesDukptKeyType = keyof typeof KEY_TYPES;

export interface AesDukptArguments {
  bdk: Buffer;
  ksn: Buffer;
  usage: AesDukptUsage;
  keyType: AesDukptKeyType;
}

/**
 * Section 6.1 allows counters with up to 16 one-bits. The terminal pseudocode in annex B counts the bits before it
 * increments the counter and so reaches 17, as do the published test vectors (0001FFFF). Accepting 17 lets a host work
 * with both kinds of terminal.
 */
const MAX_COUNTER_ONES = 17;

/** Counter after the last transaction, under which a device receives its next initial key. */
const UPDATE_COUNTER = 0xffffffff;

/**
 * Derives the initial key of AES DUKPT: ANSI X9.24-3:2017 section 6.3. The key has the same type as the base derivation
 * key.
 *
 * @param keys.bdk base derivation key, 16, 24 or 32 bytes; the caller zeroizes it
 * @param keys.ksn key serial number, 12 bytes: initial key ID (8) and transaction counter (4), which is ignored
 * @returns as long as the BDK; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, KSN
 */
export function aesInitialKey({ bdk, ksn }: { bdk: Buffer; ksn: Buffer }): Buffer {
  requireKsn(ksn);
  return derive(bdk, 'KEY_DERIVATION_INITIAL_KEY', typeOf(bdk), ksn.subarray(0, 8));
}

/**
 * Derives the derivation key of one transaction: ANSI X9.24-3:2017 sections 6.1 and 6.4. Each one-bit of the counter,
 * from the highest down, adds one intermediate derivation key; for counter 0 the result is the initial key.
 *
 * @param keys.initialKey 16, 24 or 32 bytes; the caller zeroizes it
 * @param keys.ksn        12 bytes, with at most 17 one-bits in the counter, or with counter FFFFFFFF
 * @returns as long as the initial key; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, KSN
 */
export function aesTransactionKey({ initialKey, ksn }: { initialKey: Buffer; ksn: Buffer }): Buffer {
  const counter = counterOf(ksn);
  const type = typeOf(initialKey);
  const context = contextOf(ksn);
  let key: Buffer = Buffer.from(initialKey);
  let walked = 0;
  for (let bit = 2 ** 31; bit >= 1; bit /= 2) {
    if ((counter & bit) === 0) continue;
    walked += bit;
    context.writeUInt32BE(walked, 4);
    const next = derive(key, 'KEY_DERIVATION', type, context);
    key.fill(0);
    key = next;
  }
  return key;
}

/**
 * Derives an AES DUKPT working key for one purpose: ANSI X9.24-3:2017 section 6.3.
 *
 * @param keys.bdk     base derivation key, 16, 24 or 32 bytes; the caller zeroizes it
 * @param keys.ksn     12 bytes, with at most 17 one-bits in the counter; counter FFFFFFFF only with `KEY_ENCRYPTION`,
 *                     which gives the key that encrypts the device's next initial key
 * @param keys.usage   purpose of the key
 * @param keys.keyType algorithm and length of the key, which must not be stronger than the BDK (section 6.1.3)
 * @returns a key of the requested length, TDES parity not adjusted; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, KSN
 */
export function aesWorkingKey({ bdk, ksn, usage, keyType }: AesDukptArguments): Buffer {
  if (counterOf(ksn) === UPDATE_COUNTER && usage !== 'KEY_ENCRYPTION')
    throw new CryptoError('KSN', 'Counter FFFFFFFF is for updating the initial key: give the KSN of a transaction');
  if (KEY_TYPES[keyType].strength > KEY_TYPES[typeOf(bdk)].strength)
    throw new CryptoError('KEY_LENGTH', 'The derived key must not be stronger than the base derivation key');

  const initialKey = aesInitialKey({ bdk, ksn });
  const transactionKey = aesTransactionKey({ initialKey, ksn });
  initialKey.fill(0);
  try {
    return derive(transactionKey, usage, keyType, contextOf(ksn));
  } finally {
    transactionKey.fill(0);
  }
}

/**
 * Derives a key as in section 6.3.1: AES-ECB over one block of derivation data for each 16 bytes of key. A block is
 * version 01, block counter (1), key usage (2), algorithm (2), key bits (2), and 8 bytes of the KSN.
 */
function derive(key: Buffer, usage: keyof typeof USAGES, keyType: AesDukptKeyType, context: Buffer): Buffer {
  const { algorithm, bytes } = KEY_TYPES[keyType];
  const data = Buffer.alloc(Math.ceil(bytes / 16) * 16);
  for (let at = 0; at < data.length; at += 16) {
    data.writeUInt8(0x01, at);
    data.writeUInt8(at / 16 + 1, at + 1);
    data.writeUInt16BE(USAGES[usage], at + 2);
    data.writeUInt16BE(algorithm, at + 4);
    data.writeUInt16BE(bytes * 8, at + 6);
    context.copy(data, at + 8);
  }
  using cipher = aes(key);
  const blocks = cipher.encrypt(data);
  const derived = Buffer.alloc(bytes);
  blocks.copy(derived);
  blocks.fill(0);
  return derived;
}

/**
 * KSN part of the derivation data for every key below the initial key: the last 4 bytes of the initial key ID, and the
 * counter.
 */
function contextOf(ksn: Buffer): Buffer {
  return Buffer.from(ksn.subarray(4));
}

function counterOf(ksn: Buffer): number {
  requireKsn(ksn);
  const counter = ksn.readUInt32BE(8);
  const ones = counter.toString(2).replaceAll('0', '').length;
  if (ones > MAX_COUNTER_ONES && counter !== UPDATE_COUNTER)
    throw new CryptoError('KSN', `The counter of an AES DUKPT KSN has at most ${MAX_COUNTER_ONES} one-bits`);
  return counter;
}

function requireKsn(ksn: Buffer): void {
  if (ksn.length !== 12)
    throw new CryptoError('KSN', 'The key serial number of an AES base derivation key must be 12 bytes');
}

/** Returns the type of a BDK, an initial key or an intermediate derivation key. */
function typeOf(key: Buffer): 'AES_128' | 'AES_192' | 'AES_256' {
  if (key.length === 16) return 'AES_128';
  if (key.length === 24) return 'AES_192';
  if (key.length === 32) return 'AES_256';
  throw new CryptoError('KEY_LENGTH', 'An AES DUKPT key must be 16, 24 or 32 bytes');
}
