import type { HostCommand } from '../command.js';
import { account, checkLength, ibm3624, pvki } from './pin-fields.js';
import { generateReference, ibm3624Offset, type ReferencedPin, typedPinBlock, visaPvv } from './pin-verification.js';

export const BK: HostCommand<ReferencedPin> = {
  code: 'BK',
  title: 'Generate the IBM 3624 offset of the PIN in a PIN block',
  operation: 'GeneratePinData',
  isDefault: true,
  parse: (fields) => {
    const { key, pvk, block, format } = typedPinBlock(fields, { isDouble: false });
    const length = checkLength(fields);
    const pan = account(fields, format);
    return { key, block, format, pan, reference: ibm3624Offset(pvk, ibm3624(fields, pan), length) };
  },
  execute: (request, host) => generateReference(host, request),
};

export const FW: HostCommand<ReferencedPin> = {
  code: 'FW',
  title: 'Generate the PVV of the PIN in a PIN block',
  operation: 'GeneratePinData',
  isDefault: true,
  parse: (fields) => {
    const { key, pvk, block, format } = typedPinBlock(fields, { isDouble: true });
    const pan = account(fields, format);
    return { key, block, format, pan, reference: visaPvv(pvk, pan, pvki(fields)) };
  },
  execute: (request, host) => generateReference(host, request),
};
