import type { RequestLayout } from './layout.js';
import { account, pinBlock, pinFormat, pinUnderLmk, requireFormatOf } from './pin-fields.js';
import { TPK, ZPK } from './pin-keys.js';
import type { PinBlockFields } from './pin-verification.js';
import type { RequestFields } from './request-fields.js';

/** A PIN block and the PIN under the LMK with which its PIN is compared. */
export interface Comparison extends PinBlockFields {
  readonly pin: string;
}

export const BC: RequestLayout<Comparison> = {
  code: 'BC',
  title: 'Compare a PIN block under a TPK with a PIN under the LMK',
  parse: (fields) => parse(fields, TPK),
};

export const BE: RequestLayout<Comparison> = {
  code: 'BE',
  title: 'Compare a PIN block under a ZPK with a PIN under the LMK',
  parse: (fields) => parse(fields, ZPK),
};

function parse(fields: RequestFields, type: typeof TPK | typeof ZPK): Comparison {
  const key = { field: fields.key(type === TPK ? 'TPK' : 'ZPK'), type };
  const block = pinBlock(fields, key.field);
  const format = pinFormat(fields);
  requireFormatOf(key.field, format);
  const pan = account(fields, format);
  return { key, block, format, pan, pin: pinUnderLmk(fields) };
}
