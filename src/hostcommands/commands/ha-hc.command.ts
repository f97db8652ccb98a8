import type { HostCommand } from '../command.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { generateUnderTmk } from './a0.command.js';
import { readScheme } from './key-replies.js';

interface Request {
  readonly tmk: KeyField;
  readonly schemes: { readonly lmk: string; readonly tmk: string };
}

export const HA: HostCommand<Request> = {
  code: 'HA',
  title: 'Generate a TAK under a TMK and the LMK',
  operation: 'CreateKey',
  isDefault: true,
  parse: readRequest,
  execute: ({ tmk, schemes }, host) => generateUnderTmk(host, tmk, { type: '003', schemes }),
};

export const HC: HostCommand<Request> = {
  code: 'HC',
  title: 'Generate a TMK, TPK or PVK under a TMK and the LMK',
  operation: 'CreateKey',
  isDefault: true,
  parse: readRequest,
  execute: ({ tmk, schemes }, host) => generateUnderTmk(host, tmk, { type: '002', schemes }),
};

function readRequest(fields: RequestFields): Request {
  const tmk = fields.key('TMK');
  if (!fields.accept(';')) return { tmk, schemes: { tmk: '0', lmk: '0' } };
  const schemes = { tmk: readScheme(fields, 'key scheme (TMK)'), lmk: readScheme(fields, 'key scheme (LMK)') };
  fields.choice('check value kind', ['0']);
  return { tmk, schemes };
}
