import { padMethod2, toHex } from '../crypto/bytes.js';
import { arpcMethod1, arpcMethod2 } from '../crypto/emv/application-cryptogram.js';
import { type Card, diversification, iccMasterKey } from '../crypto/emv/icc-master-key.js';
import { scriptMac } from '../crypto/emv/secure-messaging.js';
import {
  applicationCryptogramKey,
  secureMessagingKey,
  SESSION_KEY_SCHEMES,
  type SessionData,
  type SessionKeyScheme,
} from '../crypto/emv/session-key.js';
import type { NamedDigits } from './fields.js';

/** The keys of a card for one transaction, step by step. The keys are the caller's to zeroize. */
export interface CardKeys {
  /** The 16 digits from which the ICC master key is derived. */
  readonly diversification: string;
  readonly iccKey: Buffer;
  /** Diversification data of the left half of the session key; empty if the ICC master key is the session key. */
  readonly sessionInput: readonly NamedDigits[];
  readonly sessionKey: Buffer;
}

/** Transaction data from which the session key of a cryptogram is derived. */
export type CryptogramSession = SessionData & { readonly atc: Buffer; readonly un: Buffer };

/**
 * Derives the keys of an application cryptogram.
 *
 * @param issuerKey   16 bytes; the caller zeroizes it
 * @param session.atc 2 bytes
 * @param session.un  4 bytes, which only Mastercard's derivation reads
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function cryptogramKeys(
  issuerKey: Buffer,
  card: Card,
  scheme: SessionKeyScheme,
  session: CryptogramSession,
): CardKeys {
  const iccKey = iccMasterKey(issuerKey, card);
  return {
    diversification: diversification(card),
    iccKey,
    sessionInput: sessionInput(scheme, session),
    sessionKey: applicationCryptogramKey(scheme, iccKey, session),
  };
}

/** Schemes that derive the key of issuer scripts from the application cryptogram; the others use the ATC. */
const BY_CRYPTOGRAM: readonly SessionKeyScheme[] = ['EMV_COMMON_SESSION_KEY', 'MASTERCARD_SESSION_KEY'];

/**
 * Computes the MAC of an issuer script command with the card's key for secure messaging with integrity.
 *
 * @param issuerKey                     issuer master key for integrity (E2), 16 bytes; the caller zeroizes it
 * @param session.applicationCryptogram 8 bytes, for EMV common and Mastercard
 * @param session.atc                   2 bytes, for the other schemes
 * @param message                       without padding
 * @returns the keys, the padded message and the MAC of 8 bytes
 * @throws CryptoError KEY_LENGTH, PAN, DIGITS, DATA_LENGTH
 */
export function scriptMacSteps(
  issuerKey: Buffer,
  card: Card,
  scheme: SessionKeyScheme,
  session: SessionData,
  message: Buffer,
): CardKeys & { readonly padded: Buffer; readonly mac: Buffer } {
  const iccKey = iccMasterKey(issuerKey, card);
  const sessionKey = secureMessagingKey(scheme, iccKey, session);
  const input = BY_CRYPTOGRAM.includes(scheme)
    ? { name: 'Application cryptogram', digits: toHex(session.applicationCryptogram ?? Buffer.alloc(0)) }
    : { name: 'ATC', digits: toHex(session.atc ?? Buffer.alloc(0)) };
  return {
    diversification: diversification(card),
    iccKey,
    sessionInput: [input],
    sessionKey,
    padded: padMethod2(message, 8),
    mac: scriptMac(sessionKey, message),
  };
}

/** The response of the issuer to a cryptogram: a response code, or a card status update with proprietary data. */
export type ArpcRequest =
  | { readonly method: 1; readonly arc: Buffer }
  | { readonly method: 2; readonly csu: Buffer; readonly proprietary: Buffer };

/**
 * Computes an authorization response cryptogram.
 *
 * @param keys from `cryptogramKeys`
 * @param arqc 8 bytes
 * @returns the key that the scheme prescribes, which belongs to `keys`, and the ARPC: 8 bytes by method 1, 4 by method 2
 * @throws CryptoError DATA_LENGTH
 */
export function arpcSteps(
  keys: CardKeys,
  scheme: SessionKeyScheme,
  arqc: Buffer,
  request: ArpcRequest,
): { readonly key: 'SESSION' | 'ICC_MASTER'; readonly arpc: Buffer } {
  const { arpc: which } = SESSION_KEY_SCHEMES[scheme];
  const key = which === 'SESSION' ? keys.sessionKey : keys.iccKey;
  const arpc = request.method === 1 ? arpcMethod1(key, { arqc, ...request }) : arpcMethod2(key, { arqc, ...request });
  return { key: which, arpc };
}

function sessionInput(scheme: SessionKeyScheme, { atc, un }: CryptogramSession): NamedDigits[] {
  const counter = { name: 'ATC', digits: toHex(atc) };
  const zeros = (bytes: number) => ({ name: 'Zeros', digits: '00'.repeat(bytes) });
  const half = { name: 'F0 left, 0F right', digits: 'F0' };
  switch (scheme) {
    case 'EMV_COMMON_SESSION_KEY':
      return [counter, half, zeros(5)];
    case 'MASTERCARD_SESSION_KEY':
      return [counter, half, zeros(1), { name: 'Unpredictable number', digits: toHex(un) }];
    case 'UNION_PAY':
      return [zeros(6), { ...counter, name: 'ATC left, inverted right' }];
    case 'EMV2000':
      return [{ ...counter, name: 'ATC: leaf of a tree with 4 branches and 8 levels' }];
    case 'VISA':
    case 'AMEX':
      return [];
  }
}
