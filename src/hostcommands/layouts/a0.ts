import { type KeyOptions, readKeyOptions } from './key-options.js';
import { readKeyType, readScheme } from './key-fields.js';
import type { KeyType, RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

export interface Request {
  readonly type: KeyType;
  readonly scheme: string;
  readonly exported?: { readonly zmk: KeyField; readonly zmkType: KeyType; readonly scheme: string };
  readonly options: KeyOptions;
}

export const A0: RequestLayout<Request> = {
  code: 'A0',
  title: 'Generate a key, and export it under a ZMK or TMK if wanted',

  parse(fields) {
    const mode = fields.choice('mode', ['0', '1']);
    const type = readKeyType(fields);
    const scheme = readScheme(fields, 'key scheme (LMK)');
    const exported = mode === '1' ? readExport(fields) : undefined;
    const options = readKeyOptions(fields);
    return { type, scheme, options, ...(exported && { exported }) };
  },
};

function readExport(fields: RequestFields): NonNullable<Request['exported']> {
  fields.accept(';');
  const zmkType = fields.choice('ZMK or TMK flag', ['0', '1']) === '0' ? '000' : '002';
  return { zmkType, zmk: fields.key('ZMK'), scheme: readScheme(fields, 'key scheme (ZMK)') };
}
