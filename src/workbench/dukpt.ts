import {
  type AesDukptKeyType,
  type AesDukptUsage,
  aesInitialKey,
  aesTransactionKey,
  aesWorkingKey,
} from '../crypto/dukpt/aes.js';
import { tdesInitialKey, tdesTransactionKey, type TdesDukptUsage, tdesWorkingKey } from '../crypto/dukpt/tdes.js';
import { aes } from '../crypto/aes.js';
import { tdes } from '../crypto/des.js';
import { CryptoError } from '../crypto/errors.js';
import { decryptPinBlock } from '../crypto/pin-block.js';
import type { NamedDigits } from './fields.js';
import { readingsOf } from './pin-blocks.js';

const TDES_USAGES: readonly TdesDukptUsage[] = ['PIN', 'MAC_REQUEST', 'MAC_RESPONSE', 'DATA_REQUEST', 'DATA_RESPONSE'];
const AES_USAGES: readonly AesDukptUsage[] = [
  'PIN_ENCRYPTION',
  'MAC_GENERATION',
  'MAC_VERIFICATION',
  'MAC_BOTH',
  'DATA_ENCRYPT',
  'DATA_DECRYPT',
  'DATA_BOTH',
  'KEY_ENCRYPTION',
  'KEY_DERIVATION',
];
/** The counter under which a device receives its next initial key; its only working key encrypts that. */
const UPDATE_COUNTER = 0xffffffff;
const AES_KEY_TYPES: Readonly<Record<number, AesDukptKeyType>> = { 16: 'AES_128', 24: 'AES_192', 32: 'AES_256' };

/** One bit of the transaction counter and the key that it leads to. */
export interface CounterStep {
  /** The counter up to and including this bit. */
  readonly counter: number;
  readonly key: Buffer;
}

/** The derivation of all keys of one transaction, step by step. The keys are the caller's to zeroize. */
export interface DukptDerivation {
  readonly algorithm: 'TDES' | 'AES';
  readonly fields: readonly NamedDigits[];
  readonly counter: number;
  readonly initialKey: Buffer;
  /** The transaction key is that of the last step, or the initial key if there is no step. */
  readonly steps: readonly CounterStep[];
  readonly workingKeys: readonly { readonly usage: TdesDukptUsage | AesDukptUsage; readonly key: Buffer }[];
}

/**
 * Derives all keys of one transaction by ANSI X9.24-1 (TDES) or X9.24-3 (AES), depending on the length of the key
 * serial number.
 *
 * @param keys.bdk base derivation key: 16 bytes for TDES, 16, 24 or 32 for AES; the caller zeroizes it
 * @param keys.ksn 8 or 10 bytes for TDES, 12 for AES
 * @throws CryptoError KEY_LENGTH, KSN
 */
export function deriveTransaction({ bdk, ksn }: { bdk: Buffer; ksn: Buffer }): DukptDerivation {
  return ksn.length === 12 ? aesDerivation(bdk, ksn) : tdesDerivation(bdk, ksn);
}

/** The decryption of a ciphertext under one working key. */
export interface DukptReading {
  readonly usage: TdesDukptUsage | AesDukptUsage;
  /** The ciphertext decrypted in CBC with an initialization vector of zeros. */
  readonly clear: Buffer;
  /** Set if the result is plausible: a PIN block that decodes, or text followed by zeros. */
  readonly plausible?: 'PIN' | 'TEXT';
}

/**
 * Decrypts data or a PIN block under each working key of a transaction, to find out which of them encrypted it.
 *
 * @param pan 12 to 19 digits; without it PIN blocks that are bound to a PAN aren't recognized
 * @throws CryptoError DATA_LENGTH, PAN
 */
export function readingsUnder(derivation: DukptDerivation, ciphertext: Buffer, pan?: string): DukptReading[] {
  const { algorithm, workingKeys } = derivation;
  const blockBytes = algorithm === 'TDES' ? 8 : 16;
  if (ciphertext.length === 0 || ciphertext.length % blockBytes !== 0)
    throw new CryptoError('DATA_LENGTH', `The ciphertext must be whole blocks of ${blockBytes} bytes`);
  return workingKeys.map(({ usage, key }) => {
    using cipher = algorithm === 'TDES' ? tdes(key) : aes(key);
    const clear = cipher.decryptCbc(Buffer.alloc(blockBytes), ciphertext);
    if (ciphertext.length === blockBytes && usage.startsWith('PIN') && isPinBlock(clear))
      return { usage, clear, plausible: 'PIN' as const };
    return { usage, clear, ...(isText(clear) && { plausible: 'TEXT' as const }) };

    function isPinBlock(block: Buffer): boolean {
      if (algorithm === 'TDES') return readingsOf(block, pan).length > 0;
      return pan !== undefined && decodes(() => decryptPinBlock(cipher, 4, { block: ciphertext, pan }));
    }
  });
}

function decodes(decode: () => string): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'PIN_BLOCK') return false;
    throw error;
  }
}

