import type { RequestLayout } from './layout.js';
import {
  account,
  keySerialNumber,
  maximumLength,
  parseWithKsn,
  pinBlock,
  pinFormat,
  requireFormatOf,
} from './pin-fields.js';
import { type PinKey, TPK, ZPK, zpkOrBdk } from './pin-keys.js';
import type { Translation } from './pin-translation.js';
import type { RequestFields } from './request-fields.js';

export const CA: RequestLayout<Translation> = {
  code: 'CA',
  title: 'Translate a PIN block from a TPK to a ZPK or a BDK',
  parse: (fields) => {
    const from = { field: fields.key('TPK'), type: TPK };
    const { isBdk, ...to } = zpkOrBdk(fields);
    if (!isBdk) return rest(fields, from, to);
    return parseWithKsn(fields, (padding) =>
      rest(fields, from, { ...to, ksn: keySerialNumber(fields, to.field, padding) }),
    );
  },
};

export const CC: RequestLayout<Translation> = {
  code: 'CC',
  title: 'Translate a PIN block from a ZPK to another ZPK',
  parse: (fields) => {
    const from = { field: fields.key('source ZPK'), type: ZPK };
    const to = { field: fields.key('destination ZPK'), type: ZPK };
    return rest(fields, from, to);
  },
};

function rest(fields: RequestFields, from: PinKey, to: PinKey): Translation {
  const maximum = maximumLength(fields);
  const block = pinBlock(fields, from.field);
  const fromFormat = pinFormat(fields, 'source PIN block format');
  requireFormatOf(from.field, fromFormat);
  const toFormat = pinFormat(fields, 'destination PIN block format');
  const pan = account(fields, fromFormat, toFormat);
  return { from, to, maximum, block, fromFormat, toFormat, pan, toPan: pan };
}
