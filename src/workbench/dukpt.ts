import {
  type AesDukptKeyType,
  type AesDukptUsage,
  aesInitialKey,
  aesTransactionKey,
  aesWorkingKey,
} from '../crypto/dukpt/aes.js';
import { tdesInitialKey, tdesTransactionKey, type TdesDukptUsage, tdesWorkingKey } from '../crypto/dukpt/tdes.js';
import { CryptoError } from '../crypto/errors.js';
import type { NamedDigits } from './fields.js';

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
  /** The counter as far as it is walked. */
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
 * Derives all keys of one transaction by ANSI X9.24-1 (TDES) or X9.24-3 (AES), which the length of the key serial number tells apart.
 *
 * @param keys.bdk base derivation key: 16 bytes for TDES, 16, 24 or 32 for AES; the caller zeroizes it
 * @param keys.ksn 8 or 10 bytes for TDES, 12 for AES
 * @throws CryptoError KEY_LENGTH, KSN
 */
export function deriveTransaction({ bdk, ksn }: { bdk: Buffer; ksn: Buffer }): DukptDerivation {
  return ksn.length === 12 ? aesDerivation(bdk, ksn) : tdesDerivation(bdk, ksn);
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
    steps: (counter === UPDATE_COUNTER ? [counter] : walked(counter, 31)).map((at) => {
      const before = Buffer.from(ksn);
      before.writeUInt32BE(at, 8);
      return { counter: at, key: aesTransactionKey({ initialKey, ksn: before }) };
    }),
    workingKeys: AES_USAGES.filter((usage) => counter !== UPDATE_COUNTER || usage === 'KEY_ENCRYPTION').map(
      (usage) => ({ usage, key: aesWorkingKey({ bdk, ksn, usage, keyType }) }),
    ),
  };
}

/** The counters that a derivation walks through: the one-bits from the highest down, added one after the other. */
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
