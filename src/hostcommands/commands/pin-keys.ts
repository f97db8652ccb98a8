import { dukptKey } from '../../payment/dataplane/dukpt.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { isTdes } from '../../payment/keys/key-attributes.js';
import type { KeyRequirement } from '../../payment/keys/key-rules.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, KeyNeeds } from '../command.js';
import { HostError } from '../host-error.js';
import type { PinFormat } from '../layouts/pin-fields.js';
import { type PinKey, TPK } from '../layouts/pin-keys.js';

/** Names of the rules of PIN keys by the format of the PIN block. Format 03 has the keys of the other TDES formats. */
const RULE_NAMES = {
  0: 'ISO_FORMAT_0',
  1: 'ISO_FORMAT_1',
  3: 'ISO_FORMAT_3',
  4: 'ISO_FORMAT_4',
  DIEBOLD: 'ISO_FORMAT_0',
} as const satisfies Record<PinFormat, string>;

type PinKeyRules = Readonly<Record<(typeof RULE_NAMES)[PinFormat] | 'Dukpt', KeyRequirement>>;

/** Rules of the operations that PIN commands correspond to, by the key's role for the PIN block. */
export const PIN_KEY_RULES = {
  decrypts: KEY_ARGUMENTS.TranslatePinData.IncomingKeyIdentifier,
  encrypts: KEY_ARGUMENTS.TranslatePinData.OutgoingKeyIdentifier,
  verifies: KEY_ARGUMENTS.VerifyPinData.EncryptionKeyIdentifier,
} as const satisfies Record<string, PinKeyRules>;

/**
 * Returns the key of a PIN block; for a base derivation key, that of the transaction.
 *
 * @returns a promise only for a key that isn't cached
 * @throws HostError as `HostCall.key`; 27 for a TDES base derivation key and format 48
 */
export function findPinKey(
  host: HostCall,
  { field, type, ksn }: PinKey,
  rules: PinKeyRules,
  format: PinFormat,
  code: '10' | '11' = '10',
): WorkingKey | Promise<WorkingKey> {
  if (ksn === undefined) return host.key(field, { type, rule: rules[RULE_NAMES[format]], code });
  return whenReady(host.key(field, { type, rule: rules.Dukpt, code }), (bdk) => {
    if (format !== 4) return dukptKey(bdk, 'PIN', { ksn, keyType: 'TDES_2KEY' });
    if (isTdes(bdk.algorithm)) throw new HostError('27', `${field.name} must be an AES key for format 48`);
    return dukptKey(bdk, 'PIN', { ksn });
  });
}

const { VerificationKeyIdentifier: VERIFYING } = KEY_ARGUMENTS.VerifyPinData;
const { GenerationKeyIdentifier: GENERATING } = KEY_ARGUMENTS.GeneratePinData;
const CHANGING = ['Generate', 'Verify'] as const;

/** Rules of PIN verification keys by method and role; `changes` is both. */
const PVK_RULES = {
  visa: {
    verifies: VERIFYING.Visa,
    generates: GENERATING.Visa,
    changes: { ...GENERATING.Visa, modes: CHANGING },
  },
  ibm3624: {
    verifies: VERIFYING.Ibm3624,
    generates: GENERATING.Ibm3624,
    changes: { ...GENERATING.Ibm3624, modes: CHANGING },
  },
} as const satisfies Record<string, Record<string, KeyRequirement>>;

export type PinMethod = keyof typeof PVK_RULES;
export type PvkPurpose = keyof (typeof PVK_RULES)[PinMethod];

/** Returns the requirements for a PIN verification key. Under a variant LMK, it uses the pair of terminal PIN keys. */
export function pvkNeeds(method: PinMethod, purpose: PvkPurpose, code: '10' | '11'): KeyNeeds {
  return { type: TPK, rule: PVK_RULES[method][purpose], code };
}
