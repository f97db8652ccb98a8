import { type CheckValueDigits, readKind, readScheme } from './key-fields.js';
import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

export interface Request {
  readonly zmk: KeyField;
  readonly key: KeyField;
  /** Scheme of the key in the reply. */
  readonly scheme: string;
  readonly digits: CheckValueDigits;
}

/** Reads the fields: after `;`, schemes under ZMK and LMK and the kind of the check value. */
function read(fields: RequestFields, reply: 'zmk' | 'lmk', isDouble: boolean): Request {
  const zmk = fields.key('ZMK');
  const key = fields.key('key', { isDouble });
  if (!fields.accept(';')) return { zmk, key, scheme: '0', digits: 16 };
  const schemes = { zmk: readScheme(fields, 'key scheme (ZMK)'), lmk: readScheme(fields, 'key scheme (LMK)') };
  return { zmk, key, scheme: schemes[reply], digits: readKind(fields) };
}

export const FA: RequestLayout<Request> = {
  code: 'FA',
  title: 'Translate a ZPK from a ZMK to the LMK',
  parse: (fields) => read(fields, 'lmk', false),
};

export const DW: RequestLayout<Request> = {
  code: 'DW',
  title: 'Translate a BDK from a ZMK to the LMK',
  parse: (fields) => read(fields, 'lmk', true),
};

export const GC: RequestLayout<Request> = {
  code: 'GC',
  title: 'Translate a ZPK from the LMK to a ZMK',
  parse: (fields) => read(fields, 'zmk', false),
};
