import { HostError } from '../host-error.js';
import type { RequestLayout } from './layout.js';
import {
  checkLength,
  ibm3624,
  type Ibm3624Fields,
  offset,
  panOf,
  pinUnderLmk,
  pvki,
  SHORTEST_PIN,
} from './pin-fields.js';
import { ibm3624Offset, type Reference, visaPvv } from './pin-verification.js';
import type { KeyField } from './request-fields.js';

/** A PIN under the LMK and the reference value to generate for it. */
export interface ReferencedPin {
  readonly pin: string;
  readonly account: string;
  readonly reference: Reference;
}

export const DE: RequestLayout<ReferencedPin> = {
  code: 'DE',
  title: 'Generate the IBM 3624 offset of a PIN under the LMK',
  parse: (fields) => {
    const pvk = fields.key('PVK');
    const pin = pinUnderLmk(fields);
    const length = checkLength(fields);
    const account = fields.digits('account number', 12);
    return { pin, account, reference: ibm3624Offset(pvk, ibm3624(fields, panOf(account)), length) };
  },
};

export const DG: RequestLayout<ReferencedPin> = {
  code: 'DG',
  title: 'Generate the PVV of a PIN under the LMK',
  parse: (fields) => {
    const pvk = fields.key('PVK', { isDouble: true });
    const pin = pinUnderLmk(fields);
    const account = fields.digits('account number', 12);
    return { pin, account, reference: visaPvv(pvk, panOf(account), pvki(fields)) };
  },
};

export interface Derivation {
  readonly pvk: KeyField;
  /** As many digits as the PIN. */
  readonly offset: string;
  readonly account: string;
  readonly natural: Ibm3624Fields;
}

export const EE: RequestLayout<Derivation> = {
  code: 'EE',
  title: 'Derive a PIN under the LMK from its IBM 3624 offset',
  parse: (fields) => {
    const pvk = fields.key('PVK');
    const whole = offset(fields, SHORTEST_PIN);
    const length = checkLength(fields);
    if (whole.length < length) throw new HostError('15', 'offset has fewer digits than the check length');
    const account = fields.digits('account number', 12);
    return { pvk, offset: whole.slice(0, length), account, natural: ibm3624(fields, panOf(account)) };
  },
};
