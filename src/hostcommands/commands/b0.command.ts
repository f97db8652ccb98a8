import type { HostCommand, KeyType } from '../command.js';
import { lendKey } from '../key-transport.js';
import { ANY_KEY, checkKeyType } from '../key-types.js';
import type { KeyField } from '../request-fields.js';
import { readKeyType, readScheme, requireVariantKey } from './key-replies.js';

interface Request {
  readonly type: KeyType;
  readonly key: KeyField;
  readonly scheme: string;
}

/** B0. */
export const B0: HostCommand<Request> = {
  code: 'B0',
  title: 'Translate a key under the LMK to another key scheme',
  operation: 'ImportKey',
  isDefault: true,

  parse: (fields) => ({
    type: readKeyType(fields),
    key: fields.key('key'),
    scheme: readScheme(fields, 'key scheme (LMK)'),
  }),

  async execute({ type, key: field, scheme }, host) {
    checkKeyType(type);
    const issue = await host.services.issuer.under(host, { type, scheme });
    const key = await host.key(field, { type, rule: ANY_KEY });
    requireVariantKey(key, field);
    return { fields: [['key under the LMK', lendKey(key, issue)]] };
  },
};
