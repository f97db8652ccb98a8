import { readKeyType, readScheme } from './key-fields.js';
import type { KeyType, RequestLayout } from './layout.js';
import type { KeyField } from './request-fields.js';

export interface Request {
  readonly type: KeyType;
  readonly key: KeyField;
  readonly scheme: string;
}

export const B0: RequestLayout<Request> = {
  code: 'B0',
  title: 'Translate a key under the LMK to another key scheme',
  parse: (fields) => ({
    type: readKeyType(fields),
    key: fields.key('key'),
    scheme: readScheme(fields, 'key scheme (LMK)'),
  }),
};
