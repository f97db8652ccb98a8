import type { RequestLayout } from './layout.js';
import { account, checkLength, ibm3624, pvki } from './pin-fields.js';
import { ibm3624Offset, type ReferencedPin, typedPinBlock, visaPvv } from './pin-verification.js';

export const BK: RequestLayout<ReferencedPin> = {
  code: 'BK',
  title: 'Generate the IBM 3624 offset of the PIN in a PIN block',
  parse: (fields) => {
    const { key, pvk, block, format } = typedPinBlock(fields, { isDouble: false });
    const length = checkLength(fields);
    const pan = account(fields, format);
    return { key, block, format, pan, reference: ibm3624Offset(pvk, ibm3624(fields, pan), length) };
  },
};

export const FW: RequestLayout<ReferencedPin> = {
  code: 'FW',
  title: 'Generate the PVV of the PIN in a PIN block',
  parse: (fields) => {
    const { key, pvk, block, format } = typedPinBlock(fields, { isDouble: true });
    const pan = account(fields, format);
    return { key, block, format, pan, reference: visaPvv(pvk, pan, pvki(fields)) };
  },
};
