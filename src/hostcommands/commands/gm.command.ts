import { hash, type HashName } from '../../crypto/hash.js';
import type { HostCommand } from '../command.js';

/** Hash functions by their identifiers. */
const HASHES: Record<string, HashName> = {
  '01': 'SHA1',
  '02': 'MD5',
  '05': 'SHA224',
  '06': 'SHA256',
  '07': 'SHA384',
  '08': 'SHA512',
};

/** Hashes data. */
export const GM: HostCommand<{ readonly name: HashName; readonly data: Buffer }> = {
  code: 'GM',
  title: 'Hash data',
  isDefault: true,
  parse: (fields) => {
    const name = HASHES[fields.choice('hash identifier', Object.keys(HASHES), '05')] as HashName;
    return { name, data: fields.raw('data', fields.number('data length', 5)) };
  },
  execute: ({ name, data }) => ({ fields: [['hash', hash(name, data)]] }),
};
