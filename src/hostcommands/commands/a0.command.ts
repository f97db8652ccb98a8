import { randomBytes } from 'node:crypto';
import { generateTdesKey } from '../../crypto/des.js';
import type { HostCall, HostCommand, Reply, ReplyField } from '../command.js';
import { exportUnder } from '../key-transport.js';
import { checkKeyType, checkUsageOfType } from '../key-types.js';
import * as layouts from '../layouts/a0.js';
import type { Request } from '../layouts/a0.js';
import type { KeyOptions } from '../layouts/key-options.js';
import type { GeneratedKey } from '../layouts/older-generation.js';
import { bytesOfScheme } from '../lmk/key-scheme.js';
import { checkValueFields, findTransportKey } from './key-replies.js';

/** A0: the host keeps the key; nothing is stored. */
export const A0: HostCommand<Request> = {
  ...layouts.A0,
  operation: 'CreateKey',
  isDefault: true,
  exports: ({ exported }) => exported !== undefined,

  async execute({ type, scheme, exported, options }, host) {
    const { header } = options;
    checkKeyType(type);
    if (header) checkUsageOfType(type, header.usage);
    const issue = await host.services.issuer.under(host, { type, scheme, header: headerOf(options) });
    const zmk = exported && (await findTransportKey(host.as('ExportKey'), exported.zmk, 'Wrap', exported.zmkType));
    const isAes = header?.isAes ?? false;
    const bytes = header && scheme === 'S' ? header.bytes : bytesOfScheme(scheme);
    const key = isAes ? randomBytes(bytes) : generateTdesKey(bytes as 8 | 16 | 24);
    try {
      const fields: ReplyField[] = [['key under the LMK', issue(key)]];
      if (zmk) {
        const { exportability, version } = options;
        const { takesAnsiX917 } = host.services.settings;
        const as = { scheme: exported.scheme, attributes: header, exportability, version, takesAnsiX917 };
        fields.push(['key under the ZMK', exportUnder(zmk, key, isAes, as)]);
      }
      return { fields: [...fields, ...checkValueFields(key, isAes)] };
    } finally {
      key.fill(0);
    }
  },
};

/** Returns the header of a block under the LMK, whose exportability may follow a `&`. */
function headerOf({ header, exportability }: KeyOptions): KeyOptions['header'] {
  return header && exportability !== undefined ? { ...header, exportability } : header;
}

/** Generates a key of one type, and returns it under a ZMK or TMK, where there is one, and under the LMK. */
export async function generateKey(
  host: HostCall,
  { type, isDouble, scheme, exported, values }: GeneratedKey,
): Promise<Reply> {
  const bytes = isDouble ? 16 : bytesOfScheme(scheme);
  const issue = await host.services.issuer.under(host, { type, scheme });
  const { takesAnsiX917 } = host.services.settings;
  const kek = exported && (await findTransportKey(host.as('ExportKey'), exported.under, 'Wrap', exported.underType));
  const key = generateTdesKey(bytes);
  try {
    const fields: ReplyField[] = [];
    if (kek) {
      const as = { scheme: exported.scheme, takesAnsiX917 };
      fields.push([`key under the ${exported.under.name}`, exportUnder(kek, key, false, as)]);
    }
    return { fields: [...fields, ['key under the LMK', issue(key)], ...checkValueFields(key, false, values)] };
  } finally {
    key.fill(0);
  }
}
