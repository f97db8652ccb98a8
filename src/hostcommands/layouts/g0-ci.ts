import type { RequestLayout } from './layout.js';
import {
  account,
  keySerialNumber,
  LONGEST_PIN,
  OLD_DUKPT_FORMAT,
  panOf,
  parseWithKsn,
  pinBlock,
  pinFormat,
  requireFormatOf,
} from './pin-fields.js';
import { bdk, BDK_1, ZPK, zpkOrBdk } from './pin-keys.js';
import type { Translation } from './pin-translation.js';

export const G0: RequestLayout<Translation> = {
  code: 'G0',
  title: 'Translate a PIN block from a BDK to a ZPK or another BDK',
  parse: (fields) => {
    const source = bdk(fields);
    const { isBdk, ...destination } = zpkOrBdk(fields);
    return parseWithKsn(fields, (padding) => {
      const from = { ...source, ksn: keySerialNumber(fields, source.field, padding) };
      const to = isBdk
        ? { ...destination, ksn: keySerialNumber(fields, destination.field, padding, 'destination KSN') }
        : destination;
      const block = pinBlock(fields, from.field);
      const fromFormat = pinFormat(fields, 'source PIN block format');
      requireFormatOf(from.field, fromFormat);
      const toFormat = pinFormat(fields, 'destination PIN block format');
      const pan = account(fields, fromFormat, toFormat);
      const toPan = fields.accept(';') ? panOf(fields.digits('destination account number', 12)) : pan;
      return { from, to, maximum: LONGEST_PIN, block, fromFormat, toFormat, pan, toPan };
    });
  },
};

export const CI: RequestLayout<Translation> = {
  code: 'CI',
  title: 'Translate a PIN block of format 01 from a BDK to a ZPK',
  parse: (fields) => {
    const source = { field: fields.key('BDK', { isDouble: true }), type: BDK_1 };
    const to = { field: fields.key('ZPK'), type: ZPK };
    return parseWithKsn(fields, (padding) => {
      const from = { ...source, ksn: keySerialNumber(fields, source.field, padding) };
      const block = pinBlock(fields, from.field);
      requireFormatOf(from.field, OLD_DUKPT_FORMAT);
      const toFormat = pinFormat(fields);
      const pan = account(fields, toFormat);
      return { from, to, maximum: LONGEST_PIN, block, fromFormat: OLD_DUKPT_FORMAT, toFormat, pan, toPan: pan };
    });
  },
};
