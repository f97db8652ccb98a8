import { padMethod2 } from '../../crypto/bytes.js';
import { applicationCryptogram } from '../../crypto/emv/application-cryptogram.js';
import { requireCryptogram, withTransactionKeys } from '../../payment/dataplane/emv/auth-request-cryptogram.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import type { Synchronous } from '../../provider/crypto-provider.js';
import type { HostCall, KeyNeeds, Reply, ReplyField } from '../command.js';
import { HostError } from '../host-error.js';
import type { Cryptogram } from '../layouts/cryptogram-fields.js';
import { attemptOr } from '../verification.js';

/** Requirements of commands for ARQCs for their MK-AC. */
export const MK_AC: KeyNeeds = { type: '109', rule: KEY_ARGUMENTS.VerifyAuthRequestCryptogram.KeyIdentifier.Emv };

/** Activity that returns the correct ARQC if verification fails. */
const DIAGNOSTICS = 'arqc.diagnostics';

/** Applies padding method 2 to data that isn't whole blocks, where the listener pads for its hosts. */
export function padded(data: Buffer, host: HostCall): Buffer {
  return host.services.settings.padsEmvData && data.length % 8 !== 0 ? padMethod2(data, 8) : data;
}

/**
 * Verifies an ARQC and computes the reply.
 *
 * @param keys    MK-AC, and further keys that `respond` uses to verify something
 * @param respond receives the session key and, for schemes that distinguish them, the key for the ARPC
 * @returns with the correct ARQC after error 01, if the listener has that activity authorised
 * @throws HostError 06 if `respond` finds a wrong MAC
 */
export function verifyCryptogram(
  host: HostCall,
  [key, ...others]: readonly [WorkingKey, ...WorkingKey[]],
  { transaction, arqc, data }: Cryptogram,
  respond: (sessionKey: Buffer, arpcKey: Buffer) => readonly ReplyField[],
): Reply | Promise<Reply> {
  const withKeys = <T>(compute: (sessionKey: Buffer, arpcKey: Buffer) => T) =>
    key.use<T>((imk) => withTransactionKeys(imk, transaction, compute) as Synchronous<T>);
  if (data === undefined) return withKeys<Reply>((...keys) => ({ fields: respond(...keys) }));
  const attempt = { keyArns: [key, ...others].map(({ arn }) => arn), pan: transaction.card.pan };
  const verify = () =>
    withKeys<Reply>((...keys) => {
      requireCryptogram(keys[0], data, arqc);
      return { fields: respond(...keys) };
    });
  return attemptOr<Reply>(host, attempt, verify, ({ reason }) => {
    if (reason === 'INVALID_MAC') throw new HostError('06', 'discretionary data MAC is wrong');
    if (!host.services.settings.authorised.has(DIAGNOSTICS)) throw new HostError('01', 'ARQC is wrong');
    return { code: '01', fields: [['right ARQC', withKeys((sessionKey) => applicationCryptogram(sessionKey, data))]] };
  });
}
