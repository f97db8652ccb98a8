import { xor } from '../bytes.js';
import { tdes, withOddParity } from '../des.js';
import { requireBytes } from '../fields.js';
import { emv2000TreeKey, type Tree } from './emv2000-tree.js';
import type { Card } from './icc-master-key.js';
import { lend, requireEmvKey } from './key.js';

/** Session key derivations by their API names. */
export type SessionKeyScheme =
  'EMV_COMMON_SESSION_KEY' | 'EMV2000' | 'MASTERCARD_SESSION_KEY' | 'VISA' | 'AMEX' | 'UNION_PAY';

/** Transaction data for the derivation; each scheme reads the fields it needs. */
export interface SessionData {
  /** Application transaction counter, 2 bytes. */
  atc?: Buffer;
  /** Unpredictable number from the terminal, 4 bytes. */
  un?: Buffer;
  /** Application cryptogram, 8 bytes; the caller increments it for each further script command. */
  applicationCryptogram?: Buffer;
  /** Tree of EMV 2000, by default with branch factor 4, height 8 and an initial value of zeros. */
  tree?: Tree;
}

/** Transaction of a card, and the scheme that derives its session key. */
export interface Transaction {
  scheme: SessionKeyScheme;
  card: Card;
  session: SessionData;
}

/** @returns 16 bytes; the caller must zeroize it */
type Derivation = (iccKey: Buffer, session: SessionData) => Buffer;

interface Scheme {
  /** Derives the session key for ARQC, TC and AAC. */
  applicationCryptogram: Derivation;
  /** Derives the session key for script MACs or encipherment from the ICC master key for that purpose. */
  secureMessaging: Derivation;
  /**
   * Key that computes the ARPC: the ICC master key where the scheme has no session key for it (Visa) or prescribes the
   * master key (M/Chip's proprietary derivation).
   */
  arpc: 'SESSION' | 'ICC_MASTER';
}

export const SESSION_KEY_SCHEMES: Record<SessionKeyScheme, Scheme> = {
  EMV_COMMON_SESSION_KEY: { applicationCryptogram: commonByAtc, secureMessaging: commonByCryptogram, arpc: 'SESSION' },
  EMV2000: { applicationCryptogram: emv2000, secureMessaging: emv2000, arpc: 'SESSION' },
  MASTERCARD_SESSION_KEY: { applicationCryptogram: mChip, secureMessaging: commonByCryptogram, arpc: 'ICC_MASTER' },
  VISA: { applicationCryptogram: iccKeyItself, secureMessaging: visa, arpc: 'ICC_MASTER' },
  // American Express publishes no derivation, so this uses Visa's.
  AMEX: { applicationCryptogram: iccKeyItself, secureMessaging: visa, arpc: 'ICC_MASTER' },
  UNION_PAY: { applicationCryptogram: unionPay, secureMessaging: unionPay, arpc: 'SESSION' },
};

/**
 * Derives the session key for application cryptograms.
 *
 * @param iccKey  ICC master key for cryptograms, 16 bytes; the caller zeroizes it
 * @param session the counter for EMV common, EMV 2000 and UnionPay; counter and unpredictable number for Mastercard;
 *                nothing for Visa and Amex
 * @returns 16 bytes with odd parity, except that Visa and Amex return the ICC master key unchanged; the caller must
 *   zeroize it
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function applicationCryptogramKey(scheme: SessionKeyScheme, iccKey: Buffer, session: SessionData): Buffer {
  requireEmvKey(iccKey);
  return SESSION_KEY_SCHEMES[scheme].applicationCryptogram(iccKey, session);
}

/**
 * Derives a session key for secure messaging, for integrity or for confidentiality depending on the ICC master key.
 *
 * @param iccKey  ICC master key for that purpose, 16 bytes; the caller zeroizes it
 * @param session the application cryptogram for EMV common and Mastercard; the counter for the others
 * @returns 16 bytes with odd parity; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function secureMessagingKey(scheme: SessionKeyScheme, iccKey: Buffer, session: SessionData): Buffer {
  requireEmvKey(iccKey);
  return SESSION_KEY_SCHEMES[scheme].secureMessaging(iccKey, session);
}

/**
 * Derives a common session key: EMV 4.4 Book 2 Annex A1.3.1.
 *
 * @param r diversification value, 8 bytes. Its third byte is replaced by F0 for the left half and by 0F for the right
 *          half
 * @returns 16 bytes with odd parity; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function commonSessionKey(iccKey: Buffer, r: Buffer): Buffer {
  requireEmvKey(iccKey);
  const blocks = Buffer.concat([requireBytes(r, 8, 'diversification value'), r]);
  blocks[2] = 0xf0;
  blocks[10] = 0x0f;
  return encrypted(iccKey, blocks);
}

/** Annex A1.3.1 for application cryptograms: R = ATC || 00 00 00 00 00 00. */
function commonByAtc(iccKey: Buffer, { atc }: SessionData): Buffer {
  return commonSessionKey(iccKey, Buffer.concat([counter(atc), Buffer.alloc(6)]));
}

/** Annex A1.3.1 for secure messaging: R = application cryptogram. */
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

/** Visa's VIS: left half XOR (00.. || ATC), right half XOR (00.. || NOT ATC). */
function visa(iccKey: Buffer, { atc }: SessionData): Buffer {
  return lend(xor(iccKey, atcAndComplement(atc)), withOddParity);
}

/** EMV 2000 tree, by default with the usual parameters, because AWS does not publish its own. */
function emv2000(iccKey: Buffer, { atc, tree }: SessionData): Buffer {
  return emv2000TreeKey(iccKey, counter(atc), tree);
}

/** PBOC (JR/T 0025): TDES over (00.. || ATC) and (00.. || NOT ATC). AWS does not publish how it computes UNION_PAY. */
function unionPay(iccKey: Buffer, { atc }: SessionData): Buffer {
  return encrypted(iccKey, atcAndComplement(atc));
}

/** 00 00 00 00 00 00 || ATC || 00 00 00 00 00 00 || NOT ATC */
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
