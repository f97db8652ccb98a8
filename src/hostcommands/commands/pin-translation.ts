import { toHex } from '../../crypto/bytes.js';
import { CryptoError } from '../../crypto/errors.js';
import { requireTranslatable, translateWithLength } from '../../crypto/pin-block.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, Reply } from '../command.js';
import { HostError } from '../host-error.js';
import type { PinFormat } from '../layouts/pin-fields.js';
import type { Translation } from '../layouts/pin-translation.js';
import { formatCode, requireAtMost } from './pin-fields.js';
import { findPinKey, PIN_KEY_RULES } from './pin-keys.js';

/**
 * Translates a PIN block.
 *
 * @returns a promise only for keys that aren't cached, or for a translation that failed
 * @throws HostError 23 for formats between which translation isn't allowed, 24 for a longer PIN than the maximum;
 *   CryptoError PIN_BLOCK, PAN
 */
export function translate(host: HostCall, request: Translation): Reply | Promise<Reply> {
  requireFormats(request.fromFormat, request.toFormat);
  return whenReady(findPinKey(host, request.from, PIN_KEY_RULES.decrypts, request.fromFormat), (incoming) =>
    whenReady(findPinKey(host, request.to, PIN_KEY_RULES.encrypts, request.toFormat, '11'), (outgoing) =>
      translated(host, request, incoming, outgoing),
    ),
  );
}

/**
 * Checks that the translation between the formats is allowed, as the library does, before keys are looked up.
 *
 * A PIN block that is bound to an account isn't translated to format 05, which isn't bound. Neither is an ISO format
 * translated to format 03: it isn't bound to the account either, and equal PINs have equal blocks under a key, so that
 * 10,000 known blocks reveal all others. Blocks of format 03 can only be translated between zones, in the same format.
 *
 * @param from 0 for a PIN under the LMK, which is bound to an account, too
 * @throws HostError 23
 */
export function requireFormats(from: PinFormat, to: PinFormat): void {
  try {
    requireTranslatable(from, to);
  } catch (error) {
    throw error instanceof CryptoError ? new HostError('23', error.message) : error;
  }
}

function translated(
  host: HostCall,
  { block, fromFormat, toFormat, maximum, pan, toPan }: Translation,
  incoming: WorkingKey,
  outgoing: WorkingKey,
): Reply | Promise<Reply> {
  const translation = host.services.verifications.attempt(host.call, { keyArns: [incoming.arn], pan }, () =>
    underPinKey(incoming, (incomingCipher) =>
      underPinKey(outgoing, (outgoingCipher) =>
        translateWithLength(
          block,
          { cipher: incomingCipher, format: fromFormat, pan },
          { cipher: outgoingCipher, format: toFormat, pan: toPan },
        ),
      ),
    ),
  );
  return whenReady(translation, ({ block, pinLength }) => {
    requireAtMost(maximum, pinLength);
    return {
      fields: [
        ['PIN length', pinLength.toString().padStart(2, '0')],
        ['PIN block', toHex(block)],
        ['PIN block format', formatCode(toFormat)],
      ],
    };
  });
}
