import type { RequestLayout } from './layout.js';
import { account, pinBlock, pinFormat, requireFormatOf } from './pin-fields.js';
import { TPK, ZPK } from './pin-keys.js';
import type { PinBlockFields } from './pin-verification.js';
import type { RequestFields } from './request-fields.js';

export const JC: RequestLayout<PinBlockFields> = {
  code: 'JC',
  title: 'Translate a PIN block under a TPK to a PIN under the LMK',
  parse: (fields) => parse(fields, TPK),
};

export const JE: RequestLayout<PinBlockFields> = {
  code: 'JE',
  title: 'Translate a PIN block under a ZPK to a PIN under the LMK',
  parse: (fields) => parse(fields, ZPK),
};

function parse(fields: RequestFields, type: typeof TPK | typeof ZPK): PinBlockFields {
  const key = { field: fields.key(type === TPK ? 'TPK' : 'ZPK'), type };
  const block = pinBlock(fields, key.field);
  const format = pinFormat(fields);
  requireFormatOf(key.field, format);
  return { key, block, format, pan: account(fields, format) };
}
