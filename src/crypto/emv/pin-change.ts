import type { SymmetricKey } from '../held-key.js';
import { xor } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { encodePinBlock } from '../pin-block.js';
import { requirePin } from '../pin.js';
import { type Card, iccMasterKey } from './icc-master-key.js';
import { lend, requireEmvKey } from './key.js';
import { encipherScriptData, type ScriptEncipherment, scriptMac } from './secure-messaging.js';
import { secureMessagingKey, type SessionData, type SessionKeyScheme } from './session-key.js';

/** A card scheme's encoding and protection of a new PIN for its cards. */
export interface PinChangeProfile {
  sessionKey: SessionKeyScheme;
  pinBlock: 'ISO_FORMAT_2' | 'VIS';
  encipherment: ScriptEncipherment;
}

const VIS_PROFILE = {
  pinBlock: 'VIS',
  encipherment: { mode: 'ECB', padding: 'ISO_IEC_7816_4', lengthPosition: 'FRONT_OF_PIN_BLOCK' },
} as const;

/**
 * Profiles with fixed parameters; with the EMV common session key, the issuer chooses the encipherment. VISA follows
 * VIS and MASTERCARD follows M/Chip. American Express publishes no profile, so AMEX uses Visa's. AWS does not publish
 * the encipherment for EMV2000, so it is the one of EMV Book 2.
 */
export const PIN_CHANGE_PROFILES = {
  VISA: { sessionKey: 'VISA', ...VIS_PROFILE },
  AMEX: { sessionKey: 'AMEX', ...VIS_PROFILE },
  MASTERCARD: {
    sessionKey: 'MASTERCARD_SESSION_KEY',
    pinBlock: 'ISO_FORMAT_2',
    encipherment: { mode: 'CBC', padding: 'NO_PADDING', lengthPosition: 'NONE' },
  },
  EMV2000: {
    sessionKey: 'EMV2000',
    pinBlock: 'ISO_FORMAT_2',
    encipherment: { mode: 'CBC', padding: 'ISO_IEC_7816_4', lengthPosition: 'NONE' },
  },
} as const satisfies Record<string, PinChangeProfile>;

/** Issuer master keys, 16 bytes each; the caller zeroizes them. */
export interface PinChangeKeys {
  integrity: SymmetricKey;
  confidentiality: SymmetricKey;
  /** Master key for application cryptograms; only the VIS PIN block needs it. */
  applicationCryptogram?: SymmetricKey;
}

/** Data that differs from one script to the next. */
export interface PinChange {
  card: Card;
  session: SessionData;
  /** 4 to 12 digits. */
  newPin: string;
  /** 4 to 12 digits; only used in the VIS PIN block, when the card is to check the current PIN. */
  currentPin?: string;
  /** MAC input before the PIN block: the command header and the scheme's transaction data. */
  message: Buffer;
}

/**
 * Builds the issuer script that changes the offline PIN (PIN CHANGE/UNBLOCK): EMV 4.4 Book 2 section 9, Book 3 section
 * 6.5.10.
 *
 * @returns the enciphered PIN block, 8 or 16 bytes, and the MAC over message || enciphered PIN block, 8 bytes
 * @throws CryptoError KEY_LENGTH, PAN, PIN, DIGITS, DATA_LENGTH, MODE
 */
export function pinChangeScript(
  profile: PinChangeProfile,
  keys: PinChangeKeys,
  change: PinChange,
): { encipheredPinBlock: Buffer; mac: Buffer } {
  const withSessionKey = (imk: SymmetricKey, use: (sessionKey: Buffer) => Buffer) =>
    lend(iccMasterKey(imk, change.card), (iccKey) =>
      lend(secureMessagingKey(profile.sessionKey, iccKey, change.session), use),
    );

  const encipheredPinBlock = lend(clearPinBlock(profile, keys, change), (pinBlock) =>
    withSessionKey(keys.confidentiality, (sessionKey) =>
      encipherScriptData(sessionKey, pinBlock, profile.encipherment),
    ),
  );
  const mac = withSessionKey(keys.integrity, (sessionKey) =>
    scriptMac(sessionKey, Buffer.concat([change.message, encipheredPinBlock])),
  );
  return { encipheredPinBlock, mac };
}

function clearPinBlock(profile: PinChangeProfile, keys: PinChangeKeys, change: PinChange): Buffer {
  if (profile.pinBlock === 'ISO_FORMAT_2') return encodePinBlock(2, { pin: change.newPin });
  const { applicationCryptogram } = keys;
  if (!applicationCryptogram)
    throw new CryptoError('KEY_LENGTH', 'The VIS PIN block needs the issuer master key for application cryptograms');
  return lend(iccMasterKey(applicationCryptogram, change.card), (iccKey) => visPinBlock(iccKey, change));
}

/**
 * Encodes Visa's VIS PIN block: (0 || length || PIN || F..F) XOR (00 00 00 00 || bytes 5 to 8 of the ICC master key for
 * application cryptograms), and with a current PIN also XOR (current PIN || 0..0).
 *
 * @param iccKey          16 bytes; the caller zeroizes it
 * @param pins.newPin     4 to 12 digits
 * @param pins.currentPin 4 to 12 digits
 * @returns 8 bytes; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, PIN
 */
export function visPinBlock(iccKey: Buffer, { newPin, currentPin }: { newPin: string; currentPin?: string }): Buffer {
  requireEmvKey(iccKey);
  return lend(pinField(newPin), (field) =>
    lend(currentPin === undefined ? Buffer.alloc(8) : currentPinField(currentPin), (mask) => {
      for (let i = 4; i < 8; i++) mask[i] = (mask[i] as number) ^ (iccKey[i] as number);
      return xor(field, mask);
    }),
  );
}

function pinField(pin: string): Buffer {
  requirePin(pin);
  return Buffer.from(`0${pin.length.toString(16)}${pin}`.padEnd(16, 'f'), 'hex');
}

function currentPinField(pin: string): Buffer {
  requirePin(pin);
  return Buffer.from(pin.padEnd(16, '0'), 'hex');
}
