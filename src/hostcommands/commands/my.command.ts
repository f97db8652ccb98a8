import { toHex } from '../../crypto/bytes.js';
import { requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import { INPUT_FORMATS, readData } from './data-field.js';
import { macInput, macKeyNeeds, type MacMethod, readMethod } from './mac-fields.js';

interface Request {
  readonly incoming: MacMethod;
  readonly outgoing: MacMethod;
  readonly data: Buffer;
  readonly claimed: Buffer;
}

/**
 * Verifies the MAC of a message and generates one under another key. The layout has no IV, so messages must be
 * complete.
 */
export const MY: HostCommand<Request> = {
  code: 'MY',
  title: 'Verify a MAC and generate one under another key',
  operation: 'VerifyMac',
  isDefault: false,
  parse: (fields) => {
    fields.choice('mode', ['0'], '02');
    const format = fields.choice('input format', INPUT_FORMATS, '03');
    const incoming = readMethod(fields, 'incoming MAC key');
    const outgoing = readMethod(fields, 'outgoing MAC key');
    return readData(fields, format, ({ data }) => {
      return { incoming, outgoing, data, claimed: fields.hexBytes('MAC', 2 * incoming.length) };
    });
  },
  execute: ({ incoming, outgoing, data, claimed }, host) =>
    whenReady(host.key(incoming.key, macKeyNeeds('VerifyMac', incoming)), (from) =>
      whenReady(host.as('GenerateMac').key(outgoing.key, macKeyNeeds('GenerateMac', outgoing, '11')), (to) => {
        const verified = macInput(incoming, from, data);
        const { scheme, message } = macInput(outgoing, to, data);
        return host.services.verifications.attempt(host.call, { keyArns: [from.arn], pan: undefined }, () => {
          requireMac(verified.scheme, from, verified.message, claimed);
          return {
            fields: [['MAC', to.use((clear) => toHex(scheme.mac(clear, message, outgoing.length, to.algorithm)))]],
          };
        });
      }),
    ),
};
