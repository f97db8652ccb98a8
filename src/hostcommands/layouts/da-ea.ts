import type { RequestLayout } from './layout.js';
import {
  account,
  checkLength,
  ibm3624,
  maximumLength,
  offset,
  pinBlock,
  pinFormat,
  requireFormatOf,
} from './pin-fields.js';
import { type PinKey, TPK, ZPK } from './pin-keys.js';
import { ibm3624Offset, type Verification } from './pin-verification.js';
import type { RequestFields } from './request-fields.js';

export const DA: RequestLayout<Verification> = {
  code: 'DA',
  title: 'Verify a PIN block under a TPK by the IBM 3624 method',
  parse: (fields) => parse(fields, { field: fields.key('TPK'), type: TPK }),
};

export const EA: RequestLayout<Verification> = {
  code: 'EA',
  title: 'Verify a PIN block under a ZPK by the IBM 3624 method',
  parse: (fields) => parse(fields, { field: fields.key('ZPK'), type: ZPK }),
};

function parse(fields: RequestFields, key: PinKey): Verification {
  const pvk = fields.key('PVK');
  const maximum = maximumLength(fields);
  const block = pinBlock(fields, key.field);
  const format = pinFormat(fields);
  requireFormatOf(key.field, format);
  const length = checkLength(fields);
  const pan = account(fields, format);
  const natural = ibm3624(fields, pan);
  const claimed = offset(fields, length);
  const reference = ibm3624Offset(pvk, natural, length);
  return { key, block, format, pan, reference, claimed, maximum };
}
