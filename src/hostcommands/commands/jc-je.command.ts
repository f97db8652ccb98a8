import { decryptPinBlock } from '../../crypto/pin-block.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import * as layouts from '../layouts/jc-je.js';
import { accountOf } from '../layouts/pin-fields.js';
import type { PinBlockFields } from '../layouts/pin-verification.js';
import { findPinKey, PIN_KEY_RULES } from './pin-keys.js';
import { pinReply, pinsUnderLmk } from './pins.js';

export const JC: HostCommand<PinBlockFields> = {
  ...layouts.JC,
  operation: 'TranslatePinData',
  isDefault: true,
  execute: translate,
};

export const JE: HostCommand<PinBlockFields> = {
  ...layouts.JE,
  operation: 'TranslatePinData',
  isDefault: true,
  execute: translate,
};

/** @throws HostError 24 for a PIN that is too long for the LMK; CryptoError PIN_BLOCK */
function translate({ key, block, format, pan }: PinBlockFields, host: HostCall): Reply | Promise<Reply> {
  const pins = pinsUnderLmk(host);
  return whenReady(findPinKey(host, key, PIN_KEY_RULES.decrypts, format), (pek) => {
    const decrypted = host.services.verifications.attempt(host.call, { keyArns: [pek.arn], pan }, () =>
      underPinKey(pek, (cipher) => decryptPinBlock(cipher, format, { block, pan })),
    );
    return whenReady(decrypted, (pin) => whenReady(pins.encrypt(host, pin, accountOf(pan)), pinReply));
  });
}
