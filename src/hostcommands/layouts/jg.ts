import type { RequestLayout } from './layout.js';
import { account, type PinFormat, pinFormat, pinUnderLmk } from './pin-fields.js';
import { type PinKey, ZPK } from './pin-keys.js';

export interface Request {
  readonly key: PinKey;
  readonly format: PinFormat;
  readonly pan: string;
  readonly pin: string;
}

export const JG: RequestLayout<Request> = {
  code: 'JG',
  title: 'Translate a PIN under the LMK to a PIN block under a ZPK',
  parse: (fields) => {
    const key = { field: fields.key('ZPK'), type: ZPK };
    const format = pinFormat(fields);
    const pan = account(fields, format);
    return { key, format, pan, pin: pinUnderLmk(fields) };
  },
};
