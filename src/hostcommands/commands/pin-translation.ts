import { toHex } from '../../crypto/bytes.js';
import { translateWithLength } from '../../crypto/pin-block.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, Reply } from '../command.js';
import { HostError } from '../host-error.js';
import { findPinKey, PIN_KEY_RULES, type PinKey } from './pin-keys.js';
import { formatCode, type PinFormat, requireAtMost } from './pin-fields.js';

/** The translation that a request asks for. */
export interface Translation {
  readonly from: PinKey;
  readonly to: PinKey;
  /** Maximum length of the PIN; 12 if the request has none. */
  readonly maximum: number;
  readonly block: Buffer;
  readonly fromFormat: PinFormat;
  readonly toFormat: PinFormat;
  readonly pan: string;
  /** PAN of the destination, which must be the same, unless the PIN block of the source has none. */
  readonly toPan: string;
}

/** Longest PIN of ISO 9564-1. */
export const LONGEST_PIN = 12;

/** The activity that has to be authorised for translations from ISO formats to format 03. */
const TO_FORMAT_03 = 'pin.format03';

/**
 * Translates a PIN block.
 *
 * @returns a promise only for keys that aren't remembered, or for a translation that failed
 * @throws HostError 23 for formats between which nothing is translated, 24 for a longer PIN than the maximum;
 *   CryptoError PIN_BLOCK, PAN
 */
export function translate(host: HostCall, request: Translation): Reply | Promise<Reply> {
  requireTranslatable(host, request.fromFormat, request.toFormat);
  return whenReady(findPinKey(host, request.from, PIN_KEY_RULES.decrypts, request.fromFormat), (incoming) =>
    whenReady(findPinKey(host, request.to, PIN_KEY_RULES.encrypts, request.toFormat, '11'), (outgoing) =>
      translated(host, request, incoming, outgoing),
    ),
  );
}

/**
 * Checks that a PIN is translated to a format.
 *
 * A PIN block that is bound to an account isn't translated to format 05 (ISO 9564-1; PCI PIN requirement 3-3). Format
 * 03 is weaker still: it isn't bound either, and equal PINs have equal blocks, so that 10,000 known blocks open all
 * others under the key. PCI PIN requirement 3-3 forbids translations from ISO formats to it. Some networks have no other
 * format, however, and hosts that serve them depend on the translation; so it needs an authorised activity.
 *
 * @param from undefined for a PIN under the LMK, which is bound to an account
 * @throws HostError 23
 */
export function requireTranslatable(host: HostCall, from: PinFormat | undefined, to: PinFormat): void {
  if (to === 1 && from !== 1 && from !== 'DIEBOLD')
    throw new HostError('23', 'A PIN that is bound to an account is not translated to PIN block format 05');
  if (to === 'DIEBOLD' && from !== 'DIEBOLD' && !host.services.settings.authorised.has(TO_FORMAT_03))
    throw new HostError('23', `PIN block format 03 is weaker than ISO formats: the activity ${TO_FORMAT_03} permits it`);
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
