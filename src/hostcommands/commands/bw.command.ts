import { HostCall, type HostCommand } from '../command.js';
import { HostError } from '../host-error.js';
import { lendKey } from '../key-transport.js';
import { findPairedKey, type PairedKey, readPairedKey } from './bu-ka.command.js';
import { readScheme, requireVariantKey } from './key-replies.js';

interface Request extends PairedKey {
  readonly scheme: string;
}

/** BW: the old LMK is the default one of the listener. */
export const BW: HostCommand<Request> = {
  code: 'BW',
  title: 'Translate a key from the default LMK to the one that the command names',
  operation: 'ImportKey',
  isDefault: true,

  parse(fields) {
    const key = readPairedKey(fields);
    fields.expect(';');
    fields.choice('reserved', ['0']);
    const scheme = readScheme(fields, 'key scheme (LMK)');
    fields.choice('reserved', ['0']);
    fields.lmk();
    if (fields.accept('!')) fields.digits('reserved', 2);
    return { ...key, scheme };
  },

  async execute({ scheme, ...paired }, host) {
    const { call, lmk, services } = host.as('ExportKey');
    const { defaultLmk, lmks } = services.settings;
    if (lmk === defaultLmk) throw new HostError('44', 'LMK identifier: the key is already under this LMK');
    if (!lmks.has(lmk)) throw new HostError('13', `LMK identifier: there is no LMK ${lmk}`);
    if (lmks.get(lmk)?.scheme !== 'variant' || lmks.get(defaultLmk)?.scheme !== 'variant')
      throw new HostError('A1', 'LMK identifier: both LMKs must be variant LMKs');
    const issue = await services.issuer.under(host, { type: paired.type, scheme });
    const key = await findPairedKey(new HostCall(call, defaultLmk, services, { command: host.command }), paired);
    requireVariantKey(key, paired.field);
    return { fields: [['key under the LMK', lendKey(key, issue)]] };
  },
};
