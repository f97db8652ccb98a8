import type { HostCommand } from '../command.js';
import type { RequestFields } from '../request-fields.js';
import { account, LONGEST_PIN, panOf, pinBlock, pinFormat, pvki, requireFormatOf } from './pin-fields.js';
import { TPK, ZPK } from './pin-keys.js';
import { type Verification, verify, visaPvv } from './pin-verification.js';

export const DC: HostCommand<Verification> = {
  code: 'DC',
  title: 'Verify a PIN block under a TPK by the Visa method',
  operation: 'VerifyPinData',
  isDefault: true,
  parse: (fields) => parse(fields, TPK),
  execute: (request, host) => verify(host, request),
};

export const EC: HostCommand<Verification> = {
  code: 'EC',
  title: 'Verify a PIN block under a ZPK by the Visa method',
  operation: 'VerifyPinData',
  isDefault: true,
  parse: (fields) => parse(fields, ZPK),
  execute: (request, host) => verify(host, request),
};

function parse(fields: RequestFields, type: typeof TPK | typeof ZPK): Verification {
  const key = { field: fields.key(type === TPK ? 'TPK' : 'ZPK'), type };
  const pvk = fields.key('PVK', { isDouble: true });
  const block = pinBlock(fields, key.field);
  const format = pinFormat(fields);
  requireFormatOf(key.field, format);
  const pan = account(fields, format);
  const referencePan = type === ZPK && fields.accept(';') ? panOfPvv(fields) : pan;
  const reference = visaPvv(pvk, referencePan, pvki(fields));
  return { key, block, format, pan, reference, claimed: fields.digits('PVV', 4), maximum: LONGEST_PIN };
}

/**
 * Reads the account number of the PVV, if the PIN block has a different one, such as a token: 12 digits without the
 * check digit, or a whole PAN of 13 to 19. It is followed by 5 digits: PVKI and PVV.
 */
function panOfPvv(fields: RequestFields): string {
  const start = fields.mark();
  const { length } = fields.digitRun('account number of the PVV, PVKI and PVV', { least: 17, most: 24 });
  fields.rewind(start);
  const digits = fields.digits('account number of the PVV', length - 5);
  return digits.length === 12 ? panOf(digits) : digits;
}
