import { arpcMethod1 } from '../../crypto/emv/application-cryptogram.js';
import type { SessionKeyScheme } from '../../crypto/emv/session-key.js';
import type { Transaction } from '../../payment/dataplane/emv/auth-request-cryptogram.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { macOf, requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, KeyNeeds, Reply, ReplyField } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { type Cryptogram, MK_AC, padded, readPan, readTransactionData, verifyCryptogram } from './cryptogram-fields.js';

/**
 * Card schemes by their identifiers. `padsWithZeros`: the card pads transaction data with zeros, as for Visa's CVN 10;
 * others use padding method 2. M/Chip's session key depends on the unpredictable number, so the ARPC is computed under
 * the card's master key, as by its cards (CVN 16 and 17) and the API. For cards with EMV's common session key, hosts
 * use KW.
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

/** MK-SMI, under which the MAC of the discretionary data is verified. */
const MK_SMI: KeyNeeds = { type: '209', code: '11', rule: KEY_ARGUMENTS.VerifyMac.KeyIdentifier.EmvMac };
/** Length of the MAC of the discretionary data in bytes. */
const MAC_BYTES = 4;

interface Request extends Cryptogram {
  readonly scheme: Scheme;
  readonly masterKey: KeyField;
  /** Authorisation response code, if an ARPC is requested. */
  readonly arc?: Buffer;
  readonly discretionary?: { readonly integrityKey: KeyField; readonly mac: Buffer; readonly data: Buffer };
}

/**
 * Verifies the ARQC of a card of a scheme, its master key derived by EMV option A, and computes the ARPC by method 1. The
 * MAC of Visa's discretionary data is the retail MAC under the session key for script integrity.
 */
export const KQ: HostCommand<Request> = {
  code: 'KQ',
  title: 'Verify an ARQC and generate an ARPC',
  operation: 'VerifyAuthRequestCryptogram',
  isDefault: true,
  parse: (fields) => {
    const mode = MODES[fields.choice('mode', Object.keys(MODES), '04')] as Mode;
    const scheme = SCHEMES[fields.choice('scheme', Object.keys(SCHEMES), '05')] as Scheme;
    if (mode.hasMac && scheme.sessionKey !== 'VISA') throw new HostError('03', 'mode 3 and 4 need scheme 0');
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
  execute: (request, host) =>
    whenReady(host.key(request.masterKey, MK_AC), (key) =>
      request.discretionary === undefined
        ? answer(request, host, [key], () => undefined)
        : verifyBoth(request, request.discretionary, host, key),
    ),
};

function readDiscretionary(fields: RequestFields): { mac: Buffer; data: Buffer } {
  const mac = fields.raw('discretionary data MAC', MAC_BYTES);
  const length = fields.number('discretionary data length', 2);
  if (length === 0) throw new HostError('82', 'discretionary data must not be empty');
  return { mac, data: fields.raw('discretionary data', length) };
}

function verifyBoth(
  request: Request,
  { integrityKey, mac, data }: NonNullable<Request['discretionary']>,
  host: HostCall,
  key: WorkingKey,
): Reply | Promise<Reply> {
  const { card, session } = request.transaction;
  return whenReady(host.as('VerifyMac').key(integrityKey, MK_SMI), (smi) => {
    const { scheme, macKey } = macOf({
      EmvMac: {
        MajorKeyDerivationMode: card.majorKeyDerivation,
        PrimaryAccountNumber: card.pan,
        PanSequenceNumber: card.psn,
        SessionKeyDerivationMode: 'VISA',
        SessionKeyDerivationValue: { ApplicationTransactionCounter: session.atc?.toString('hex') },
      },
    });
    return answer(request, host, [key, smi], () => requireMac(scheme, macKey(smi), data, mac));
  });
}

function answer(
  { scheme, transaction, data, arqc, arc }: Request,
  host: HostCall,
  keys: readonly [WorkingKey, ...WorkingKey[]],
  check: () => void,
): Reply | Promise<Reply> {
  const sent = data && (scheme.padsWithZeros ? data : padded(data, host));
  return verifyCryptogram(host, keys, { transaction, arqc, data: sent }, (_sessionKey, arpcKey): ReplyField[] => {
    check();
    return arc ? [['ARPC', arpcMethod1(arpcKey, { arqc, arc })]] : [];
  });
}
