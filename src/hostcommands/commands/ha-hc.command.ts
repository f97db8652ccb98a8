import type { HostCommand, KeyType } from '../command.js';
import type { KeyField } from '../request-fields.js';
import { generateUnderTmk } from './a0.command.js';
import { readScheme } from './key-replies.js';

interface Request {
  readonly tmk: KeyField;
  readonly schemes: { readonly lmk: string; readonly tmk: string };
}

const generating = (code: string, title: string, type: KeyType): HostCommand<Request> => ({
  code,
  title,
  operation: 'CreateKey',
  isDefault: true,

  parse(fields) {
    const tmk = fields.key('TMK');
    if (!fields.accept(';')) return { tmk, schemes: { tmk: '0', lmk: '0' } };
    const schemes = { tmk: readScheme(fields, 'key scheme (TMK)'), lmk: readScheme(fields, 'key scheme (LMK)') };
    fields.choice('check value kind', ['0']);
    return { tmk, schemes };
  },

  execute: ({ tmk, schemes }, host) => generateUnderTmk(host, tmk, { type, schemes }),
});

export const HA = generating('HA', 'Generate a TAK under a TMK and the LMK', '003');
export const HC = generating('HC', 'Generate a TMK, TPK or PVK under a TMK and the LMK', '002');
