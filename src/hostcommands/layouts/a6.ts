import { HostError } from '../host-error.js';
import { type KeyOptions, readKeyOptions } from './key-options.js';
import { readKeyType, readScheme } from './key-fields.js';
import type { KeyType, RequestLayout } from './layout.js';
import type { KeyField } from './request-fields.js';

export interface Request {
  readonly type: KeyType;
  readonly zmk: KeyField;
  readonly key: KeyField;
  readonly scheme: string;
  readonly options: KeyOptions;
}

export const A6: RequestLayout<Request> = {
  code: 'A6',
  title: 'Import a key under a ZMK',

  parse(fields) {
    const type = readKeyType(fields);
    const zmk = fields.key('ZMK');
    const key = fields.key('key');
    const scheme = readScheme(fields, 'key scheme (LMK)');
    if (/[0-9]/.test(fields.peek())) throw new HostError('15', 'Atalla variant: Atalla variants are not supported');
    return { type, zmk, key, scheme, options: readKeyOptions(fields) };
  },
};
