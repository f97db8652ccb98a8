import { toHex } from '../../crypto/bytes.js';
import { requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/my.js';
import type { Request } from '../layouts/my.js';
import { macInput, macKeyNeeds } from './mac-fields.js';

/**
 * Verifies the MAC of a message and generates one under another key. The layout has no IV, so messages must be
 * complete.
 */
export const MY: HostCommand<Request> = {
  ...layouts.MY,
  operation: 'VerifyMac',
  isDefault: false,
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
