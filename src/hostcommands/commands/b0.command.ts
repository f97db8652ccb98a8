import type { HostCommand } from '../command.js';
import { lendKey } from '../key-transport.js';
import { ANY_KEY, checkKeyType } from '../key-types.js';
import type { Request } from '../layouts/b0.js';
import * as layouts from '../layouts/b0.js';
import { requireVariantKey } from './key-replies.js';

/** B0. */
export const B0: HostCommand<Request> = {
  ...layouts.B0,
  operation: 'ImportKey',
  isDefault: true,

  async execute({ type, key: field, scheme }, host) {
    checkKeyType(type);
    const issue = await host.services.issuer.under(host, { type, scheme });
    const key = await host.key(field, { type, rule: ANY_KEY });
    requireVariantKey(key, field);
    return { fields: [['key under the LMK', lendKey(key, issue)]] };
  },
};
