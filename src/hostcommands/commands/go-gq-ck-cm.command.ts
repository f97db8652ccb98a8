import type { HostCommand } from '../command.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import {
  account,
  checkLength,
  ibm3624,
  keySerialNumber,
  LONGEST_PIN,
  offset,
  OLD_DUKPT_FORMAT,
  parseWithKsn,
  pinBlock,
  pinFormat,
  pvki,
  requireFormatOf,
} from './pin-fields.js';
import { bdk, BDK_1, type PinKey } from './pin-keys.js';
import { ibm3624Offset, type Verification, verify, visaPvv } from './pin-verification.js';

export const GO: HostCommand<Verification> = {
  code: 'GO',
  title: 'Verify a PIN block under a BDK by the IBM 3624 method',
  operation: 'VerifyPinData',
  isDefault: true,
  parse: (fields) => {
    requirePinOnly(fields);
    const key = bdk(fields);
    return parseIbm3624(fields, key, fields.key('PVK'), pinFormat);
  },
  execute: (request, host) => verify(host, request),
};

export const GQ: HostCommand<Verification> = {
  code: 'GQ',
  title: 'Verify a PIN block under a BDK by the Visa method',
  operation: 'VerifyPinData',
  isDefault: true,
  parse: (fields) => {
    requirePinOnly(fields);
    const key = bdk(fields);
    return parseVisa(fields, key, fields.key('PVK', { isDouble: true }), pinFormat);
  },
  execute: (request, host) => verify(host, request),
};

export const CK: HostCommand<Verification> = {
  code: 'CK',
  title: 'Verify a PIN block of format 01 under a BDK by the IBM 3624 method',
  operation: 'VerifyPinData',
  isDefault: true,
  parse: (fields) => {
    const key = { field: fields.key('BDK', { isDouble: true }), type: BDK_1 };
    return parseIbm3624(fields, key, fields.key('PVK'), oldFormat);
  },
  execute: (request, host) => verify(host, request),
};

export const CM: HostCommand<Verification> = {
  code: 'CM',
  title: 'Verify a PIN block of format 01 under a BDK by the Visa method',
  operation: 'VerifyPinData',
  isDefault: true,
  parse: (fields) => {
    const key = { field: fields.key('BDK', { isDouble: true }), type: BDK_1 };
    return parseVisa(fields, key, fields.key('PVK', { isDouble: true }), oldFormat);
  },
  execute: (request, host) => verify(host, request),
};

/** Reads the mode: only 0, PIN verification alone. No public source documents the length of the MAC of mode 1. */
function requirePinOnly(fields: RequestFields): void {
  fields.choice('mode', ['0']);
}

const oldFormat = () => OLD_DUKPT_FORMAT;

function parseIbm3624(
  fields: RequestFields,
  bdk: Omit<PinKey, 'ksn'>,
  pvk: KeyField,
  formatOf: typeof pinFormat,
): Verification {
  return parseWithKsn(fields, (padding) => {
    const { key, block, format } = dukptBlock(fields, bdk, padding, formatOf);
    const length = checkLength(fields);
    const pan = account(fields, format);
    const natural = ibm3624(fields, pan);
    const claimed = offset(fields, length);
    const reference = ibm3624Offset(pvk, natural, length);
    return { key, block, format, pan, reference, claimed, maximum: LONGEST_PIN };
  });
}

function parseVisa(
  fields: RequestFields,
  bdk: Omit<PinKey, 'ksn'>,
  pvk: KeyField,
  formatOf: typeof pinFormat,
): Verification {
  return parseWithKsn(fields, (padding) => {
    const { key, block, format } = dukptBlock(fields, bdk, padding, formatOf);
    const pan = account(fields, format);
    const reference = visaPvv(pvk, pan, pvki(fields));
    return { key, block, format, pan, reference, claimed: fields.digits('PVV', 4), maximum: LONGEST_PIN };
  });
}

function dukptBlock(fields: RequestFields, bdk: Omit<PinKey, 'ksn'>, padding: 0 | 4, formatOf: typeof pinFormat) {
  const key = { ...bdk, ksn: keySerialNumber(fields, bdk.field, padding) };
  const block = pinBlock(fields, key.field);
  const format = formatOf(fields);
  requireFormatOf(key.field, format);
  return { key, block, format };
}
