import { type KeyOptions, readKeyOptions } from './key-options.js';
import { readKeyType, readScheme } from './key-fields.js';
import type { KeyType, RequestLayout } from './layout.js';
import type { KeyField } from './request-fields.js';

export interface Request {
  readonly type: KeyType;
  readonly zmk: KeyField;
  /** Type of the key under which the key is exported; a ZMK by default. */
  readonly zmkType?: KeyType;
  readonly key: KeyField;
  readonly scheme: string;
  readonly options: KeyOptions;
}

export const A8: RequestLayout<Request> = {
  code: 'A8',
  title: 'Export a key under a ZMK',

  parse(fields) {
    const type = readKeyType(fields);
    const zmk = fields.key('ZMK');
    const key = fields.key('key');
    return { type, zmk, key, scheme: readScheme(fields, 'key scheme (ZMK)'), options: readKeyOptions(fields) };
  },
};
