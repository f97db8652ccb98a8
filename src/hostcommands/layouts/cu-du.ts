import type { RequestLayout } from './layout.js';
import { account, checkLength, ibm3624, LONGEST_PIN, offset, pinBlock, pvki } from './pin-fields.js';
import { ibm3624Offset, type PinChange, typedPinBlock, visaPvv } from './pin-verification.js';

export const CU: RequestLayout<PinChange> = {
  code: 'CU',
  title: 'Verify a PIN block and generate the PVV of a new PIN',
  parse: (fields) => {
    const { key, pvk, block, format } = typedPinBlock(fields, { isDouble: true });
    const pan = account(fields, format);
    const reference = visaPvv(pvk, pan, pvki(fields));
    const claimed = fields.digits('old PVV', 4);
    const newBlock = pinBlock(fields, key.field, 'new PIN block');
    return { key, block, format, pan, reference, claimed, newBlock, maximum: LONGEST_PIN };
  },
};

export const DU: RequestLayout<PinChange> = {
  code: 'DU',
  title: 'Verify a PIN block and generate the IBM 3624 offset of a new PIN',
  parse: (fields) => {
    const { key, pvk, block, format } = typedPinBlock(fields, { isDouble: false });
    const length = checkLength(fields);
    const pan = account(fields, format);
    const natural = ibm3624(fields, pan);
    const claimed = offset(fields, length);
    const newBlock = pinBlock(fields, key.field, 'new PIN block');
    const reference = ibm3624Offset(pvk, natural, length);
    return { key, block, format, pan, reference, claimed, newBlock, maximum: LONGEST_PIN };
  },
};
