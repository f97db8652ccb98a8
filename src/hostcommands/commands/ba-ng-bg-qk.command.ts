import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/ba-ng-bg-qk.js';
import type { AccountChange, ClearPin, EncryptedPin } from '../layouts/ba-ng-bg-qk.js';
import { pinReply, pinsUnderLmk, requireActivity } from './pins.js';

/** The activity that has to be authorised for commands with clear PINs. */
const CLEAR = 'pin.clear';
/** The activity that has to be authorised for assigning the PIN of one account to another. */
const OTHER_ACCOUNT = 'pin.account';

export const BA: HostCommand<ClearPin> = {
  ...layouts.BA,
  operation: 'TranslatePinData',
  isDefault: false,
  execute: ({ pin, account }, host) => {
    const pins = pinsUnderLmk(host);
    requireActivity(host, CLEAR);
    return whenReady(pins.encrypt(host, pin, account), pinReply);
  },
};

export const NG: HostCommand<EncryptedPin & { length: number }> = {
  ...layouts.NG,
  operation: 'TranslatePinData',
  isDefault: false,
  execute: ({ account, pin: encrypted, length }, host) => {
    const pins = pinsUnderLmk(host);
    requireActivity(host, CLEAR);
    return whenReady(pins.decrypt(host, encrypted, account), (pin) => ({ fields: [['PIN', pin.padEnd(length, 'F')]] }));
  },
};

export const BG: HostCommand<EncryptedPin> = {
  ...layouts.BG,
  operation: 'TranslatePinData',
  isDefault: true,
  execute: ({ account, pin: encrypted }, host) => {
    const pins = pinsUnderLmk(host);
    return whenReady(pins.decrypt(host, encrypted, account), (pin) =>
      whenReady(pins.encrypt(host, pin, account), pinReply),
    );
  },
};

/**
 * Rebinds a PIN from one account to another. ISO 9564-1 and PCI PIN requirement 3-3 forbid that in
 * translations, because the new PIN block can then be compared or verified for that account; so it is not served unless
 * it is authorised.
 */
export const QK: HostCommand<AccountChange> = {
  ...layouts.QK,
  operation: 'TranslatePinData',
  isDefault: false,
  execute: ({ pin: encrypted, from, to }, host) => {
    const pins = pinsUnderLmk(host);
    requireActivity(host, OTHER_ACCOUNT);
    return whenReady(pins.decrypt(host, encrypted, from), (pin) => whenReady(pins.encrypt(host, pin, to), pinReply));
  },
};
