import type { MajorKeyDerivation } from '../../crypto/emv/icc-master-key.js';
import type { SessionKeyScheme } from '../../crypto/emv/session-key.js';
import { HostError } from '../host-error.js';
import { type Cryptogram, readPan, readTransactionData } from './cryptogram-fields.js';
import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** Derivations of the session key and of the card's master key by the identifiers of the schemes. */
const SCHEMES: Record<string, Scheme> = {
  '0': { sessionKey: 'EMV2000', option: 'EMV_OPTION_A' },
  '1': { sessionKey: 'EMV2000', option: 'EMV_OPTION_B' },
  '2': { sessionKey: 'EMV_COMMON_SESSION_KEY', option: 'EMV_OPTION_A' },
  '3': { sessionKey: 'EMV_COMMON_SESSION_KEY', option: 'EMV_OPTION_B' },
};
interface Scheme {
  readonly sessionKey: Extract<SessionKeyScheme, 'EMV2000' | 'EMV_COMMON_SESSION_KEY'>;
  readonly option: MajorKeyDerivation;
}

/** Steps of each mode; `method` is that of the ARPC. */
const MODES: Record<string, Mode> = {
  '0': { verifies: true },
  '1': { verifies: true, method: 1 },
  '2': { verifies: false, method: 1 },
  '3': { verifies: true, method: 2 },
  '4': { verifies: false, method: 2 },
};
interface Mode {
  readonly verifies: boolean;
  readonly method?: 1 | 2;
}

/** Shapes of the tree of EMV 2000: those of the standard's examples. */
const TREES: Record<string, { branchFactor: number; height: number }> = {
  '0': { branchFactor: 2, height: 16 },
  '1': { branchFactor: 4, height: 8 },
};

/** Maximum number of bytes of proprietary authentication data. */
const MAX_PROPRIETARY = 8;
/** Bytes of a PAN of 17 to 19 digits and its sequence number in BCD. Option B is for these. */
const OPTION_B_BYTES = [10, 11];

export interface Request extends Cryptogram {
  readonly masterKey: KeyField;
  /** Data of the ARPC, if one is wanted. */
  readonly response?: Response1 | Response2;
}

export interface Response1 {
  readonly method: 1;
  /** Authorisation response code. */
  readonly arc: Buffer;
}

export interface Response2 {
  readonly method: 2;
  /** Card status update. */
  readonly csu: Buffer;
  readonly proprietary: Buffer;
}

export const KW: RequestLayout<Request> = {
  code: 'KW',
  title: 'Verify an ARQC and generate an ARPC with EMV session keys',
  parse: (fields) => {
    const { verifies, method } = MODES[fields.choice('mode', Object.keys(MODES), '04')] as Mode;
    const { sessionKey, option } = SCHEMES[fields.choice('scheme', Object.keys(SCHEMES), '05')] as Scheme;
    const masterKey = fields.key('MK-AC', { isDouble: true });
    const iv = sessionKey === 'EMV2000' ? fields.raw('IV-AC', 16) : undefined;
    const card = {
      majorKeyDerivation: option,
      ...(option === 'EMV_OPTION_A' ? readPan(fields, 8) : readLongPan(fields)),
    };
    const tree = iv && { iv, ...readTree(fields) };
    const session = { atc: fields.raw('ATC', 2), tree };
    const data = verifies ? readTransactionData(fields, '80') : undefined;
    const arqc = fields.raw('ARQC', 8);
    const response = method && readResponse(fields, method);
    return { masterKey, transaction: { scheme: sessionKey, card, session }, data, arqc, response };
  },
};

/** Reads a PAN of 17 to 19 digits with its length before it and a semicolon after it. */
function readLongPan(fields: RequestFields): { pan: string; psn: string } {
  const length = fields.number('PAN and sequence number length', 2);
  if (!OPTION_B_BYTES.includes(length))
    throw new HostError('15', `PAN and sequence number must have ${OPTION_B_BYTES.join(' or ')} bytes for option B`);
  const { pan, psn } = readPan(fields, length);
  fields.expect(';');
  // An odd number of digits has a zero on its left.
  return { pan: pan.replace(/^0/, ''), psn };
}

function readTree(fields: RequestFields): { branchFactor: number; height: number } {
  return TREES[fields.choice('branch and height', Object.keys(TREES), '52')] as (typeof TREES)[string];
}

function readResponse(fields: RequestFields, method: 1 | 2): Response1 | Response2 {
  if (method === 1) return { method, arc: fields.raw('ARC', 2) };
  const csu = fields.raw('CSU', 4);
  const length = parseInt(fields.hex('proprietary data length', 1), 16);
  if (length > MAX_PROPRIETARY)
    throw new HostError('80', `proprietary data must have at most ${MAX_PROPRIETARY} bytes`);
  return { method, csu, proprietary: fields.raw('proprietary data', length) };
}
