import { decryptPinBlock } from '../../crypto/pin-block.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import type { RequestFields } from '../request-fields.js';
import { account, accountOf, pinBlock, pinFormat, requireFormatOf } from './pin-fields.js';
import { findPinKey, PIN_KEY_RULES, TPK, ZPK } from './pin-keys.js';
import type { PinBlockFields } from './pin-verification.js';
import { pinReply, pinsUnderLmk } from './pins.js';

export const JC: HostCommand<PinBlockFields> = {
  code: 'JC',
  title: 'Translate a PIN block under a TPK to a PIN under the LMK',
  operation: 'TranslatePinData',
  isDefault: true,
  parse: (fields) => parse(fields, TPK),
  execute: translate,
};

export const JE: HostCommand<PinBlockFields> = {
  code: 'JE',
  title: 'Translate a PIN block under a ZPK to a PIN under the LMK',
  operation: 'TranslatePinData',
  isDefault: true,
  parse: (fields) => parse(fields, ZPK),
  execute: translate,
};

function parse(fields: RequestFields, type: typeof TPK | typeof ZPK): PinBlockFields {
  const key = { field: fields.key(type === TPK ? 'TPK' : 'ZPK'), type };
  const block = pinBlock(fields, key.field);
  const format = pinFormat(fields);
  requireFormatOf(key.field, format);
  return { key, block, format, pan: account(fields, format) };
}

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
