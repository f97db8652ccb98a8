import { hmac } from '../../crypto/hmac.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { macOf, requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/lq-ls.js';
import type { Request } from '../layouts/lq-ls.js';

const { scheme } = macOf({ Algorithm: 'HMAC' });
/** Key type of an HMAC key. */
const HMAC_KEY = '10C';

/** Generates an HMAC. Keys must be in key blocks. */
export const LQ: HostCommand<Request> = {
  ...layouts.LQ,
  operation: 'GenerateMac',
  isDefault: false,
  execute: ({ hash, length, key: field, data }, host) => {
    const rule = KEY_ARGUMENTS.GenerateMac.KeyIdentifier[`HMAC_${hash}`];
    return whenReady(host.key(field, { type: HMAC_KEY, rule }), (key) => ({
      fields: [
        ['HMAC length', String(length).padStart(4, '0')],
        ['HMAC', key.use((clear) => hmac(hash, clear, data, length))],
      ],
    }));
  },
};

/** Verifies an HMAC. */
export const LS: HostCommand<Request & { readonly claimed: Buffer }> = {
  ...layouts.LS,
  operation: 'VerifyMac',
  isDefault: false,
  execute: ({ hash, key: field, data, claimed }, host) => {
    const rule = KEY_ARGUMENTS.VerifyMac.KeyIdentifier[`HMAC_${hash}`];
    return whenReady(host.key(field, { type: HMAC_KEY, rule }), (key) =>
      host.services.verifications.attempt(host.call, { keyArns: [key.arn], pan: undefined }, () => {
        requireMac(scheme, key, data, claimed);
        return { fields: [] };
      }),
    );
  },
};
