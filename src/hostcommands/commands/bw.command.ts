import type { HostCommand } from '../command.js';
import { HostError } from '../host-error.js';
import { lendKey } from '../key-transport.js';
import * as layouts from '../layouts/bw.js';
import type { Request } from '../layouts/bw.js';
import { findPairedKey } from './bu-ka.command.js';
import { requireVariantKey } from './key-replies.js';

/** BW: the old LMK is the default one of the listener. */
export const BW: HostCommand<Request> = {
  ...layouts.BW,
  operation: 'ImportKey',
  isDefault: true,
  exports: () => true,

  async execute({ scheme, ...paired }, host) {
    const { lmk, services } = host;
    const { defaultLmk, lmks } = services.settings;
    if (lmk === defaultLmk) throw new HostError('44', 'LMK identifier: the key is already under this LMK');
    if (!lmks.has(lmk)) throw new HostError('13', `LMK identifier: there is no LMK ${lmk}`);
    if (lmks.get(lmk)?.scheme !== 'variant' || lmks.get(defaultLmk)?.scheme !== 'variant')
      throw new HostError('A1', 'LMK identifier: both LMKs must be variant LMKs');
    const issue = await services.issuer.under(host, { type: paired.type, scheme });
    const key = await findPairedKey(host.as('ExportKey').under(defaultLmk), paired);
    requireVariantKey(key, paired.field);
    return { fields: [['key under the LMK', lendKey(key, issue)]] };
  },
};
