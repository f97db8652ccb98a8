import { equal } from '../../crypto/bytes.js';
import { decryptPinBlock } from '../../crypto/pin-block.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import type { RequestFields } from '../request-fields.js';
import { account, accountOf, pinBlock, pinFormat, pinUnderLmk, requireFormatOf } from './pin-fields.js';
import { findPinKey, PIN_KEY_RULES, TPK, ZPK } from './pin-keys.js';
import { type PinBlockFields, wrongPin } from './pin-verification.js';
import { pinsUnderLmk } from './pins.js';

/** A PIN block and the PIN under the LMK with which its PIN is compared. */
interface Comparison extends PinBlockFields {
  readonly pin: string;
}

export const BC: HostCommand<Comparison> = {
  code: 'BC',
  title: 'Compare a PIN block under a TPK with a PIN under the LMK',
  operation: 'VerifyPinData',
  isDefault: true,
  parse: (fields) => parse(fields, TPK),
  execute: compare,
};

export const BE: HostCommand<Comparison> = {
  code: 'BE',
  title: 'Compare a PIN block under a ZPK with a PIN under the LMK',
  operation: 'VerifyPinData',
  isDefault: true,
  parse: (fields) => parse(fields, ZPK),
  execute: compare,
};

function parse(fields: RequestFields, type: typeof TPK | typeof ZPK): Comparison {
  const key = { field: fields.key(type === TPK ? 'TPK' : 'ZPK'), type };
  const block = pinBlock(fields, key.field);
  const format = pinFormat(fields);
  requireFormatOf(key.field, format);
  const pan = account(fields, format);
  return { key, block, format, pan, pin: pinUnderLmk(fields) };
}

/** @throws VerificationFailedException for another PIN; CryptoError PIN_BLOCK */
function compare({ key, block, format, pan, pin }: Comparison, host: HostCall): Reply | Promise<Reply> {
  const pins = pinsUnderLmk(host);
  return whenReady(findPinKey(host, key, PIN_KEY_RULES.verifies, format), (pek) =>
    whenReady(pins.decrypt(host, pin, accountOf(pan)), (expected) => {
      const compared = host.services.verifications.attempt(host.call, { keyArns: [pek.arn], pan }, () => {
        const given = underPinKey(pek, (cipher) => decryptPinBlock(cipher, format, { block, pan }));
        if (!equal(Buffer.from(given), Buffer.from(expected))) throw wrongPin();
      });
      return whenReady(compared, () => ({ fields: [] }));
    }),
  );
}
