import { toHex } from '../../crypto/bytes.js';
import { encryptPinBlock } from '../../crypto/pin-block.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/jg.js';
import type { Request } from '../layouts/jg.js';
import { accountOf } from '../layouts/pin-fields.js';
import { findPinKey, PIN_KEY_RULES } from './pin-keys.js';
import { requireFormats } from './pin-translation.js';
import { pinsUnderLmk } from './pins.js';

export const JG: HostCommand<Request> = {
  ...layouts.JG,
  operation: 'TranslatePinData',
  isDefault: true,
  execute: ({ key, format, pan, pin: encrypted }, host) => {
    const pins = pinsUnderLmk(host);
    requireFormats(0, format);
    return whenReady(findPinKey(host, key, PIN_KEY_RULES.encrypts, format), (zpk) =>
      whenReady(pins.decrypt(host, encrypted, accountOf(pan)), (pin) => {
        const block = underPinKey(zpk, (cipher) => encryptPinBlock(cipher, format, { pin, pan }));
        return { fields: [['PIN block', toHex(block)]] };
      }),
    );
  },
};
