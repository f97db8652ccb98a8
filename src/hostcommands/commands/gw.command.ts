import { toHex } from '../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { macOf, requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand, KeyNeeds } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField } from '../request-fields.js';
import { readKsn } from './ksn-field.js';

/** Length of the MAC in bytes. */
const LENGTH = 8;

interface Request {
  readonly bdk: KeyField;
  readonly ksn: string;
  /** MAC to verify; undefined to generate one. */
  readonly claimed?: Buffer;
  readonly data: Buffer;
}

/**
 * Generates or verifies the MAC of a DUKPT transaction: ISO/IEC 9797-1 MAC algorithm 3 with padding method 1 under the
 * key for requests, in both directions. It exists for TDES keys only.
 */
export const GW: HostCommand<Request> = {
  code: 'GW',
  title: 'Generate or verify a MAC under a DUKPT key',
  operation: 'VerifyMac',
  isDefault: true,
  parse: (fields) => {
    const isVerification = fields.choice('MAC mode', ['1', '4']) === '1';
    fields.choice('MAC method', ['1']);
    const bdk = fields.key('BDK', { isDouble: true });
    return readKsn(fields, bdk, (ksn) => {
      const claimed = isVerification ? fields.hexBytes('MAC', 2 * LENGTH) : undefined;
      return { bdk, ksn, claimed, data: fields.raw('data', fields.number('data length', 4)) };
    });
  },
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
