import { arpcMethod1 } from '../../crypto/emv/application-cryptogram.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { macOf, requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, KeyNeeds, Reply, ReplyField } from '../command.js';
import * as layouts from '../layouts/kq.js';
import type { Request } from '../layouts/kq.js';
import { MK_AC, padded, verifyCryptogram } from './cryptogram-fields.js';

/** MK-SMI, under which the MAC of the discretionary data is verified. */
const MK_SMI: KeyNeeds = { type: '209', code: '11', rule: KEY_ARGUMENTS.VerifyMac.KeyIdentifier.EmvMac };

/**
 * Verifies the ARQC of a card of a scheme, its master key derived by EMV option A, and computes the ARPC by method 1. The
 * MAC of Visa's discretionary data is the retail MAC under the session key for script integrity.
 */
export const KQ: HostCommand<Request> = {
  ...layouts.KQ,
  operation: 'VerifyAuthRequestCryptogram',
  isDefault: true,
  execute: (request, host) =>
    whenReady(host.key(request.masterKey, MK_AC), (key) =>
      request.discretionary === undefined
        ? answer(request, host, [key], () => undefined)
        : verifyBoth(request, request.discretionary, host, key),
    ),
};

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
