import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import { HostError } from '../host-error.js';
import type { RequestFields } from '../request-fields.js';
import { LONGEST_PIN, pinUnderLmk, SHORTEST_PIN } from './pin-fields.js';
import { pinReply, pinsUnderLmk, requireActivity } from './pins.js';

/** The activity that has to be authorised for commands with clear PINs. */
const CLEAR = 'pin.clear';
/** The activity that has to be authorised for assigning the PIN of one account to another. */
const OTHER_ACCOUNT = 'pin.account';

interface ClearPin {
  readonly pin: string;
  readonly account: string;
}

export const BA: HostCommand<ClearPin> = {
  code: 'BA',
  title: 'Encrypt a clear PIN under the LMK',
  operation: 'TranslatePinData',
  isDefault: false,
  parse: (fields) => {
    const [, pin = ''] = /^([0-9]*)F*$/.exec(fields.hex('PIN', clearLength(fields))) ?? [];
    if (pin.length < SHORTEST_PIN || pin.length > LONGEST_PIN)
      throw new HostError('24', 'PIN must be 4 to 12 digits, and F on their right');
    return { pin, account: fields.digits('account number', 12) };
  },
  execute: ({ pin, account }, host) => {
    const pins = pinsUnderLmk(host);
    requireActivity(host, CLEAR);
    return whenReady(pins.encrypt(host, pin, account), pinReply);
  },
};

interface EncryptedPin {
  readonly account: string;
  readonly pin: string;
}

export const NG: HostCommand<EncryptedPin & { length: number }> = {
  code: 'NG',
  title: 'Decrypt a PIN under the LMK',
  operation: 'TranslatePinData',
  isDefault: false,
  parse: (fields) => {
    const length = clearLength(fields);
    return { account: fields.digits('account number', 12), pin: pinUnderLmk(fields), length };
  },
  execute: ({ account, pin: encrypted, length }, host) => {
    const pins = pinsUnderLmk(host);
    requireActivity(host, CLEAR);
    return whenReady(pins.decrypt(host, encrypted, account), (pin) => ({ fields: [['PIN', pin.padEnd(length, 'F')]] }));
  },
};

export const BG: HostCommand<EncryptedPin> = {
  code: 'BG',
  title: 'Re-encrypt a PIN under the LMK, after the PIN length of the LMK was changed',
  operation: 'TranslatePinData',
  isDefault: true,
  parse: (fields) => {
    const account = fields.digits('account number', 12);
    const isVariant = fields.lmkAhead().scheme === 'variant';
    const range = { least: SHORTEST_PIN + 1, most: LONGEST_PIN + 1 };
    return { account, pin: isVariant ? fields.digitRun('PIN under the LMK', range) : pinUnderLmk(fields) };
  },
  execute: ({ account, pin: encrypted }, host) => {
    const pins = pinsUnderLmk(host);
    return whenReady(pins.decrypt(host, encrypted, account), (pin) =>
      whenReady(pins.encrypt(host, pin, account), pinReply),
    );
  },
};

interface AccountChange {
  readonly pin: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Rebinds a PIN from one account to another. ISO 9564-1 and PCI PIN requirement 3-3 forbid that in
 * translations, because the new PIN block can then be compared or verified for that account; so it is not served unless
 * it is authorised.
 */
export const QK: HostCommand<AccountChange> = {
  code: 'QK',
  title: 'Translate a PIN under the LMK to another account number',
  operation: 'TranslatePinData',
  isDefault: false,
  parse: (fields) => ({
    pin: pinUnderLmk(fields),
    from: fields.digits('old account number', 12),
    to: fields.digits('new account number', 12),
  }),
  execute: ({ pin: encrypted, from, to }, host) => {
    const pins = pinsUnderLmk(host);
    requireActivity(host, OTHER_ACCOUNT);
    return whenReady(pins.decrypt(host, encrypted, from), (pin) => whenReady(pins.encrypt(host, pin, to), pinReply));
  },
};

/** Returns the length of a clear PIN with its fill, which is that of a PIN under a variant LMK. */
function clearLength(fields: RequestFields): number {
  const { scheme, pinLength } = fields.lmkAhead();
  return 1 + (scheme === 'variant' ? pinLength : LONGEST_PIN);
}
