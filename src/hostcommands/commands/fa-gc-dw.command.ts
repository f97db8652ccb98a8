import type { HostCommand } from '../command.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { importKey } from './a6.command.js';
import { exportKey } from './a8.command.js';
import { type CheckValueDigits, readKind, readScheme } from './key-replies.js';

interface Request {
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

export const FA: HostCommand<Request> = {
  code: 'FA',
  title: 'Translate a ZPK from a ZMK to the LMK',
  operation: 'ImportKey',
  isDefault: true,
  parse: (fields) => read(fields, 'lmk', false),
  execute: ({ digits, ...request }, host) => importKey(host, { ...request, type: '001', options: {} }, digits),
};

export const DW: HostCommand<Request> = {
  code: 'DW',
  title: 'Translate a BDK from a ZMK to the LMK',
  operation: 'ImportKey',
  isDefault: true,
  parse: (fields) => read(fields, 'lmk', true),
  execute: ({ digits, ...request }, host) => importKey(host, { ...request, type: '009', options: {} }, digits),
};

export const GC: HostCommand<Request> = {
  code: 'GC',
  title: 'Translate a ZPK from the LMK to a ZMK',
  operation: 'ExportKey',
  isDefault: true,
  parse: (fields) => read(fields, 'zmk', false),
  execute: ({ digits, ...request }, host) => exportKey(host, { ...request, type: '001', options: {} }, digits),
};
