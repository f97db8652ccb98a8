import type { HashName } from '../../crypto/hash.js';
import type { RequestLayout } from './layout.js';

/** Hash functions by their identifiers. */
const HASHES: Record<string, HashName> = {
  '01': 'SHA1',
  '02': 'MD5',
  '05': 'SHA224',
  '06': 'SHA256',
  '07': 'SHA384',
  '08': 'SHA512',
};

export const GM: RequestLayout<{ readonly name: HashName; readonly data: Buffer }> = {
  code: 'GM',
  title: 'Hash data',
  parse: (fields) => {
    const name = HASHES[fields.choice('hash identifier', Object.keys(HASHES), '05')] as HashName;
    return { name, data: fields.raw('data', fields.number('data length', 5)) };
  },
};
