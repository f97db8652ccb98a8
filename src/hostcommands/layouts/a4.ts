import { HostError } from '../host-error.js';
import { type KeyOptions, readKeyOptions } from './key-options.js';
import { readKeyType, readScheme } from './key-fields.js';
import type { KeyType, RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

export interface Request {
  readonly type: KeyType;
  readonly scheme: string;
  readonly components: readonly KeyField[];
  readonly options: KeyOptions;
}

export const A4: RequestLayout<Request> = {
  code: 'A4',
  title: 'Form a key from encrypted components',

  parse(fields) {
    const count = readCount(fields);
    const type = readKeyType(fields);
    const scheme = readScheme(fields, 'key scheme (LMK)');
    const components = Array.from({ length: count }, (_, i) => fields.key(`component ${i + 1}`));
    return { type, scheme, components, options: readKeyOptions(fields) };
  },
};

/** Reads the number of components. @throws HostError 03 */
export function readCount(fields: RequestFields): number {
  const count = fields.number('number of components', 1);
  if (count < 2) throw new HostError('03', 'number of components: 2 to 9');
  return count;
}
