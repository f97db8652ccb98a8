import { HostError } from '../host-error.js';
import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** The three card security codes, by their numbers of digits. */
export const LENGTHS = [5, 4, 3] as const;

export interface Request {
  readonly csck: KeyField;
  readonly pan: string;
  readonly CardExpiryDate: string;
  /** Of version 2 of the codes; undefined for version 1. */
  readonly ServiceCode?: string;
  /** The codes to verify, undefined for those that aren't present; undefined to calculate them. */
  readonly claimed?: readonly (Buffer | undefined)[];
}

export const RY: RequestLayout<Request> = {
  code: 'RY',
  title: 'Calculate or verify American Express card security codes',
  parse: (fields) => {
    const isVerification = fields.choice('mode', ['3', '4']) === '4';
    const version = fields.choice('flag', ['0', '2']);
    const csck = fields.key('CSCK', { isDouble: true });
    const pan = fields.digits('account number', 19).replace(/^0+/, '');
    if (pan.length < 12) throw new HostError('22', 'account number must have at least 12 digits after the zeros');
    const CardExpiryDate = fields.digits('expiry date', 4);
    return {
      csck,
      pan,
      CardExpiryDate,
      ...(version === '2' && { ServiceCode: fields.digits('service code', 3) }),
      ...(isVerification && { claimed: LENGTHS.map((length) => readCode(fields, length)) }),
    };
  },
};

/** Reads a code, which is all `F` if it isn't to be verified. */
function readCode(fields: RequestFields, length: number): Buffer | undefined {
  const code = fields.hex(`CSC of ${length} digits`, length);
  if (code === 'F'.repeat(length)) return undefined;
  if (!/^[0-9]*$/.test(code)) throw new HostError('15', `CSC of ${length} digits must be decimal digits or all F`);
  return Buffer.from(code);
}
