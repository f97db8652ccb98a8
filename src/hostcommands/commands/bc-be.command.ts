import { equal } from '../../crypto/bytes.js';
import { decryptPinBlock } from '../../crypto/pin-block.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import * as layouts from '../layouts/bc-be.js';
import type { Comparison } from '../layouts/bc-be.js';
import { accountOf } from '../layouts/pin-fields.js';
import { findPinKey, PIN_KEY_RULES } from './pin-keys.js';
import { wrongPin } from './pin-verification.js';
import { pinsUnderLmk } from './pins.js';

export const BC: HostCommand<Comparison> = {
  ...layouts.BC,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: compare,
};

export const BE: HostCommand<Comparison> = {
  ...layouts.BE,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: compare,
};

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
