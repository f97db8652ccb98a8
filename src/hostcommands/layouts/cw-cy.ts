import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** Digits of a CVV. */
export const LENGTH = 3;

export interface Card {
  readonly pan: string;
  readonly CardExpiryDate: string;
  readonly ServiceCode: string;
}

export const CW: RequestLayout<Card & { readonly cvk: KeyField }> = {
  code: 'CW',
  title: 'Generate a CVV',
  parse: (fields) => ({ cvk: readCvk(fields), ...readCard(fields) }),
};

export const CY: RequestLayout<Card & { readonly cvk: KeyField; readonly claimed: Buffer }> = {
  code: 'CY',
  title: 'Verify a CVV',
  parse: (fields) => ({
    cvk: readCvk(fields),
    claimed: Buffer.from(fields.digits('CVV', LENGTH)),
    ...readCard(fields),
  }),
};

function readCvk(fields: RequestFields): KeyField {
  return fields.key('CVK', { isDouble: true });
}

function readCard(fields: RequestFields): Card {
  const pan = fields.digitsUntil('account number', ';', { least: 12, most: 19 });
  return { pan, CardExpiryDate: fields.digits('expiry date', 4), ServiceCode: fields.digits('service code', 3) };
}
