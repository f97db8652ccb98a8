import { arpcMethod1, arpcMethod2 } from '../../crypto/emv/application-cryptogram.js';
import type { MajorKeyDerivation } from '../../crypto/emv/icc-master-key.js';
import type { SessionKeyScheme } from '../../crypto/emv/session-key.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand, ReplyField } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { type Cryptogram, MK_AC, padded, readPan, readTransactionData, verifyCryptogram } from './cryptogram-fields.js';

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

/** Steps of each mode; `method` is the ARPC method. */
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
/** Bytes of a PAN of 17 to 19 digits and its sequence number in BCD. Option B applies to these. */
const OPTION_B_BYTES = [10, 11];

interface Request extends Cryptogram {
  readonly masterKey: KeyField;
  /** Computes the ARPC, if one is requested. */
  readonly arpc?: (sessionKey: Buffer) => Buffer;
}

/** Verifies an ARQC with a session key of EMV 2000 or EMV common, and computes the ARPC by method 1 or 2. */
export const KW: HostCommand<Request> = {
  code: 'KW',
  title: 'Verify an ARQC and generate an ARPC with EMV session keys',
  operation: 'VerifyAuthRequestCryptogram',
  isDefault: true,
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
    const arpc = method === 1 ? readMethod1(fields, arqc) : method === 2 ? readMethod2(fields, arqc) : undefined;
    return { masterKey, transaction: { scheme: sessionKey, card, session }, data, arqc, arpc };
  },
  execute: ({ masterKey, transaction, data, arqc, arpc }, host) =>
    whenReady(host.key(masterKey, MK_AC), (key) =>
      verifyCryptogram(
        host,
        [key],
        { transaction, arqc, data: data && padded(data, host) },
        (sessionKey): ReplyField[] => (arpc ? [['ARPC', arpc(sessionKey)]] : []),
      ),
    ),
};

/** Reads a PAN of 17 to 19 digits with its length before it and a semicolon after it. */
function readLongPan(fields: RequestFields): { pan: string; psn: string } {
  const length = fields.number('PAN and sequence number length', 2);
  if (!OPTION_B_BYTES.includes(length))
    throw new HostError('15', `PAN and sequence number must have ${OPTION_B_BYTES.join(' or ')} bytes for option B`);
  const { pan, psn } = readPan(fields, length);
  fields.expect(';');
  // An odd number of digits is padded with a leading zero.
  return { pan: pan.replace(/^0/, ''), psn };
}

function readTree(fields: RequestFields): { branchFactor: number; height: number } {
  return TREES[fields.choice('branch and height', Object.keys(TREES), '52')] as (typeof TREES)[string];
}

function readMethod1(fields: RequestFields, arqc: Buffer): (sessionKey: Buffer) => Buffer {
  const arc = fields.raw('ARC', 2);
  return (sessionKey) => arpcMethod1(sessionKey, { arqc, arc });
}

/** The ARPC of method 2 has 4 bytes; the field has 8. */
function readMethod2(fields: RequestFields, arqc: Buffer): (sessionKey: Buffer) => Buffer {
  const csu = fields.raw('CSU', 4);
  const length = parseInt(fields.hex('proprietary data length', 1), 16);
  if (length > MAX_PROPRIETARY)
    throw new HostError('80', `proprietary data must have at most ${MAX_PROPRIETARY} bytes`);
  const proprietary = fields.raw('proprietary data', length);
  return (sessionKey) => Buffer.concat([arpcMethod2(sessionKey, { arqc, csu, proprietary }), Buffer.alloc(4)]);
}
