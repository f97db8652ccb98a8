import { xor } from '../bytes.js';
import { tdes, withOddParity } from '../des.js';
import { requireBytes } from '../fields.js';
import { emv2000TreeKey } from './emv2000-tree.js';
import { lend, requireEmvKey } from './key.js';

/** Session key derivations by their names on the wire. */
export type SessionKeyScheme =
  'EMV_COMMON_SESSION_KEY' | 'EMV2000' | 'MASTERCARD_SESSION_KEY' | 'VISA' | 'AMEX' | 'UNION_PAY';

/** What a transaction gives to the derivation; each scheme reads what it needs. */
export interface SessionData {
  /** Application transaction counter, 2 bytes. */
  atc?: Buffer;
  /** Unpredictable number of the terminal, 4 bytes. */
  un?: Buffer;
  /** Application cryptogram, 8 bytes; with more than one script command, incremented by the caller for each. */
  applicationCryptogram?: Buffer;
}

/** @returns 16 bytes, the caller's to zeroize */
type Derivation = (iccKey: Buffer, session: SessionData) => Buffer;

interface Scheme {
  /** The key of ARQC, TC and AAC. */
  applicationCryptogram: Derivation;
  /** The key of a script's MAC or encipherment, from the ICC master key for that purpose. */
  secureMessaging: Derivation;
  /** The key of the ARPC: M/Chip's proprietary derivation leaves that to the ICC master key; Visa has no other. */
  arpc: 'SESSION' | 'ICC_MASTER';
}

export const SESSION_KEY_SCHEMES: Record<SessionKeyScheme, Scheme> = {
  EMV_COMMON_SESSION_KEY: { applicationCryptogram: commonByAtc, secureMessaging: commonByCryptogram, arpc: 'SESSION' },
  EMV2000: { applicationCryptogram: emv2000, secureMessaging: emv2000, arpc: 'SESSION' },
  MASTERCARD_SESSION_KEY: { applicationCryptogram: mChip, secureMessaging: commonByCryptogram, arpc: 'ICC_MASTER' },
  VISA: { applicationCryptogram: iccKeyItself, secureMessaging: visa, arpc: 'ICC_MASTER' },
  // American Express publishes nothing: as Visa.
  AMEX: { applicationCryptogram: iccKeyItself, secureMessaging: visa, arpc: 'ICC_MASTER' },
  UNION_PAY: { applicationCryptogram: unionPay, secureMessaging: unionPay, arpc: 'SESSION' },
};

/**
 * Session key of the application cryptogram.
 *
 * @param iccKey  ICC master key for cryptograms, 16 bytes; stays the caller's to zeroize
 * @param session the counter for EMV common, EMV 2000 and UnionPay; counter and unpredictable number for Mastercard;
 *                nothing for Visa and Amex
 * @returns 16 bytes, the caller's to zeroize; odd parity but for the ICC master key itself, which is returned as it is
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function applicationCryptogramKey(scheme: SessionKeyScheme, iccKey: Buffer, session: SessionData): Buffer {
  requireEmvKey(iccKey);
  return SESSION_KEY_SCHEMES[scheme].applicationCryptogram(iccKey, session);
}

/**
 * Session key of secure messaging, for integrity or for confidentiality as the ICC master key is.
 *
 * @param iccKey  ICC master key for that purpose, 16 bytes; stays the caller's to zeroize
 * @param session the application cryptogram for EMV common and Mastercard; the counter for the others
 * @returns 16 bytes with odd parity, the caller's to zeroize
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function secureMessagingKey(scheme: SessionKeyScheme, iccKey: Buffer, session: SessionData): Buffer {
  requireEmvKey(iccKey);
  return SESSION_KEY_SCHEMES[scheme].secureMessaging(iccKey, session);
}

/**
 * Common session key derivation: EMV 4.4 Book 2 Annex A1.3.1.
 *
 * @param r diversification value, 8 bytes, of which the third is replaced: F0 for the left half, 0F for the right one
 * @returns 16 bytes with odd parity, the caller's to zeroize
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function commonSessionKey(iccKey: Buffer, r: Buffer): Buffer {
  requireEmvKey(iccKey);
  const blocks = Buffer.concat([requireBytes(r, 8, 'diversification value'), r]);
  blocks[2] = 0xf0;
  blocks[10] = 0x0f;
  return encrypted(iccKey, blocks);
}

/** Annex A1.3.1, for cryptograms: R = ATC || 00 00 00 00 00 00. */
function commonByAtc(iccKey: Buffer, { atc }: SessionData): Buffer {
  return commonSessionKey(iccKey, Buffer.concat([counter(atc), Buffer.alloc(6)]));
}

/** Annex A1.3.1, for secure messaging: R = application cryptogram. */
function commonByCryptogram(iccKey: Buffer, { applicationCryptogram }: SessionData): Buffer {
  return commonSessionKey(iccKey, requireBytes(applicationCryptogram, 8, 'application cryptogram'));
}

/** Mastercard's proprietary derivation (M/Chip 4, CVN 16 and 17): R = ATC || 00 00 || UN. */
function mChip(iccKey: Buffer, { atc, un }: SessionData): Buffer {
  return commonSessionKey(
    iccKey,
    Buffer.concat([counter(atc), Buffer.alloc(2), requireBytes(un, 4, 'unpredictable number')]),
  );
}

/** Visa's CVN 10 and Amex's CVN 01 have no session key for cryptograms. */
function iccKeyItself(iccKey: Buffer): Buffer {
  return Buffer.from(iccKey);
}

/** Visa's VIS: left half xor (00.. || ATC), right half xor (00.. || not ATC). */
function visa(iccKey: Buffer, { atc }: SessionData): Buffer {
  return lend(xor(iccKey, atcAndComplement(atc)), withOddParity);
}

/** AWS doesn't publish its parameters: the usual ones, branch factor 4, height 8, IV of zeros. */
function emv2000(iccKey: Buffer, { atc }: SessionData): Buffer {
  return emv2000TreeKey(iccKey, counter(atc));
}

/** PBOC (JR/T 0025): TDES over (00.. || ATC) and (00.. || not ATC). That AWS computes UNION_PAY so isn't published. */
function unionPay(iccKey: Buffer, { atc }: SessionData): Buffer {
  return encrypted(iccKey, atcAndComplement(atc));
}

/** 00 00 00 00 00 00 || ATC || 00 00 00 00 00 00 || not ATC */
function atcAndComplement(atc: Buffer | undefined): Buffer {
  const blocks = Buffer.alloc(16);
  counter(atc).copy(blocks, 6);
  blocks.writeUInt16BE(0xffff - blocks.readUInt16BE(6), 14);
  return blocks;
}

function counter(atc: Buffer | undefined): Buffer {
  return requireBytes(atc, 2, 'application transaction counter');
}

function encrypted(iccKey: Buffer, blocks: Buffer): Buffer {
  using cipher = tdes(iccKey);
  return lend(cipher.encrypt(blocks), withOddParity);
}
