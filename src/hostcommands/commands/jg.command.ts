import { toHex } from '../../crypto/bytes.js';
import { encryptPinBlock } from '../../crypto/pin-block.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import { account, accountOf, type PinFormat, pinFormat, pinUnderLmk } from './pin-fields.js';
import { findPinKey, PIN_KEY_RULES, type PinKey, ZPK } from './pin-keys.js';
import { requireFormats } from './pin-translation.js';
import { pinsUnderLmk } from './pins.js';

interface Request {
  readonly key: PinKey;
  readonly format: PinFormat;
  readonly pan: string;
  readonly pin: string;
}

export const JG: HostCommand<Request> = {
  code: 'JG',
  title: 'Translate a PIN under the LMK to a PIN block under a ZPK',
  operation: 'TranslatePinData',
  isDefault: true,
  parse: (fields) => {
    const key = { field: fields.key('ZPK'), type: ZPK };
    const format = pinFormat(fields);
    const pan = account(fields, format);
    return { key, format, pan, pin: pinUnderLmk(fields) };
  },
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
