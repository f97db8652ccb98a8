import { toHex } from '../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { macOf, requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand, KeyNeeds } from '../command.js';
import { HostError } from '../host-error.js';
import * as layouts from '../layouts/gw.js';
import { LENGTH, type Request } from '../layouts/gw.js';

/**
 * Generates or verifies the MAC of a DUKPT transaction: ISO/IEC 9797-1 MAC algorithm 3 with padding method 1 under the
 * key for requests, in both directions. It exists for TDES keys only.
 */
export const GW: HostCommand<Request> = {
  ...layouts.GW,
  operation: 'VerifyMac',
  isDefault: true,
  execute: ({ bdk, ksn, claimed, data }, host) => {
    if (data.length === 0) throw new HostError('80', 'data must not be empty');
    const mac = macOf({ DukptIso9797Algorithm3: { KeySerialNumber: ksn, DukptKeyVariant: 'REQUEST' } });
    if (claimed === undefined)
      return whenReady(host.as('GenerateMac').key(bdk, bdkNeeds('GenerateMac')), (key) => {
        const macKey = mac.macKey(key);
        const generated = macKey.use((clear) => mac.scheme.mac(clear, data, LENGTH, macKey.algorithm));
        return { fields: [['MAC', toHex(generated)]] };
      });
    return whenReady(host.key(bdk, bdkNeeds('VerifyMac')), (key) =>
      host.services.verifications.attempt(host.call, { keyArns: [key.arn], pan: undefined }, () => {
        requireMac(mac.scheme, mac.macKey(key), data, claimed);
        return { fields: [] };
      }),
    );
  },
};

function bdkNeeds(operation: 'GenerateMac' | 'VerifyMac'): KeyNeeds {
  const rule = KEY_ARGUMENTS[operation].KeyIdentifier.DukptIso9797Algorithm3;
  return { type: '009', rule: { ...rule, algorithms: ['TDES_2KEY'] } };
}
