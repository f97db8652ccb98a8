import type { HostCall, HostCommand, KeyType, Reply } from '../command.js';
import { HostError } from '../host-error.js';
import { type KeyOptions, readKeyOptions } from '../key-options.js';
import { importUnder } from '../key-transport.js';
import { checkKeyType } from '../key-types.js';
import type { KeyField } from '../request-fields.js';
import {
  type CheckValue,
  checkValueFields,
  findTransportKey,
  headerOfImported,
  readKeyType,
  readScheme,
} from './key-replies.js';

interface Request {
  readonly type: KeyType;
  readonly zmk: KeyField;
  readonly key: KeyField;
  readonly scheme: string;
  readonly options: KeyOptions;
}

/** A6. */
export const A6: HostCommand<Request> = {
  code: 'A6',
  title: 'Import a key under a ZMK',
  operation: 'ImportKey',
  isDefault: true,

  parse(fields) {
    const type = readKeyType(fields);
    const zmk = fields.key('ZMK');
    const key = fields.key('key');
    const scheme = readScheme(fields, 'key scheme (LMK)');
    if (/[0-9]/.test(fields.peek())) throw new HostError('15', 'Atalla variant: Atalla variants are not supported');
    return { type, zmk, key, scheme, options: readKeyOptions(fields) };
  },

  execute: (request, host) => importKey(host, request),
};

/** Imports a key under a ZMK. @param values 6 digits by default */
export async function importKey(
  host: HostCall,
  { type, zmk: zmkField, key: field, scheme, options }: Request,
  values?: readonly CheckValue[],
): Promise<Reply> {
  checkKeyType(type);
  const zmk = await findTransportKey(host, zmkField, 'Unwrap');
  const imported = importUnder(zmk, field);
  const { clear, isAes, hadWrongParity } = imported;
  try {
    const exportability = options.exportability ?? options.header?.exportability;
    const header = headerOfImported(type, imported, options.header, exportability);
    const issue = await host.services.issuer.under(host, { type, scheme, header });
    return {
      ...(hadWrongParity && { code: '01' as const }),
      fields: [['key under the LMK', issue(clear)], ...checkValueFields(clear, isAes, values)],
    };
  } finally {
    clear.fill(0);
  }
}
