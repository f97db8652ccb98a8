import type { HostCall, HostCommand, Reply } from '../command.js';
import { importUnder } from '../key-transport.js';
import { checkKeyType } from '../key-types.js';
import * as layouts from '../layouts/a6.js';
import type { Request } from '../layouts/a6.js';
import type { CheckValue } from '../layouts/key-fields.js';
import { checkValueFields, findTransportKey, headerUnderLmk } from './key-replies.js';

/** A6. */
export const A6: HostCommand<Request> = {
  ...layouts.A6,
  operation: 'ImportKey',
  isDefault: true,
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
  const { clear, isAes, attributes, hadWrongParity } = importUnder(zmk, field);
  try {
    const exportability = options.exportability ?? options.header?.exportability;
    const header = headerUnderLmk(type, { bytes: clear.length, isAes, attributes }, options.header, exportability);
    const issue = await host.services.issuer.under(host, { type, scheme, header });
    return {
      ...(hadWrongParity && { code: '01' as const }),
      fields: [['key under the LMK', issue(clear)], ...checkValueFields(clear, isAes, values)],
    };
  } finally {
    clear.fill(0);
  }
}
