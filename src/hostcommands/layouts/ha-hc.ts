import { readScheme } from './key-fields.js';
import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

export interface Request {
  readonly tmk: KeyField;
  readonly schemes: { readonly lmk: string; readonly tmk: string };
}

export const HA: RequestLayout<Request> = {
  code: 'HA',
  title: 'Generate a TAK under a TMK and the LMK',
  parse: readRequest,
};

export const HC: RequestLayout<Request> = {
  code: 'HC',
  title: 'Generate a TMK, TPK or PVK under a TMK and the LMK',
  parse: readRequest,
};

function readRequest(fields: RequestFields): Request {
  const tmk = fields.key('TMK');
  if (!fields.accept(';')) return { tmk, schemes: { tmk: '0', lmk: '0' } };
  const schemes = { tmk: readScheme(fields, 'key scheme (TMK)'), lmk: readScheme(fields, 'key scheme (LMK)') };
  fields.choice('check value kind', ['0']);
  return { tmk, schemes };
}
