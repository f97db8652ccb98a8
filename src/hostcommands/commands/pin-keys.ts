import { dukptKey } from '../../payment/dataplane/dukpt.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import type { WorkingKey } from '../../payment/dataplane/keys/working-keys.js';
import { isTdes } from '../../payment/keys/key-attributes.js';
import type { KeyRequirement } from '../../payment/keys/key-rules.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, KeyNeeds, KeyType } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { isBdk, type PinFormat } from './pin-fields.js';

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

/** Key types of zone PIN keys, terminal PIN keys and base derivation keys of type 1. */
export const ZPK = '001';
export const TPK = '002';
export const BDK_1 = '009';
/** Key types of base derivation keys by their flag. */
const BDK_TYPES = { '*': BDK_1, '~': '609' } as const;

/** The key of a PIN block in the request. */
export interface PinKey {
  readonly field: KeyField;
  readonly type: KeyType;
  /** Key serial number of the transaction, for a base derivation key. */
  readonly ksn?: string;
}

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

/** Reads a base derivation key with its flag: `*` for type 1, which is the default, or `~` for type 2. */
export function bdk(fields: RequestFields, name = 'BDK'): Omit<PinKey, 'ksn'> {
  const flag = bdkFlag(fields) ?? '*';
  return { field: fields.key(name, { isDouble: true }), type: BDK_TYPES[flag] };
}

/**
 * Reads the key of a destination: a ZPK, or a base derivation key. Under a variant LMK, a flag identifies the latter;
 * in a key block, its usage does. `ksn` must be read if `isBdk`.
 */
export function zpkOrBdk(fields: RequestFields): Omit<PinKey, 'ksn'> & { isBdk: boolean } {
  const flag = bdkFlag(fields);
  const field = fields.key(flag ? 'BDK' : 'ZPK', { isDouble: flag !== undefined });
  if (flag) return { field, type: BDK_TYPES[flag], isBdk: true };
  return isBdk(field) ? { field, type: BDK_1, isBdk: true } : { field, type: ZPK, isBdk: false };
}

function bdkFlag(fields: RequestFields): keyof typeof BDK_TYPES | undefined {
  return fields.accept('*') ? '*' : fields.accept('~') ? '~' : undefined;
}

/**
 * Reads the key type of a PIN key and the key.
 *
 * @throws HostError 28 for another type, or for `FFF` before a key that isn't in a key block
 */
export function typedPinKey(fields: RequestFields): PinKey {
  const type = fields.choice('key type', [ZPK, TPK, 'FFF'], '28');
  const field = fields.key('PIN key');
  if (type === 'FFF' && field.scheme !== 'S' && field.scheme !== '@')
    throw new HostError('28', 'Key type FFF is for a key in a key block');
  return { field, type };
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
