import { arpcMethod1, arpcMethod2 } from '../../crypto/emv/application-cryptogram.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand, ReplyField } from '../command.js';
import * as layouts from '../layouts/kw.js';
import type { Request, Response1, Response2 } from '../layouts/kw.js';
import { MK_AC, padded, verifyCryptogram } from './cryptogram-fields.js';

/** Verifies an ARQC with a session key of EMV 2000 or EMV common, and computes the ARPC by method 1 or 2. */
export const KW: HostCommand<Request> = {
  ...layouts.KW,
  operation: 'VerifyAuthRequestCryptogram',
  isDefault: true,
  execute: ({ masterKey, transaction, data, arqc, response }, host) =>
    whenReady(host.key(masterKey, MK_AC), (key) =>
      verifyCryptogram(
        host,
        [key],
        { transaction, arqc, data: data && padded(data, host) },
        (sessionKey): ReplyField[] => (response ? [['ARPC', arpcOf(sessionKey, arqc, response)]] : []),
      ),
    ),
};

/** The ARPC of method 2 has 4 bytes; the field has 8. */
function arpcOf(sessionKey: Buffer, arqc: Buffer, response: Response1 | Response2): Buffer {
  if (response.method === 1) return arpcMethod1(sessionKey, { arqc, arc: response.arc });
  const { csu, proprietary } = response;
  return Buffer.concat([arpcMethod2(sessionKey, { arqc, csu, proprietary }), Buffer.alloc(4)]);
}