/** True for printable ASCII, followed by zeros. */
function isText(clear: Buffer): boolean {
  return /^[\x20-\x7e]+\0*$/.test(clear.toString('latin1'));
}

/**
 * Maximum number of one-bits in a device's counter, which skips other values: ANSI X9.24-1:2009 A.3, X9.24-3:2017 6.1.
 */
const MOST_ONES = { TDES: 10, AES: 16 } as const;

/**
 * Returns the key serial number of the next or the previous transaction of a device.
 *
 * @param ksn 8 or 10 bytes for TDES, 12 for AES
 * @returns as long as `ksn`; undefined before the first and after the last transaction
 */
export function neighbourOf(ksn: Buffer, step: 1 | -1): Buffer | undefined {
  const algorithm = ksn.length === 12 ? 'AES' : 'TDES';
  const last = algorithm === 'AES' ? UPDATE_COUNTER - 1 : 0x1fffff;
  let counter = algorithm === 'AES' ? ksn.readUInt32BE(8) : ksn.readUIntBE(ksn.length - 3, 3) & 0x1fffff;
  do counter += step;
  while (ones(counter) > MOST_ONES[algorithm]);
  if (counter < 0 || counter > last) return undefined;
  return algorithm === 'AES' ? withAesCounter(ksn, counter) : withTdesCounter(ksn, counter);
}

function ones(counter: number): number {
  return counter < 0 ? 0 : counter.toString(2).replaceAll('0', '').length;
}

function withAesCounter(ksn: Buffer, counter: number): Buffer {
  const changed = Buffer.from(ksn);
  changed.writeUInt32BE(counter, 8);
  return changed;
}

function tdesDerivation(bdk: Buffer, ksn: Buffer): DukptDerivation {
  const initialKey = tdesInitialKey({ bdk, ksn });
  const counter = ksn.readUIntBE(ksn.length - 3, 3) & 0x1fffff;
  return {
    algorithm: 'TDES',
    fields: tdesFields(ksn),
    counter,
    initialKey,
    steps: walked(counter, 20).map((at) => ({
      counter: at,
      key: tdesTransactionKey({ initialKey, ksn: withTdesCounter(ksn, at) }),
    })),
    workingKeys: TDES_USAGES.map((usage) => ({ usage, key: tdesWorkingKey({ bdk, ksn, usage }) })),
  };
}

function aesDerivation(bdk: Buffer, ksn: Buffer): DukptDerivation {
  const keyType = AES_KEY_TYPES[bdk.length];
  if (!keyType) throw new CryptoError('KEY_LENGTH', 'An AES DUKPT key must be 16, 24 or 32 bytes');
  const initialKey = aesInitialKey({ bdk, ksn });
  const counter = ksn.readUInt32BE(8);
  return {
    algorithm: 'AES',
    fields: aesFields(ksn),
    counter,
    initialKey,
    steps: (counter === UPDATE_COUNTER ? [counter] : walked(counter, 31)).map((at) => ({
      counter: at,
      key: aesTransactionKey({ initialKey, ksn: withAesCounter(ksn, at) }),
    })),
    workingKeys: AES_USAGES.filter((usage) => counter !== UPDATE_COUNTER || usage === 'KEY_ENCRYPTION').map(
      (usage) => ({ usage, key: aesWorkingKey({ bdk, ksn, usage, keyType }) }),
    ),
  };
}

/** The counters of a derivation's steps: one-bits are added one by one, beginning with the highest. */
function walked(counter: number, highestBit: number): number[] {
  const path: number[] = [];
  let at = 0;
  for (let bit = highestBit; bit >= 0; bit--) {
    const value = 2 ** bit;
    if (Math.floor(counter / value) % 2 === 1) path.push((at += value));
  }
  return path;
}

function withTdesCounter(ksn: Buffer, counter: number): Buffer {
  const changed = Buffer.from(ksn);
  const last = ksn.readUIntBE(ksn.length - 3, 3);
  changed.writeUIntBE(last - (last & 0x1fffff) + counter, ksn.length - 3, 3);
  return changed;
}

/** ANSI X9.24-1: the device identifier ends, and the counter begins, within a digit. */
function tdesFields(ksn: Buffer): NamedDigits[] {
  const digits = ksn.toString('hex').toUpperCase().padStart(20, 'F');
  const last = Number.parseInt(digits.slice(14), 16);
  return [
    { name: 'key set identifier', digits: digits.slice(0, 10) },
    {
      name: 'device identifier, 19 bits',
      digits: digits.slice(10, 14) + ((last >> 21) << 1).toString(16).toUpperCase(),
    },
    { name: 'transaction counter, 21 bits', digits: (last & 0x1fffff).toString(16).toUpperCase().padStart(6, '0') },
  ];
}

function aesFields(ksn: Buffer): NamedDigits[] {
  const digits = ksn.toString('hex').toUpperCase();
  return [
    { name: 'BDK identifier', digits: digits.slice(0, 8) },
    { name: 'derivation identifier', digits: digits.slice(8, 16) },
    { name: 'transaction counter', digits: digits.slice(16) },
  ];
}
