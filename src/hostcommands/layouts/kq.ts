import type { SessionKeyScheme, Transaction } from '../../crypto/emv/session-key.js';
import { HostError } from '../host-error.js';
import { type Cryptogram, readPan, readTransactionData } from './cryptogram-fields.js';
import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

/**
 * Card schemes by their identifiers. `padsWithZeros`: the card pads transaction data with zeros, as for Visa's CVN 10;
 * others use padding method 2. M/Chip's session key has the unpredictable number in it, so its ARPC is under the card's
 * master key, as its cards (CVN 16 and 17) and the API require. Cards with EMV's common session key are those of KW.
 */
const SCHEMES: Record<string, Scheme> = {
  '0': { sessionKey: 'VISA', padsWithZeros: true },
  '1': { sessionKey: 'MASTERCARD_SESSION_KEY', padsWithZeros: false },
  '2': { sessionKey: 'AMEX', padsWithZeros: false },
};
interface Scheme {
  readonly sessionKey: SessionKeyScheme;
  readonly padsWithZeros: boolean;
}

/** Steps of each mode. */
const MODES: Record<string, Mode> = {
  '0': { verifies: true, responds: false, hasMac: false },
  '1': { verifies: true, responds: true, hasMac: false },
  '2': { verifies: false, responds: true, hasMac: false },
  '3': { verifies: true, responds: false, hasMac: true },
  '4': { verifies: true, responds: true, hasMac: true },
};
interface Mode {
  readonly verifies: boolean;
  readonly responds: boolean;
  readonly hasMac: boolean;
}
/** Length of the MAC of the discretionary data in bytes. */
const MAC_BYTES = 4;

export interface Request extends Cryptogram {
  readonly scheme: Scheme;
  readonly masterKey: KeyField;
  /** Authorisation response code, if an ARPC is wanted. */
  readonly arc?: Buffer;
  readonly discretionary?: { readonly integrityKey: KeyField; readonly mac: Buffer; readonly data: Buffer };
}

export const KQ: RequestLayout<Request> = {
  code: 'KQ',
  title: 'Verify an ARQC and generate an ARPC',
  parse: (fields) => {
    const mode = MODES[fields.choice('mode', Object.keys(MODES), '04')] as Mode;
    const scheme = SCHEMES[fields.choice('scheme', Object.keys(SCHEMES), '05')] as Scheme;
    if (mode.hasMac && scheme.sessionKey !== 'VISA') throw new HostError('03', 'modes 3 and 4 need scheme 0');
    const masterKey = fields.key('MK-AC', { isDouble: true });
    const integrityKey = mode.hasMac ? fields.key('MK-SMI', { isDouble: true }) : undefined;
    const transaction: Transaction = {
      scheme: scheme.sessionKey,
      card: { majorKeyDerivation: 'EMV_OPTION_A', ...readPan(fields, 8) },
      session: { atc: fields.raw('ATC', 2), un: fields.raw('unpredictable number', 4) },
    };
    const data = mode.verifies ? readTransactionData(fields, '81') : undefined;
    const arqc = fields.raw('ARQC', 8);
    const arc = mode.responds ? fields.raw('ARC', 2) : undefined;
    const discretionary = integrityKey && { integrityKey, ...readDiscretionary(fields) };
    return { scheme, masterKey, transaction, data, arqc, arc, discretionary };
  },
};

function readDiscretionary(fields: RequestFields): { mac: Buffer; data: Buffer } {
  const mac = fields.raw('discretionary data MAC', MAC_BYTES);
  const length = fields.number('discretionary data length', 2);
  if (length === 0) throw new HostError('82', 'discretionary data must not be empty');
  return { mac, data: fields.raw('discretionary data', length) };
}
