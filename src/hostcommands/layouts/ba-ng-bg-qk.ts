import { HostError } from '../host-error.js';
import type { RequestLayout } from './layout.js';
import { LONGEST_PIN, pinUnderLmk, SHORTEST_PIN } from './pin-fields.js';
import type { RequestFields } from './request-fields.js';

export interface ClearPin {
  readonly pin: string;
  readonly account: string;
}

export const BA: RequestLayout<ClearPin> = {
  code: 'BA',
  title: 'Encrypt a clear PIN under the LMK',
  parse: (fields) => {
    const [, pin = ''] = /^([0-9]*)F*$/.exec(fields.hex('PIN', clearLength(fields))) ?? [];
    if (pin.length < SHORTEST_PIN || pin.length > LONGEST_PIN)
      throw new HostError('24', 'PIN must be 4 to 12 digits, and F on their right');
    return { pin, account: fields.digits('account number', 12) };
  },
};

export interface EncryptedPin {
  readonly account: string;
  readonly pin: string;
}

export const NG: RequestLayout<EncryptedPin & { length: number }> = {
  code: 'NG',
  title: 'Decrypt a PIN under the LMK',
  parse: (fields) => {
    const length = clearLength(fields);
    return { account: fields.digits('account number', 12), pin: pinUnderLmk(fields), length };
  },
};

export const BG: RequestLayout<EncryptedPin> = {
  code: 'BG',
  title: 'Encrypt a PIN under the LMK anew, after the PIN length of the LMK was changed',
  parse: (fields) => {
    const account = fields.digits('account number', 12);
    const isVariant = fields.lmkAhead().scheme === 'variant';
    const range = { least: SHORTEST_PIN + 1, most: LONGEST_PIN + 1 };
    return { account, pin: isVariant ? fields.digitRun('PIN under the LMK', range) : pinUnderLmk(fields) };
  },
};

export interface AccountChange {
  readonly pin: string;
  readonly from: string;
  readonly to: string;
}

export const QK: RequestLayout<AccountChange> = {
  code: 'QK',
  title: 'Translate a PIN under the LMK to another account number',
  parse: (fields) => ({
    pin: pinUnderLmk(fields),
    from: fields.digits('old account number', 12),
    to: fields.digits('new account number', 12),
  }),
};

/** Returns the length of a clear PIN with its fill, which is that of a PIN under a variant LMK. */
function clearLength(fields: RequestFields): number {
  const { scheme, pinLength } = fields.lmkAhead();
  return 1 + (scheme === 'variant' ? pinLength : LONGEST_PIN);
}
